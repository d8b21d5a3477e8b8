-- The identity of a video: the same collection and URL are the same video, in every manifest and for ever.
CREATE OR REPLACE MACRO video_id_of(collection, url) AS left(sha256(collection || chr(10) || url), 32);
