-- name: add_notices
-- Sorted by id: two workers that write the same notices at once wait for each other instead of locking each other out.
INSERT INTO notices (notice_id, event_source, event_id, user_id, workspace_id, kind, wording, about_id, facts, occurred_at)
SELECT * FROM unnest(
    %(notice_ids)s::uuid[], %(event_sources)s::text[], %(event_ids)s::text[], %(user_ids)s::text[],
    %(workspace_ids)s::text[], %(kinds)s::text[], %(wordings)s::text[], %(about_ids)s::text[],
    %(facts)s::jsonb[], %(occurred_ats)s::timestamptz[]
) AS told (id)
ORDER BY id
ON CONFLICT DO NOTHING
RETURNING notice_id, user_id, workspace_id, kind, wording, about_id, state, facts, occurred_at,
    settled_at IS NOT NULL AS settled;

-- name: lock_unsettled_notices
SELECT notice_id, user_id, workspace_id, kind, wording, about_id, state, facts, occurred_at, false AS settled
FROM notices
WHERE workspace_id = %(workspace_id)s AND about_id = %(about_id)s AND kind = %(kind)s AND settled_at IS NULL
ORDER BY notice_id
FOR UPDATE;

-- name: settle_notices
UPDATE notices SET state = 'handled', handled_at = coalesce(handled_at, %(now)s), settled_at = %(now)s
WHERE notice_id = ANY (%(notice_ids)s);

-- name: is_any_unsettled
SELECT EXISTS (
    SELECT FROM notices
    WHERE workspace_id = %(workspace_id)s AND about_id = %(about_id)s AND kind = %(kind)s AND settled_at IS NULL
);

-- name: lock_notices_of_person
SELECT notice_id, user_id, workspace_id, kind, wording, about_id, state, facts, occurred_at,
    settled_at IS NOT NULL AS settled
FROM notices
WHERE notice_id = ANY (%(notice_ids)s::uuid[]) AND user_id = %(user_id)s
ORDER BY notice_id
FOR UPDATE;

-- name: mark_notices
UPDATE notices SET state = %(state)s, handled_at = CASE WHEN %(state)s = 'handled' THEN %(now)s::timestamptz END
WHERE notice_id = ANY (%(notice_ids)s);

-- name: list_notices_of_person
SELECT notice_id, user_id, workspace_id, kind, wording, about_id, state, facts, occurred_at,
    settled_at IS NOT NULL AS settled
FROM notices
WHERE user_id = %(user_id)s
ORDER BY occurred_at, notice_id;
