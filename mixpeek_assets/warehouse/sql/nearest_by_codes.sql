-- The search of one named vector that has an index. search_macros.py writes what stands for a name, a number or an
-- expression: `a_name`, `codes_of_name`, `nearest_by_codes`, `bits_of_query`, `bits_that_differ`, `pool_of_ten`, ….
--
-- The nearest codes make a pool, its small vectors choose a few of them, and those are compared exactly. What was
-- written after the index is compared exactly too; places (row ids) are hints, so a row that has moved is found by its
-- id; and if more than a few codes turn out to be of vectors that are no longer there, everything is compared.
CREATE OR REPLACE MACRO mixpeek_internal.nearest_by_codes(
    embedding, k, collections, modalities, since, until, among
) AS TABLE
WITH
judged AS MATERIALIZED (
    SELECT *
    FROM mixpeek_internal.search_queries('a_name', [embedding::FLOAT[]], k, collections)
),

wanted AS MATERIALIZED (
    SELECT
        CASE WHEN len(judged.query) = dimensions_of_name THEN judged.query END AS query,
        list_inner_product(about.mean, CASE WHEN len(judged.query) = dimensions_of_name THEN judged.query END) AS level
    FROM judged
    INNER JOIN mixpeek_internal.vector_indexes AS about ON about.vector_name = 'a_name'
),

bits AS MATERIALIZED (
    SELECT bits_of_query
    FROM mixpeek_internal.vector_axes AS axis CROSS JOIN wanted
    WHERE axis.vector_name = 'a_name'
),

pool AS (
    SELECT code.rowid AS code_place
    FROM mixpeek_internal.codes_of_name AS code CROSS JOIN bits
    WHERE
        (modalities IS NULL OR list_contains(modalities, code.modality))
        AND (since IS NULL OR code.partition_date >= since)
        AND (until IS NULL OR code.partition_date <= until)
        AND (
            collections IS NULL
            OR code.video_id IN (
                SELECT video.video_id
                FROM mixpeek.videos AS video
                WHERE list_contains(collections, video.collection)
            )
        )
        AND (among IS NULL OR code.feature_id IN (SELECT unnest(among::VARCHAR[])))
    ORDER BY bits_that_differ
    LIMIT (greatest(k, 10) * pool_of_ten) // 10
),

few AS MATERIALIZED (
    SELECT
        code.feature_id,
        code.place,
        code.feature_place
    FROM pool
    INNER JOIN mixpeek_internal.codes_of_name AS code ON pool.code_place = code.rowid
    CROSS JOIN wanted
    ORDER BY
        (
            wanted.level
            + code.scale
            * array_inner_product(
                code.small::FLOAT[dimensions_of_name], wanted.query::FLOAT[dimensions_of_name]
            )
        ) * code.inverse_norm DESC
    LIMIT greatest(k, 1) + 8
),

in_place AS MATERIALIZED (
    SELECT
        vector.rowid AS place,
        few.feature_place,
        vector.feature_id,
        vector.embedding
    FROM few
    INNER JOIN mixpeek.vectors AS vector ON few.place = vector.rowid AND few.feature_id = vector.feature_id
    WHERE vector.vector_name = 'a_name' AND vector.loaded_at <= covered_until_then
),

moved AS MATERIALIZED (
    SELECT
        vector.rowid AS place,
        lost.feature_place,
        vector.feature_id,
        vector.embedding
    FROM (SELECT * FROM few ANTI JOIN in_place ON few.feature_id = in_place.feature_id) AS lost
    INNER JOIN mixpeek.vectors AS vector ON lost.feature_id = vector.feature_id
    WHERE vector.vector_name = 'a_name' AND vector.loaded_at <= covered_until_then
),

-- A row if the codes cannot be trusted, and none otherwise: a join with nothing reads nothing.
distrust AS MATERIALIZED (
    SELECT 'a_name' AS name
    FROM (SELECT count(*) AS codes FROM few) AS few_of
    CROSS JOIN (SELECT count(*) AS codes FROM in_place) AS in_place_of
    CROSS JOIN (SELECT count(*) AS codes FROM moved) AS moved_of
    WHERE few_of.codes > in_place_of.codes + moved_of.codes + 4
),

candidates AS (
    FROM in_place
    UNION ALL
    FROM moved
    UNION ALL
    SELECT
        vector.rowid AS place,
        NULL AS feature_place,
        vector.feature_id,
        vector.embedding
    FROM mixpeek.vectors AS vector
    WHERE
        vector.vector_name = 'a_name'
        AND vector.loaded_at > covered_until_then
        AND (modalities IS NULL OR list_contains(modalities, vector.modality))
        AND (since IS NULL OR vector.partition_date >= since)
        AND (until IS NULL OR vector.partition_date <= until)
        AND (
            collections IS NULL
            OR vector.video_id IN (
                SELECT video.video_id
                FROM mixpeek.videos AS video
                WHERE list_contains(collections, video.collection)
            )
        )
        AND (among IS NULL OR vector.feature_id IN (SELECT unnest(among::VARCHAR[])))
),

measured AS (
    SELECT
        candidates.place,
        candidates.feature_place,
        candidates.feature_id,
        candidates.embedding,
        wanted.query,
        CASE
            WHEN len(candidates.embedding) = len(wanted.query)
                THEN list_cosine_similarity(candidates.embedding, wanted.query)
        END AS cosine
    FROM candidates CROSS JOIN wanted
    WHERE candidates.embedding IS NOT NULL
),

compared AS (
    SELECT
        measured.place,
        measured.feature_place,
        measured.feature_id,
        mixpeek_internal.directed(measured.cosine, measured.embedding, measured.query) AS cosine
    FROM measured
),

best AS MATERIALIZED (
    SELECT *
    FROM compared
    ORDER BY compared.cosine DESC NULLS LAST, compared.feature_id
    LIMIT greatest(k, 1)
),

feature_in_place AS MATERIALIZED (
    SELECT
        feature.feature_id,
        feature.start_time,
        feature.end_time
    FROM best
    INNER JOIN mixpeek.features AS feature
        ON best.feature_place = feature.rowid AND best.feature_id = feature.feature_id
),

feature_of AS (
    FROM feature_in_place
    UNION ALL
    SELECT
        feature.feature_id,
        feature.start_time,
        feature.end_time
    FROM
        (
            SELECT *
            FROM best ANTI JOIN feature_in_place ON best.feature_id = feature_in_place.feature_id
        ) AS lost
    INNER JOIN mixpeek.features AS feature ON lost.feature_id = feature.feature_id
)

SELECT
    vector.feature_id,
    vector.modality,
    best.cosine AS similarity,
    feature.start_time,
    feature.end_time,
    video.url,
    video.collection,
    vector.asset_id,
    vector.video_id
FROM best
INNER JOIN mixpeek.vectors AS vector ON best.place = vector.rowid
LEFT JOIN feature_of AS feature ON best.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE NOT EXISTS (FROM distrust)
UNION ALL
SELECT found.*
FROM mixpeek_internal.nearest_compared(
    (SELECT distrust.name FROM distrust), embedding, k, collections, modalities, since, until, among
) AS found
UNION ALL
SELECT error(judged.sentence), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM judged
WHERE judged.sentence IS NOT NULL;
