-- Where a move notes whose rows it brings, until it is over.
CREATE TABLE IF NOT EXISTS mixpeek_internal.moved_from (source VARCHAR);
