-- As much memory as the graph takes, within bounds; and an end of the build soon after that of who asked for it.
SELECT
    set_config(setting.name, CASE setting.name
        WHEN 'maintenance_work_mem'
            THEN greatest(setting.setting::bigint, least(%(memory)s::bigint, %(most)s::bigint) / 1024)::text
        ELSE '5s'
    END, true)
FROM pg_settings AS setting
WHERE setting.name IN ('maintenance_work_mem', 'client_connection_check_interval');
