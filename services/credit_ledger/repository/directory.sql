-- Workspaces, members and catalogs. Locks: workspaces first, by id; then accounts (accounts.sql).

-- name: share_workspaces
-- For decisions: nobody changes plan or status of these until the transaction ends.
SELECT workspace_id, plan, status, cycle_anchor, version, removed FROM workspaces
WHERE workspace_id = ANY(%(workspace_ids)s)
ORDER BY workspace_id
FOR SHARE;

-- name: name_workspaces
-- A row to lock, for workspaces that the directory has not named yet.
INSERT INTO workspaces (workspace_id)
SELECT wanted.workspace_id FROM unnest(%(workspace_ids)s::text[]) AS wanted (workspace_id)
WHERE NOT EXISTS (SELECT FROM workspaces WHERE workspaces.workspace_id = wanted.workspace_id)
ORDER BY wanted.workspace_id
ON CONFLICT (workspace_id) DO NOTHING;

-- name: hold_workspaces
-- For changes: waits for decisions under way. Not FOR UPDATE, which would also block new accounts' foreign keys.
SELECT workspace_id, plan, status, cycle_anchor, version, removed FROM workspaces
WHERE workspace_id = ANY(%(workspace_ids)s)
ORDER BY workspace_id
FOR NO KEY UPDATE;

-- name: members
-- LATERAL with a limit: always by the index, however many members there are.
SELECT found.workspace_id, found.user_id, found.role, found.version, found.removed
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS wanted (workspace_id, user_id)
CROSS JOIN LATERAL (
    SELECT * FROM members
    WHERE members.workspace_id = wanted.workspace_id AND members.user_id = wanted.user_id
    LIMIT 1
) AS found;

-- name: members_of_workspaces
SELECT workspace_id, user_id, role, version, removed FROM members WHERE workspace_id = ANY(%(workspace_ids)s);

-- name: write_workspaces
UPDATE workspaces
SET plan = new.plan, status = new.status, cycle_anchor = new.cycle_anchor, version = new.version, removed = new.removed
FROM unnest(
    %(workspace_ids)s::text[], %(plans)s::text[], %(statuses)s::text[], %(anchors)s::date[], %(versions)s::bigint[],
    %(removed)s::boolean[]
) AS new (workspace_id, plan, status, cycle_anchor, version, removed)
WHERE workspaces.workspace_id = new.workspace_id;

-- name: write_members
INSERT INTO members (workspace_id, user_id, role, version, removed)
SELECT * FROM unnest(
    %(workspace_ids)s::text[], %(user_ids)s::text[], %(roles)s::text[], %(versions)s::bigint[], %(removed)s::boolean[]
) AS new (workspace_id, user_id, role, version, removed)
ORDER BY workspace_id, user_id
ON CONFLICT (workspace_id, user_id) DO UPDATE
SET role = excluded.role, version = excluded.version, removed = excluded.removed;

-- name: add_catalog
-- The first content of a version stays: quotes were reviewed against it.
INSERT INTO catalogs (catalog_version, effective_at, free_first_period, free, pro_editor, pro_guest_editor,
                      business_editor, business_guest_editor, low_balance_percent)
VALUES (%(catalog_version)s, %(effective_at)s, %(free_first_period)s, %(free)s, %(pro_editor)s, %(pro_guest_editor)s,
        %(business_editor)s, %(business_guest_editor)s, %(low_balance_percent)s)
ON CONFLICT (catalog_version) DO NOTHING
RETURNING catalog_version;

-- name: add_action_prices
INSERT INTO action_prices (action, catalog_version, credits, per)
SELECT action, %(catalog_version)s, credits, per
FROM unnest(%(actions)s::text[], %(credits)s::bigint[], %(pers)s::bigint[]) AS new (action, credits, per);

-- name: catalogs
SELECT catalog_version, effective_at, free_first_period, free, pro_editor, pro_guest_editor, business_editor,
       business_guest_editor, low_balance_percent
FROM catalogs;

-- name: action_prices
SELECT catalog_version, action, credits, per FROM action_prices WHERE action = ANY(%(actions)s);
