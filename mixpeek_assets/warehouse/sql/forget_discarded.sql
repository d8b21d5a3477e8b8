-- Forget the requests to discard these assets ($assets), which is done.
DELETE FROM mixpeek_internal.refetch_requests
WHERE
    verb = 'discard'
    AND list_contains($assets, object_id);
