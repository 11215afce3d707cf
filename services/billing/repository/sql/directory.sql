-- The projection of the directory. Whole entities: the highest version wins, an equal or lower one is ignored.

-- name: lock_workspaces
-- In the order of the ids, as a statement of its own: whoever publishes for a workspace holds its row until commit, so
-- that the order of its events is the order of the commits.
SELECT workspace_id FROM workspaces WHERE workspace_id = ANY(%(workspace_ids)s)
ORDER BY workspace_id FOR NO KEY UPDATE;

-- name: store_workspaces
INSERT INTO workspaces (workspace_id, plan, status, customer_id, payment_method_id, version)
SELECT * FROM unnest(%(workspace_ids)s::text[], %(plans)s::text[], %(statuses)s::text[], %(customer_ids)s::text[],
                     %(payment_method_ids)s::text[], %(versions)s::bigint[])
ON CONFLICT (workspace_id) DO UPDATE
SET plan = excluded.plan, status = excluded.status, customer_id = excluded.customer_id,
    payment_method_id = excluded.payment_method_id, version = excluded.version, removed = false
WHERE workspaces.version < excluded.version;

-- name: store_members
INSERT INTO members (workspace_id, user_id, role, version)
SELECT * FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[], %(roles)s::text[], %(versions)s::bigint[])
ON CONFLICT (workspace_id, user_id) DO UPDATE
SET role = excluded.role, version = excluded.version, removed = false
WHERE members.version < excluded.version;

-- name: remove_workspaces
UPDATE workspaces SET removed = true WHERE workspace_id = ANY(%(workspace_ids)s);

-- name: remove_members
UPDATE members SET removed = true
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS gone (workspace_id, user_id)
WHERE members.workspace_id = gone.workspace_id AND members.user_id = gone.user_id;

-- name: workspace
SELECT workspace_id, plan, status, customer_id, payment_method_id, removed
FROM workspaces WHERE workspace_id = %(workspace_id)s;

-- name: members
SELECT workspace_id, user_id, role, removed
FROM members WHERE workspace_id = %(workspace_id)s AND user_id = ANY(%(user_ids)s);
