-- Features whose asset is not in `assets`.
SELECT feature.feature_id AS example
FROM mixpeek.features AS feature
ANTI JOIN mixpeek.assets AS asset ON feature.asset_id = asset.asset_id
WHERE list_contains($partitions, feature.partition_date);
