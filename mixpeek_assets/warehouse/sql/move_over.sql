-- The move is over, or never began.
DROP TABLE mixpeek_internal.moved_from;
