-- Where the videos of each partition and collection are.
SELECT
    partition_date,
    collection,
    videos,
    unsubmitted,
    pending,
    to_land,
    landed,
    failed,
    lost,
    features,
    vectors,
    rejects
FROM mixpeek.pipeline_status
ORDER BY partition_date, collection;
