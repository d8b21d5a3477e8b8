-- The partition of a new video: its date, else the day on which it is first seen.
CREATE OR REPLACE MACRO mixpeek_internal.partition_of(added_at, today) AS coalesce(added_at::DATE, today::DATE);
