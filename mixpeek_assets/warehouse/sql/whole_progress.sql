-- How far the videos of all days are.
SELECT
    coalesce(sum(videos), 0)::BIGINT AS videos,
    coalesce(sum(submitted), 0)::BIGINT AS submitted,
    coalesce(sum(settled), 0)::BIGINT AS settled,
    coalesce(sum(landed), 0)::BIGINT AS landed,
    coalesce(sum(open), 0)::BIGINT AS open,
    coalesce(sum(to_land), 0)::BIGINT AS to_land,
    coalesce(sum(failed), 0)::BIGINT AS failed,
    min(open_since) AS open_since
FROM mixpeek_internal.day_progress;
