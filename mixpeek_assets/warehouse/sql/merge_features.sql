-- Merge features: a field that a reply lacks, or has empty, never erases what another gave. (json_merge_patch would: its
-- nulls erase, so that the same reply, landed twice, would lose fields.)
MERGE INTO mixpeek.features AS feature
USING (
    SELECT landed.* REPLACE (
        CASE
            WHEN landed.metadata IN ('{}', '[]', '""') THEN coalesce(known.metadata, landed.metadata)
            ELSE landed.metadata
        END AS metadata,
        CASE
            WHEN known.payload IS NULL THEN landed.payload
            ELSE to_json(
                map_concat(
                    map_from_entries(
                        list_filter(
                            map_entries(landed.payload::MAP(VARCHAR, JSON)),
                            lambda field: field.value IN ('{}', '[]', '""')
                        )
                    ),
                    known.payload::MAP(VARCHAR, JSON),
                    map_from_entries(
                        list_filter(
                            map_entries(landed.payload::MAP(VARCHAR, JSON)),
                            lambda field: field.value NOT IN ('null', '{}', '[]', '""')
                        )
                    )
                )
            )
        END AS payload
    )
    FROM landed_features AS landed
    LEFT JOIN mixpeek.features AS known ON landed.feature_id = known.feature_id
) AS landed
ON feature.feature_id = landed.feature_id
WHEN MATCHED AND (
    (
        coalesce(landed.collection_id, feature.collection_id),
        coalesce(landed.modality, feature.modality),
        coalesce(landed.start_time, feature.start_time),
        coalesce(landed.end_time, feature.end_time),
        coalesce(landed.text, feature.text),
        coalesce(landed.transcription, feature.transcription),
        coalesce(landed.description, feature.description),
        coalesce(landed.metadata, feature.metadata),
        coalesce(landed.created_at, feature.created_at),
        coalesce(landed.payload, feature.payload)
    ) IS DISTINCT FROM (
        feature.collection_id,
        feature.modality,
        feature.start_time,
        feature.end_time,
        feature.text,
        feature.transcription,
        feature.description,
        feature.metadata,
        feature.created_at,
        feature.payload
    )
) THEN UPDATE SET
    collection_id = coalesce(landed.collection_id, feature.collection_id),
    modality = coalesce(landed.modality, feature.modality),
    start_time = coalesce(landed.start_time, feature.start_time),
    end_time = coalesce(landed.end_time, feature.end_time),
    text = coalesce(landed.text, feature.text),
    transcription = coalesce(landed.transcription, feature.transcription),
    description = coalesce(landed.description, feature.description),
    metadata = coalesce(landed.metadata, feature.metadata),
    created_at = coalesce(landed.created_at, feature.created_at),
    payload = coalesce(landed.payload, feature.payload),
    run_id = landed.run_id,
    loaded_at = now()
WHEN NOT MATCHED THEN INSERT (
    feature_id, asset_id, video_id, collection_id, modality, start_time, end_time, text, transcription, description,
    metadata, created_at, payload, partition_date, run_id, loaded_at
) VALUES (
    landed.feature_id, landed.asset_id, landed.video_id, landed.collection_id, landed.modality, landed.start_time,
    landed.end_time, landed.text, landed.transcription, landed.description, landed.metadata, landed.created_at,
    landed.payload, landed.partition_date, landed.run_id, now()
);
