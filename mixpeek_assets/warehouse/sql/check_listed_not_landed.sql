-- Assets whose number of listed features differs from those landed or rejected.
SELECT asset.asset_id AS example
FROM mixpeek.assets AS asset
LEFT JOIN (
    SELECT
        asset_id,
        count(*) AS features
    FROM mixpeek.features
    GROUP BY asset_id
) AS landed ON asset.asset_id = landed.asset_id
LEFT JOIN (
    SELECT
        asset_id,
        count(*) AS rejects
    FROM mixpeek_internal.rejected_assets
    GROUP BY asset_id
) AS rejected ON asset.asset_id = rejected.asset_id
WHERE
    list_contains($partitions, asset.partition_date)
    AND asset.feature_count != coalesce(landed.features, 0) + coalesce(rejected.rejects, 0);
