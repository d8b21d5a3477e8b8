-- How many features the landed assets have, on average; null without any.
SELECT avg(feature_count) AS features
FROM mixpeek.assets;
