DELETE FROM mixpeek_internal.vector_axes
WHERE vector_name = $vector_name;

DELETE FROM mixpeek_internal.vector_indexes
WHERE vector_name = $vector_name;
