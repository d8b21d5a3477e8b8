-- Words in texts: runs of letters, marks and digits of any script, without case and accents.
CREATE OR REPLACE MACRO mixpeek_internal.checked(words, k) AS
CASE
    WHEN words IS NULL THEN error('The words are NULL: give some to look for')
    WHEN NOT regexp_matches(words::VARCHAR, '[\p{L}\p{N}]')
        THEN error('There is no letter or digit to look for in the words ''' || left(words::VARCHAR, 50) || '''')
    WHEN k IS NULL OR k < 1
        THEN error('k is ' || coalesce(k::VARCHAR, 'NULL') || ': it must be 1 or more')
    ELSE words::VARCHAR
END;

CREATE OR REPLACE MACRO mixpeek_internal.folded(content) AS lower(strip_accents(content));

-- ' golden  gate ' of 'golden-gate': each word has two spaces of its own, so that ' gate ' can be counted.
-- NULL of a text without words. Scripts that put no spaces between words are taken letter by letter.
CREATE OR REPLACE MACRO mixpeek_internal.spaced(folded) AS
' ' || replace(nullif(trim(regexp_replace(
    CASE
        WHEN strlen(folded) = length(folded) THEN folded
        ELSE regexp_replace(
            folded, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]', ' \0 ', 'g'
        )
    END,
    -- What separates words, but for a single space: to leave those to replace() takes a third of the time.
    ' *[^\p{L}\p{M}\p{N} ][^\p{L}\p{M}\p{N}]*|  +', ' ', 'g'
)), ''), ' ', '  ') || ' ';

CREATE OR REPLACE MACRO mixpeek_internal.number_of_words(spaced) AS
(strlen(spaced) - strlen(replace(spaced, ' ', ''))) // 2;

CREATE OR REPLACE MACRO mixpeek_internal.occurrences(part, whole) AS
(strlen(whole) - strlen(replace(whole, part, ''))) // strlen(part);

CREATE OR REPLACE MACRO mixpeek_internal.terms_in(spaced, terms) AS
list_filter(terms, lambda term: contains(spaced, term));

-- Where a term is that is there. What was taken letter by letter has no spaces; a phrase with punctuation inside is
-- where its first word is.
CREATE OR REPLACE MACRO mixpeek_internal.place_of(term, folded) AS
coalesce(
    nullif(instr(
        ' ' || regexp_replace(folded, '[^\p{L}\p{M}\p{N}]', ' ', 'g') || ' ', replace(term, '  ', ' ')
    ), 0),
    nullif(instr(folded, replace(term, ' ', '')), 0),
    instr(folded, regexp_extract(term, '[^ ]+'))
);

CREATE OR REPLACE MACRO mixpeek_internal.before_first(terms, folded) AS
left(folded, list_min(list_transform(terms, lambda term: mixpeek_internal.place_of(term, folded))) - 1);

-- How many letters of a text are as many as those of the beginning of its folded form, which has the same spaces, but
-- fewer marks.
CREATE OR REPLACE MACRO mixpeek_internal.letters_of(content, beginning) AS
length_grapheme(array_to_string(
    list_slice(string_split(content, ' '), 1, mixpeek_internal.occurrences(' ', beginning)), ' '
))
+ length_grapheme(regexp_extract(beginning, '[^ ]*$'));

-- Some 160 letters from a number of letters on, cut between words.
CREATE OR REPLACE MACRO mixpeek_internal.cut_out(content, start) AS
CASE
    WHEN start > 0
        THEN '… ' || regexp_replace(substring_grapheme(content, start + 1, 160), '^\S{0,20}\s+', '')
    ELSE substring_grapheme(content, 1, 160)
END;

CREATE OR REPLACE MACRO mixpeek_internal.excerpt(content, start) AS
trim(regexp_replace(
    CASE
        WHEN length_grapheme(content) > start + 160
            THEN regexp_replace(mixpeek_internal.cut_out(content, start), '\s+\S{0,20}$', '') || ' …'
        ELSE mixpeek_internal.cut_out(content, start)
    END,
    '\s+', ' ', 'g'
));
