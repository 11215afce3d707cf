-- name: lock_window
SELECT d.digest_id, d.ends_at, EXISTS (SELECT FROM emails e WHERE e.digest_id = d.digest_id) AS collecting
FROM digests d
WHERE d.workspace_id = %(workspace_id)s AND d.user_id = %(user_id)s AND d.closed_at IS NULL
FOR UPDATE OF d;

-- name: open_digest
INSERT INTO digests (digest_id, workspace_id, user_id, opened_at, ends_at)
VALUES (%(digest_id)s, %(workspace_id)s, %(user_id)s, %(opened_at)s, %(ends_at)s);

-- name: lock_digest
SELECT workspace_id, user_id, closed_at IS NOT NULL FROM digests WHERE digest_id = %(digest_id)s FOR UPDATE;

-- name: close_digest
UPDATE digests SET closed_at = %(now)s WHERE digest_id = %(digest_id)s AND closed_at IS NULL;

-- name: is_behind
-- Emails of requests to this person that are not out yet, besides those of one digest if one is named.
SELECT EXISTS (
    SELECT FROM emails e
    JOIN notices n USING (notice_id)
    WHERE e.state IN ('pending', 'sending')
      AND (%(digest_id)s::uuid IS NULL OR e.digest_id IS DISTINCT FROM %(digest_id)s)
      AND e.created_at > %(since)s AND n.workspace_id = %(workspace_id)s AND n.user_id = %(user_id)s AND n.kind = %(kind)s
);
