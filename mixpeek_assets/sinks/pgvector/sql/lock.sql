-- Two who make the tables at once would collide.
SELECT pg_advisory_xact_lock(hashtextextended('mixpeek_assets: sink', 0));
