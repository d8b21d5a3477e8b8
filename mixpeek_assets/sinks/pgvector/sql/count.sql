SELECT count(*)
FROM mixpeek.vectors AS vector
WHERE vector.partition_date = %(day)s AND (%(only)s::text IS NULL OR vector.collection = %(only)s::text);
