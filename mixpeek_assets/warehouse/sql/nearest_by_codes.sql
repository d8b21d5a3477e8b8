-- The search of one named vector that has an index. search_macros.py writes what stands for a name, a number or an
-- expression: `a_name`, `codes_of_name`, `nearest_by_codes`, `bits_that_differ`, `pool_of_ten`, ….
--
-- The nearest codes make a pool, its small vectors choose a few of them, and those are compared exactly. What was
-- written after the index is compared exactly too; places (row ids) are hints, so a row that has moved is found by its
-- id; and if more than a few codes turn out to be of vectors that are no longer there, everything is compared.
-- Joins are by one row id, because DuckDB then reads nothing but these rows; vectors are read once, at the end.
CREATE OR REPLACE MACRO mixpeek_internal.nearest_by_codes(
    embedding, k, collections, modalities, since, until, among
) AS TABLE
WITH
judged AS MATERIALIZED (
    SELECT *
    FROM mixpeek_internal.search_queries('a_name', [embedding::FLOAT[]], k, collections)
),

asked AS (
    SELECT
        about.mean,
        CASE WHEN len(judged.query) = dimensions_of_name THEN judged.query END AS query
    FROM judged
    INNER JOIN mixpeek_internal.vector_indexes AS about ON about.vector_name = 'a_name'
),

wanted AS MATERIALIZED (
    SELECT
        asked.query,
        asked.mean,
        list_transform(list_zip(asked.query, asked.mean), lambda pair: pair[1] - pair[2]) AS centred
    FROM asked
),

blocks AS (
    SELECT
        axis.block,
        bit_or(CASE WHEN projection_of_query > axis.threshold THEN axis.mask ELSE 0 END) AS bits
    FROM mixpeek_internal.vector_axes AS axis CROSS JOIN wanted
    WHERE axis.vector_name = 'a_name'
    GROUP BY axis.block
),

code_of_query AS MATERIALIZED (
    SELECT list(blocks.bits ORDER BY blocks.block) AS code
    FROM blocks
),

code_distances AS (
    SELECT
        code.rowid AS code_place,
        bits_that_differ AS distance
    FROM mixpeek_internal.codes_of_name AS code CROSS JOIN code_of_query AS query
    WHERE
        collections IS NULL
        AND among IS NULL
        AND (modalities IS NULL OR list_contains(modalities, code.modality))
        AND (since IS NULL OR code.partition_date >= since)
        AND (until IS NULL OR code.partition_date <= until)
    UNION ALL
    SELECT
        code.rowid AS code_place,
        bits_that_differ AS distance
    FROM mixpeek_internal.codes_of_name AS code CROSS JOIN code_of_query AS query
    WHERE
        (collections IS NOT NULL OR among IS NOT NULL)
        AND (modalities IS NULL OR list_contains(modalities, code.modality))
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
),

pool AS (
    SELECT code_distances.code_place
    FROM code_distances
    ORDER BY code_distances.distance
    LIMIT (greatest(k, 10) * pool_of_ten) // 10
),

few AS (
    SELECT code.rowid AS code_place
    FROM pool
    INNER JOIN mixpeek_internal.codes_of_name AS code ON pool.code_place = code.rowid
    CROSS JOIN wanted
    ORDER BY
        (
            code.along_mean
            + list_inner_product(wanted.mean, wanted.centred)
            + code.scale
            * array_inner_product(
                code.small::FLOAT[dimensions_of_name], wanted.centred::FLOAT[dimensions_of_name]
            )
        ) * code.inverse_norm DESC
    LIMIT greatest(k, 1) + 5
),

-- Only now, because each text costs as much as a code.
named AS MATERIALIZED (
    SELECT
        code.feature_id,
        code.place,
        code.feature_place
    FROM few INNER JOIN mixpeek_internal.codes_of_name AS code ON few.code_place = code.rowid
),

seen AS MATERIALIZED (
    SELECT
        named.feature_id,
        named.place,
        named.feature_place,
        vector.feature_id = named.feature_id AND vector.vector_name = 'a_name' AS is_there,
        vector.loaded_at
    FROM named LEFT JOIN mixpeek.vectors AS vector ON named.place = vector.rowid
),

moved AS MATERIALIZED (
    SELECT
        vector.rowid AS place,
        seen.feature_place,
        vector.loaded_at
    FROM seen
    INNER JOIN mixpeek.vectors AS vector ON seen.feature_id = vector.feature_id
    WHERE seen.is_there IS DISTINCT FROM TRUE AND vector.vector_name = 'a_name'
),

coded AS MATERIALIZED (
    SELECT
        seen.place,
        seen.feature_place
    FROM seen
    WHERE seen.is_there AND seen.loaded_at <= covered_until_then
    UNION ALL
    SELECT
        moved.place,
        moved.feature_place
    FROM moved
    WHERE moved.loaded_at <= covered_until_then
),

-- A row if the codes cannot be trusted, and none otherwise: a join with nothing reads nothing.
distrust AS MATERIALIZED (
    SELECT 'a_name' AS name
    FROM (SELECT count(*) AS codes FROM named) AS of_named
    CROSS JOIN (SELECT count(*) AS codes FROM coded) AS of_coded
    WHERE of_named.codes > of_coded.codes + 2
),

candidates AS (
    SELECT
        coded.place,
        coded.feature_place
    FROM coded
    WHERE NOT EXISTS (FROM distrust)
    UNION ALL
    SELECT
        chosen.place,
        NULL AS feature_place
    FROM mixpeek_internal.chosen_vectors('a_name', collections, modalities, since, until, among) AS chosen
    WHERE chosen.loaded_at > covered_until_then
    UNION ALL
    SELECT
        chosen.place,
        NULL AS feature_place
    FROM mixpeek_internal.chosen_vectors('a_name', collections, modalities, since, until, among) AS chosen
    INNER JOIN distrust ON chosen.vector_name = distrust.name
    WHERE chosen.loaded_at <= covered_until_then
),

measured AS (
    SELECT
        vector.rowid AS place,
        candidates.feature_place,
        vector.feature_id,
        vector.embedding,
        wanted.query,
        CASE
            WHEN len(vector.embedding) = len(wanted.query)
                THEN list_cosine_similarity(vector.embedding, wanted.query)
        END AS cosine
    FROM candidates
    INNER JOIN mixpeek.vectors AS vector ON candidates.place = vector.rowid
    CROSS JOIN wanted
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

feature_seen AS MATERIALIZED (
    SELECT
        best.feature_id,
        feature.feature_id = best.feature_id AS is_there,
        feature.start_time,
        feature.end_time
    FROM best LEFT JOIN mixpeek.features AS feature ON best.feature_place = feature.rowid
),

feature_of AS (
    SELECT
        feature_seen.feature_id,
        feature_seen.start_time,
        feature_seen.end_time
    FROM feature_seen
    WHERE feature_seen.is_there
    UNION ALL
    SELECT
        feature.feature_id,
        feature.start_time,
        feature.end_time
    FROM feature_seen
    INNER JOIN mixpeek.features AS feature ON feature_seen.feature_id = feature.feature_id
    WHERE feature_seen.is_there IS DISTINCT FROM TRUE
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
UNION ALL
SELECT error(judged.sentence), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM judged
WHERE judged.sentence IS NOT NULL;
