-- Usages: one permanent row each.

-- name: usages
-- LATERAL with a limit: one look into the primary key per usage, however long the history is.
SELECT found.workspace_id, found.source, found.usage_id, found.user_id, found.occurred_at, found.action, found.quantity,
       found.credits, found.catalog_version, found.reason, found.available
FROM unnest(%(workspace_ids)s::text[], %(sources)s::text[], %(usage_ids)s::text[]) AS wanted (workspace_id, source, usage_id)
CROSS JOIN LATERAL (
    SELECT * FROM usages
    WHERE usages.workspace_id = wanted.workspace_id AND usages.source = wanted.source AND usages.usage_id = wanted.usage_id
    LIMIT 1
) AS found;

-- name: copy_usages
COPY usages (workspace_id, source, usage_id, user_id, occurred_at, action, quantity, credits, catalog_version, outcome,
             transaction_id, reason, available, decided_at)
FROM STDIN (FORMAT BINARY);
