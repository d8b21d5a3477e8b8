SELECT count(*)
FROM mixpeek.vectors AS vector
WHERE vector.partition_date = %(day)s AND (%(collection)s::text IS NULL OR vector.collection = %(collection)s::text);
