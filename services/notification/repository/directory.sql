-- name: put_workspaces
INSERT INTO workspaces (workspace_id, name, version)
SELECT * FROM unnest(%(workspace_ids)s::text[], %(names)s::text[], %(versions)s::bigint[]) AS changed (id, name, version)
ORDER BY id
ON CONFLICT (workspace_id) DO UPDATE
SET name = excluded.name, version = excluded.version, removed = false
WHERE excluded.version > workspaces.version;

-- name: remove_workspace
INSERT INTO workspaces (workspace_id, version, removed) VALUES (%(workspace_id)s, 0, true)
ON CONFLICT (workspace_id) DO UPDATE SET name = NULL, removed = true;

-- name: put_members
INSERT INTO members (workspace_id, user_id, role, version)
SELECT * FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[], %(roles)s::text[], %(versions)s::bigint[])
    AS changed (workspace, person, role, version)
ORDER BY workspace, person
ON CONFLICT (workspace_id, user_id) DO UPDATE
SET role = excluded.role, version = excluded.version, removed = false
WHERE excluded.version > members.version;

-- name: remove_member
INSERT INTO members (workspace_id, user_id, version, removed) VALUES (%(workspace_id)s, %(user_id)s, 0, true)
ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = NULL, removed = true;

-- name: find_deciders
-- A workspace that is gone has nobody left to tell; one that is known gives a row per decider, or one without any.
SELECT w.workspace_id, w.removed, m.user_id, m.role
FROM workspaces w
LEFT JOIN members m ON m.workspace_id = w.workspace_id AND m.role IN ('owner', 'admin') AND NOT w.removed
WHERE w.workspace_id = ANY (%(workspace_ids)s)
ORDER BY w.workspace_id, m.user_id;

-- name: find_workspace_name
SELECT name FROM workspaces WHERE workspace_id = %(workspace_id)s;

-- name: find_role
SELECT m.role
FROM members m
JOIN workspaces w ON w.workspace_id = m.workspace_id AND NOT w.removed
WHERE m.workspace_id = %(workspace_id)s AND m.user_id = %(user_id)s;
