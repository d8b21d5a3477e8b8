-- The calls whose replies are landed, as `mixpeek.rejects.endpoint` names them.
CREATE OR REPLACE MACRO mixpeek_internal.asset_endpoint() AS 'GET /assets/{id}/features';

CREATE OR REPLACE MACRO mixpeek_internal.feature_endpoint() AS 'GET /features/{id}';

CREATE OR REPLACE VIEW mixpeek_internal.rejected_assets AS
SELECT object_id AS asset_id
FROM mixpeek.rejects
WHERE endpoint = mixpeek_internal.asset_endpoint();

CREATE OR REPLACE VIEW mixpeek_internal.rejected_features AS
SELECT object_id AS feature_id
FROM mixpeek.rejects
WHERE endpoint = mixpeek_internal.feature_endpoint();
