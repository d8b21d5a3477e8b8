-- Search by words: the features that show, say or are described by some words, the best first. The score is BM25's
-- (k1 = 1.2, b = 0.75) over the features that the filters leave.
CREATE OR REPLACE MACRO mixpeek.find_text(
    words,
    k := 10,
    collections := 'all',
    modalities := 'all',
    since := DATE '-infinity',
    until := DATE 'infinity',
    among := 'all'
) AS TABLE
WITH strangers AS (
    SELECT string_agg(concat('''', one.name, ''''), ', ' ORDER BY one.name) AS names
    FROM (SELECT unnest(mixpeek_internal.names_of(collections)) AS name) AS one
    ANTI JOIN mixpeek.videos AS video ON one.name = video.collection
),

-- What is between spaces is a term; one of several words ("don't") is a phrase, as one in quotes is.
asked AS (
    SELECT
        mixpeek_internal.spaced(part.chunk) AS term,
        starts_with(part.chunk, '"') AS is_required
    FROM (
        SELECT
            unnest(regexp_extract_all(
                mixpeek_internal.folded(translate(
                    CASE
                        WHEN strangers.names IS NOT NULL THEN error('There is no collection ' || strangers.names)
                        ELSE mixpeek_internal.checked(words, k)
                    END,
                    '“”„«»', '"""""'
                )),
                '"[^"]*"|[^\s\p{Z}"]+'
            )) AS chunk
        FROM strangers
    ) AS part
),

terms AS MATERIALIZED (
    SELECT
        term,
        bool_or(is_required) AS is_required,
        regexp_extract(term, '[^ ]+') AS first_word
    FROM asked
    WHERE term IS NOT NULL
    GROUP BY term
),

candidates AS NOT MATERIALIZED (
    SELECT
        feature.feature_id,
        feature.text AS read,
        feature.transcription AS heard,
        feature.description AS seen
    FROM mixpeek.features AS feature
    WHERE
        (feature.text != '' OR feature.transcription != '' OR feature.description != '')
        AND (
            mixpeek_internal.names_of(modalities) IS NULL
            OR list_contains(mixpeek_internal.names_of(modalities), feature.modality)
        )
        AND (nullif(since, DATE '-infinity') IS NULL OR feature.partition_date >= since::DATE)
        AND (nullif(until, DATE 'infinity') IS NULL OR feature.partition_date <= until::DATE)
        AND (
            mixpeek_internal.names_of(among) IS NULL
            OR feature.feature_id IN (SELECT unnest(mixpeek_internal.names_of(among)))
        )
        AND (
            mixpeek_internal.names_of(collections) IS NULL
            OR feature.video_id IN (
                SELECT video.video_id
                FROM mixpeek.videos AS video
                WHERE list_contains(mixpeek_internal.names_of(collections), video.collection)
            )
        )
),

-- To count the words of all takes longer than the rest of the search: above 5,000, some of them stand for all, always
-- the same.
counted AS (
    SELECT
        mixpeek_internal.number_of_words(concat(
            mixpeek_internal.spaced(mixpeek_internal.folded(sampled.read)),
            mixpeek_internal.spaced(mixpeek_internal.folded(sampled.heard)),
            mixpeek_internal.spaced(mixpeek_internal.folded(sampled.seen))
        )) AS length
    FROM (SELECT * FROM candidates ORDER BY hash(feature_id) LIMIT 5000) AS sampled
),

corpus AS MATERIALIZED (
    SELECT
        (SELECT count(*) FROM candidates) AS features,
        (SELECT avg(length) FROM counted) AS average_length
),

-- Only few features have the letters of a word, and are worth being taken apart. No phrase goes from one text of a
-- feature into the next.
possible AS (
    SELECT
        folded.feature_id,
        concat_ws(
            chr(31),
            mixpeek_internal.spaced(folded.read),
            mixpeek_internal.spaced(folded.heard),
            mixpeek_internal.spaced(folded.seen)
        ) AS spaced
    FROM (
        SELECT
            feature_id,
            mixpeek_internal.folded(read) AS read,
            mixpeek_internal.folded(heard) AS heard,
            mixpeek_internal.folded(seen) AS seen
        FROM candidates
    ) AS folded
    SEMI JOIN terms
        ON
            contains(folded.read, terms.first_word)
            OR contains(folded.heard, terms.first_word)
            OR contains(folded.seen, terms.first_word)
),

hits AS MATERIALIZED (
    SELECT
        measured.feature_id,
        terms.term,
        terms.is_required,
        mixpeek_internal.occurrences(terms.term, measured.spaced) AS occurrences,
        measured.length
    FROM (SELECT *, mixpeek_internal.number_of_words(spaced) AS length FROM possible) AS measured
    INNER JOIN terms ON contains(measured.spaced, terms.term)
),

weights AS (
    SELECT
        hits.term,
        ln(1 + (any_value(corpus.features) - count(*) + 0.5) / (count(*) + 0.5)) AS weight
    FROM hits
    CROSS JOIN corpus
    GROUP BY hits.term
),

best AS (
    SELECT
        hits.feature_id,
        round(sum(
            weights.weight * hits.occurrences * 2.2
            / (hits.occurrences + 1.2 * (0.25 + 0.75 * hits.length / corpus.average_length))
        ), 4) AS score
    FROM hits
    INNER JOIN weights ON hits.term = weights.term
    CROSS JOIN corpus
    GROUP BY hits.feature_id
    HAVING count(*) FILTER (WHERE hits.is_required) = (SELECT count(*) FILTER (WHERE is_required) FROM terms)
    ORDER BY score DESC, hits.feature_id
    LIMIT greatest(k, 1)
),

-- Where the words are: in each text, with the terms that it has.
located AS (
    SELECT
        best.feature_id,
        best.score,
        list_filter(
            list_transform(
                [
                    {'name': 'read', 'content': feature.text},
                    {'name': 'heard', 'content': feature.transcription},
                    {'name': 'seen', 'content': feature.description}
                ],
                lambda place: {
                    'name': place.name,
                    'content': place.content,
                    'terms': mixpeek_internal.terms_in(
                        mixpeek_internal.spaced(mixpeek_internal.folded(place.content)),
                        looked_for.terms
                    )
                }
            ),
            lambda place: len(place.terms) > 0
        ) AS places
    FROM best
    INNER JOIN mixpeek.features AS feature ON best.feature_id = feature.feature_id
    CROSS JOIN (SELECT list(term) AS terms FROM terms) AS looked_for
)

SELECT
    located.feature_id,
    feature.modality,
    located.score,
    list_transform(located.places, lambda place: place.name) AS matched,
    mixpeek_internal.told(
        mixpeek_internal.excerpt(
            nfc_normalize(located.places[1].content),
            greatest(0, -40 + mixpeek_internal.letters_of(
                located.places[1].content,
                mixpeek_internal.before_first(
                    located.places[1].terms, mixpeek_internal.folded(located.places[1].content)
                )
            ))
        ),
        feature.payload
    ) AS excerpt,
    feature.start_time,
    feature.end_time,
    video.url,
    video.collection,
    feature.asset_id,
    feature.video_id
FROM located
INNER JOIN mixpeek.features AS feature ON located.feature_id = feature.feature_id
LEFT JOIN mixpeek.videos AS video ON feature.video_id = video.video_id
ORDER BY located.score DESC, located.feature_id;
