-- Search by similarity: the features nearest to a vector, and the features nearest to a feature.
-- A parameter hides a column of its name, so columns are qualified.

-- The names that a filter lets through; NULL is any. DuckLake keeps no NULL as a default, so that is 'all'.
CREATE OR REPLACE MACRO mixpeek_internal.names_of(filter_names) AS
CASE
    WHEN typeof(filter_names) != 'VARCHAR' OR filter_names::VARCHAR != 'all' THEN filter_names::VARCHAR[]
END;

-- The queries as a search uses them, numbered from 1: NULL, with a sentence that the search raises, where one cannot be
-- searched for.
CREATE OR REPLACE MACRO mixpeek_internal.search_queries(vector_name, embeddings, k, collections) AS TABLE
WITH
asked AS MATERIALIZED (
    SELECT
        vector_name AS name,
        k AS wanted,
        unnest(embeddings::FLOAT[][]) AS query,
        generate_subscripts(embeddings, 1) AS number
),

known AS (
    SELECT
        list(kind.vector_name) AS names,
        list(kind.dimensions) FILTER (WHERE kind.vector_name = vector_name) AS lengths
    FROM mixpeek_internal.vector_names AS kind
),

strangers AS (
    SELECT string_agg(concat('''', one.name, ''''), ', ' ORDER BY one.name) AS names
    FROM (SELECT unnest(collections::VARCHAR[]) AS name) AS one
    ANTI JOIN mixpeek.videos AS video ON one.name = video.collection
),

judged AS (
    SELECT
        asked.number,
        asked.query,
        CASE
            WHEN asked.wanted IS NULL OR asked.wanted < 1
                THEN concat('k is ', coalesce(asked.wanted::VARCHAR, 'NULL'), ': it must be 1 or more')
            WHEN known.names IS NULL THEN 'There are no vectors yet: land some first (mixpeek-assets run)'
            WHEN known.lengths IS NULL
                THEN concat(
                    'There is no named vector ''', asked.name, ''': there is ''',
                    array_to_string(list_sort(list_distinct(known.names)), ''', '''), ''''
                )
            WHEN asked.query IS NULL THEN 'The embedding is NULL: what should give it found none'
            WHEN len(asked.query) != list_count(asked.query) OR NOT isfinite(coalesce(list_sum(asked.query), 0))
                THEN 'The embedding has a value that is not a finite number'
            WHEN NOT list_contains(known.lengths, len(asked.query))
                THEN concat(
                    'The named vector ''', asked.name, ''' has ',
                    array_to_string(list_sort(known.lengths), ' or '),
                    ' dimensions, the embedding has ', len(asked.query)
                )
            WHEN strangers.names IS NOT NULL THEN concat('There is no collection ', strangers.names)
        END AS sentence
    FROM asked CROSS JOIN known CROSS JOIN strangers
)

SELECT
    judged.number,
    CASE WHEN judged.sentence IS NULL THEN judged.query END AS query,
    judged.sentence
FROM judged;

-- A zero vector has no direction: DuckDB says NaN, which would come first, or (1.5) -1.
CREATE OR REPLACE MACRO mixpeek_internal.directed(cosine, embedding, query) AS
CASE
    WHEN cosine > -1 AND cosine <= 1 THEN cosine
    WHEN list_inner_product(embedding, embedding) > 0 AND list_inner_product(query, query) > 0 THEN cosine
END;

-- The vectors that the filters choose. Where none asks for it, no row is looked up in a list.
CREATE OR REPLACE MACRO mixpeek_internal.chosen_vectors(
    vector_name, collections, modalities, since, until, among
) AS TABLE
SELECT
    vector.rowid AS place,
    vector.feature_id,
    vector.vector_name,
    vector.loaded_at,
    vector.embedding
FROM mixpeek.vectors AS vector
WHERE
    collections IS NULL
    AND among IS NULL
    AND vector.vector_name = vector_name
    AND (modalities IS NULL OR list_contains(modalities, vector.modality))
    AND (since IS NULL OR vector.partition_date >= since)
    AND (until IS NULL OR vector.partition_date <= until)
UNION ALL
SELECT
    vector.rowid AS place,
    vector.feature_id,
    vector.vector_name,
    vector.loaded_at,
    vector.embedding
FROM mixpeek.vectors AS vector
WHERE
    (collections IS NOT NULL OR among IS NOT NULL)
    AND vector.vector_name = vector_name
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
    AND (among IS NULL OR vector.feature_id IN (SELECT unnest(among::VARCHAR[])));

-- By comparing every vector of the name. Lists are as fast as ARRAYs here, and need no cast.
CREATE OR REPLACE MACRO mixpeek_internal.nearest_exact(
    vector_name, embedding, k, collections, modalities, since, until, among
) AS TABLE
WITH
wanted AS MATERIALIZED (
    SELECT *
    FROM mixpeek_internal.search_queries(vector_name, [embedding::FLOAT[]], k, collections)
),

-- The query is a constant to each row: as a part of a hash join it would be copied for each.
measured AS (
    SELECT
        vector.place,
        vector.feature_id,
        vector.embedding,
        wanted.query,
        len(vector.embedding) = len(wanted.query) AS fits,
        CASE WHEN fits THEN list_cosine_similarity(vector.embedding, wanted.query) END AS cosine
    FROM mixpeek_internal.chosen_vectors(vector_name, collections, modalities, since, until, among) AS vector
    CROSS JOIN wanted
),

compared AS (
    SELECT
        measured.place,
        measured.feature_id,
        measured.fits,
        mixpeek_internal.directed(measured.cosine, measured.embedding, measured.query) AS cosine
    FROM measured
),

best AS (
    SELECT *
    FROM compared
    ORDER BY compared.fits DESC NULLS LAST, compared.cosine DESC NULLS LAST, compared.feature_id
    LIMIT greatest(k, 1)
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
LEFT JOIN mixpeek.features AS feature ON best.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
WHERE best.fits
UNION ALL
SELECT error(wanted.sentence), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM wanted
WHERE wanted.sentence IS NOT NULL;

-- Made again by search_macros.py where a named vector has an index.
CREATE OR REPLACE MACRO mixpeek_internal.nearest(
    vector_name, embedding, k, collections, modalities, since, until, among
) AS TABLE
SELECT found.*
FROM mixpeek_internal.nearest_exact(
    vector_name, embedding, k, collections, modalities, since, until, among
) AS found;

CREATE OR REPLACE MACRO mixpeek.nearest(
    vector_name,
    embedding,
    k := 10,
    collections := 'all',
    modalities := 'all',
    since := DATE '-infinity',
    until := DATE 'infinity',
    among := 'all'
) AS TABLE
SELECT found.* REPLACE (round(found.similarity, 4) AS similarity)
FROM mixpeek_internal.nearest(
    vector_name,
    embedding,
    k,
    mixpeek_internal.names_of(collections),
    mixpeek_internal.names_of(modalities),
    nullif(since, DATE '-infinity'),
    nullif(until, DATE 'infinity'),
    mixpeek_internal.names_of(among)
) AS found
ORDER BY found.similarity DESC NULLS LAST, found.feature_id;

CREATE OR REPLACE MACRO mixpeek.similar(
    feature_id,
    vector_name,
    k := 10,
    collections := 'all',
    modalities := 'all',
    since := DATE '-infinity',
    until := DATE 'infinity',
    among := 'all'
) AS TABLE
WITH
own AS MATERIALIZED (
    SELECT
        any_value(vector.embedding) FILTER (WHERE vector.vector_name = vector_name) AS embedding,
        array_to_string(list_sort(list(vector.vector_name)), ''', ''') AS names
    FROM mixpeek.vectors AS vector
    WHERE vector.feature_id = feature_id AND vector.embedding IS NOT NULL
),

embedding_of AS (
    SELECT
        CASE
            WHEN own.names IS NULL
                THEN error(concat('There is no feature ''', feature_id, ''' with a vector'))
            WHEN own.embedding IS NULL
                THEN error(concat(
                    'The feature ''', feature_id, ''' has no vector ''', vector_name, ''': it has ''', own.names, ''''
                ))
            ELSE own.embedding
        END AS embedding
    FROM own
)

SELECT found.* REPLACE (round(found.similarity, 4) AS similarity)
FROM mixpeek_internal.nearest(
    vector_name,
    (SELECT embedding_of.embedding FROM embedding_of),
    CASE WHEN k < 1 THEN k ELSE k + 1 END,
    mixpeek_internal.names_of(collections),
    mixpeek_internal.names_of(modalities),
    nullif(since, DATE '-infinity'),
    nullif(until, DATE 'infinity'),
    mixpeek_internal.names_of(among)
) AS found
WHERE found.feature_id IS DISTINCT FROM feature_id
ORDER BY found.similarity DESC NULLS LAST, found.feature_id
LIMIT greatest(k, 1);

-- Many queries in one statement, numbered from 1. Of features that are equally near to a query, any may be the last.
CREATE OR REPLACE MACRO mixpeek_internal.nearest_each_exact(vector_name, embeddings, k) AS TABLE
WITH
wanted AS MATERIALIZED (
    SELECT *
    FROM mixpeek_internal.search_queries(vector_name, embeddings, k, NULL)
),

measured AS (
    SELECT
        vector.rowid AS place,
        vector.embedding,
        wanted.number,
        wanted.query,
        len(vector.embedding) = len(wanted.query) AS fits,
        CASE WHEN fits THEN list_cosine_similarity(vector.embedding, wanted.query) END AS cosine
    FROM mixpeek.vectors AS vector CROSS JOIN wanted
    WHERE vector.vector_name = vector_name
),

compared AS (
    SELECT
        measured.place,
        measured.number,
        measured.fits,
        mixpeek_internal.directed(measured.cosine, measured.embedding, measured.query) AS cosine
    FROM measured
),

best AS (
    SELECT
        compared.number,
        unnest(
            max_by(
                {'place': compared.place, 'cosine': compared.cosine}, coalesce(compared.cosine, -2), greatest(k, 1)
            ) FILTER (WHERE compared.fits)
        ) AS one
    FROM compared
    GROUP BY compared.number
)

SELECT
    best.number,
    vector.feature_id,
    vector.modality,
    best.one.cosine AS similarity,
    feature.start_time,
    feature.end_time,
    video.url,
    video.collection,
    vector.asset_id,
    vector.video_id
FROM best
INNER JOIN mixpeek.vectors AS vector ON best.one.place = vector.rowid
LEFT JOIN mixpeek.features AS feature ON vector.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON vector.video_id = video.video_id
UNION ALL
SELECT wanted.number, error(wanted.sentence), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM wanted
WHERE wanted.sentence IS NOT NULL;

-- Made again by search_macros.py, as mixpeek_internal.nearest is.
CREATE OR REPLACE MACRO mixpeek_internal.nearest_each(vector_name, embeddings, k) AS TABLE
SELECT found.*
FROM mixpeek_internal.nearest_each_exact(vector_name, embeddings, k) AS found;

CREATE OR REPLACE MACRO mixpeek.nearest_each(vector_name, embeddings, k := 10) AS TABLE
SELECT
    found.number AS query,
    found.* EXCLUDE (number) REPLACE (round(found.similarity, 4) AS similarity)
FROM mixpeek_internal.nearest_each(vector_name, embeddings, k) AS found
ORDER BY found.number, found.similarity DESC NULLS LAST, found.feature_id;
