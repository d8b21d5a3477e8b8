-- As much memory as the graph takes (kilobytes), as much time as it takes, and an end soon after that of who asked.
SELECT
    set_config(
        setting.name,
        CASE setting.name
            WHEN 'maintenance_work_mem' THEN greatest(setting.setting::bigint, %(memory)s)::text
            WHEN 'statement_timeout' THEN '0'
            ELSE '5s'
        END,
        true
    )
FROM pg_settings AS setting
WHERE setting.name IN ('maintenance_work_mem', 'statement_timeout', 'client_connection_check_interval');
