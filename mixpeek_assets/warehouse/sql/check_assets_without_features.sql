-- Assets that are done and list no feature.
SELECT asset.asset_id AS example
FROM mixpeek.assets AS asset
ANTI JOIN mixpeek.features AS feature ON asset.asset_id = feature.asset_id
WHERE list_contains($partitions, asset.partition_date);
