-- Search by words and by a vector at once: reciprocal rank fusion, 1 / (60 + rank), of the best 100 of each.
CREATE OR REPLACE MACRO mixpeek.find_moments(
    words, vector_name, embedding,
    k := 10,
    collections := 'all',
    modalities := 'all',
    since := DATE '-infinity',
    until := DATE 'infinity',
    among := 'all'
) AS TABLE
WITH by_text AS MATERIALIZED (
    SELECT
        *,
        row_number() OVER (ORDER BY score DESC, feature_id) AS place
    FROM mixpeek.find_text(
        mixpeek_internal.checked(words, k),
        k := greatest(100, k),
        collections := collections,
        modalities := modalities,
        since := since,
        until := until,
        among := among
    )
),

-- Without an embedding the words search alone. A vector of zeros is near to nothing: it has a row, but
-- no place. (Left out at once, it would take the sentence of an error with it.)
by_vector AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN similarity IS NOT NULL THEN row_number() OVER (ORDER BY similarity DESC NULLS LAST, feature_id)
        END AS place
    FROM mixpeek.nearest(
        vector_name,
        embedding,
        k := greatest(100, k),
        collections := collections,
        modalities := modalities,
        since := since,
        until := until,
        among := among
    )
    WHERE embedding IS NOT NULL
)

SELECT
    coalesce(by_text.feature_id, by_vector.feature_id) AS feature_id,
    coalesce(by_text.modality, by_vector.modality) AS modality,
    round(coalesce(1 / (60 + by_text.place), 0) + coalesce(1 / (60 + by_vector.place), 0), 6) AS score,
    by_text.place AS text_rank,
    by_vector.place AS vector_rank,
    by_text.excerpt,
    coalesce(by_text.start_time, by_vector.start_time) AS start_time,
    coalesce(by_text.end_time, by_vector.end_time) AS end_time,
    coalesce(by_text.url, by_vector.url) AS url,
    coalesce(by_text.collection, by_vector.collection) AS collection,
    coalesce(by_text.asset_id, by_vector.asset_id) AS asset_id,
    coalesce(by_text.video_id, by_vector.video_id) AS video_id
FROM by_text
FULL JOIN by_vector ON by_text.feature_id = by_vector.feature_id
WHERE coalesce(by_text.place, by_vector.place) IS NOT NULL
ORDER BY score DESC, feature_id
LIMIT greatest(k, 1);
