-- As nearest_by_codes.sql, for many queries: the codes are read once, and the best of each query are kept meanwhile.
CREATE OR REPLACE MACRO mixpeek_internal.nearest_each_by_codes(embeddings, k) AS TABLE
WITH
judged AS MATERIALIZED (
    SELECT *
    FROM mixpeek_internal.search_queries('a_name', embeddings, k, NULL)
),

wanted AS MATERIALIZED (
    SELECT
        judged.number,
        judged.query,
        about.mean,
        list_transform(list_zip(judged.query, about.mean), lambda pair: pair[1] - pair[2]) AS centred
    FROM judged
    INNER JOIN mixpeek_internal.vector_indexes AS about ON about.vector_name = 'a_name'
    WHERE len(judged.query) = dimensions_of_name
),

blocks AS (
    SELECT
        wanted.number,
        axis.block,
        bit_or(CASE WHEN projection_of_query > axis.threshold THEN axis.mask ELSE 0 END) AS bits
    FROM mixpeek_internal.vector_axes AS axis CROSS JOIN wanted
    WHERE axis.vector_name = 'a_name'
    GROUP BY wanted.number, axis.block
),

code_of_query AS MATERIALIZED (
    SELECT
        blocks.number,
        list(blocks.bits ORDER BY blocks.block) AS code
    FROM blocks
    GROUP BY blocks.number
),

code_distances AS (
    SELECT
        query.number,
        code.rowid AS code_place,
        bits_that_differ AS distance
    FROM mixpeek_internal.codes_of_name AS code CROSS JOIN code_of_query AS query
),

pool AS (
    SELECT
        code_distances.number,
        unnest(
            min_by(code_distances.code_place, code_distances.distance, (greatest(k, 10) * pool_of_ten) // 10)
        ) AS code_place
    FROM code_distances
    GROUP BY code_distances.number
),

scored AS (
    SELECT
        pool.number,
        code.feature_id,
        code.place,
        (
            code.along_mean
            + list_inner_product(wanted.mean, wanted.centred)
            + code.scale
            * array_inner_product(
                code.small::FLOAT[dimensions_of_name], wanted.centred::FLOAT[dimensions_of_name]
            )
        ) * code.inverse_norm AS score
    FROM pool
    INNER JOIN mixpeek_internal.codes_of_name AS code ON pool.code_place = code.rowid
    INNER JOIN wanted ON pool.number = wanted.number
),

few AS MATERIALIZED (
    SELECT
        scored.number,
        scored.feature_id,
        scored.place
    FROM scored
    QUALIFY row_number() OVER (PARTITION BY scored.number ORDER BY scored.score DESC) <= greatest(k, 1) + 5
),

seen AS MATERIALIZED (
    SELECT
        few.number,
        few.feature_id,
        few.place,
        vector.feature_id = few.feature_id AND vector.vector_name = 'a_name' AS is_there,
        vector.loaded_at
    FROM few LEFT JOIN mixpeek.vectors AS vector ON few.place = vector.rowid
),

coded AS MATERIALIZED (
    SELECT
        seen.number,
        seen.place
    FROM seen
    WHERE seen.is_there AND seen.loaded_at <= covered_until_then
    UNION ALL
    SELECT
        seen.number,
        vector.rowid AS place
    FROM seen
    INNER JOIN mixpeek.vectors AS vector ON seen.feature_id = vector.feature_id
    WHERE
        seen.is_there IS DISTINCT FROM TRUE
        AND vector.vector_name = 'a_name'
        AND vector.loaded_at <= covered_until_then
),

distrust AS MATERIALIZED (
    SELECT
        of_few.number,
        'a_name' AS name
    FROM (SELECT few.number, count(*) AS codes FROM few GROUP BY few.number) AS of_few
    LEFT JOIN (SELECT coded.number, count(*) AS codes FROM coded GROUP BY coded.number) AS of_coded
        ON of_few.number = of_coded.number
    WHERE of_few.codes > coalesce(of_coded.codes, 0) + 2
),

candidates AS (
    SELECT
        coded.number,
        coded.place
    FROM coded
    WHERE coded.number NOT IN (SELECT distrust.number FROM distrust)
    UNION ALL
    SELECT
        wanted.number,
        vector.rowid AS place
    FROM mixpeek.vectors AS vector CROSS JOIN wanted
    WHERE vector.vector_name = 'a_name' AND vector.loaded_at > covered_until_then
    UNION ALL
    SELECT
        distrust.number,
        vector.rowid AS place
    FROM mixpeek.vectors AS vector
    INNER JOIN distrust ON vector.vector_name = distrust.name
    WHERE vector.loaded_at <= covered_until_then
),

measured AS (
    SELECT
        candidates.number,
        vector.rowid AS place,
        vector.feature_id,
        vector.embedding,
        wanted.query,
        CASE
            WHEN len(vector.embedding) = len(wanted.query)
                THEN list_cosine_similarity(vector.embedding, wanted.query)
        END AS cosine
    FROM candidates
    INNER JOIN mixpeek.vectors AS vector ON candidates.place = vector.rowid
    INNER JOIN wanted ON candidates.number = wanted.number
),

compared AS (
    SELECT
        measured.number,
        measured.place,
        measured.feature_id,
        mixpeek_internal.directed(measured.cosine, measured.embedding, measured.query) AS cosine
    FROM measured
),

best AS MATERIALIZED (
    SELECT *
    FROM compared
    QUALIFY
        row_number() OVER (
            PARTITION BY compared.number ORDER BY compared.cosine DESC NULLS LAST, compared.feature_id
        ) <= greatest(k, 1)
)

SELECT
    best.number,
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
LEFT JOIN mixpeek.features AS feature ON best.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
UNION ALL
SELECT judged.number, error(judged.sentence), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM judged
WHERE judged.sentence IS NOT NULL;
