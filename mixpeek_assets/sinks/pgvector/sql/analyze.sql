ANALYZE mixpeek.vectors;
