-- Note whose rows a move brings.
DELETE FROM mixpeek_internal.moved_from;

INSERT INTO mixpeek_internal.moved_from
VALUES ($source);
