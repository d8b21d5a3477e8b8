-- The warehouse whose rows a move that is not over has brought.
SELECT source
FROM mixpeek_internal.moved_from;
