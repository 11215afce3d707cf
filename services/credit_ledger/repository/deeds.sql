-- What operators did, and how much of their day's limit they have used.

-- name: deeds
SELECT workspace_id, family, deed_id, kind, user_id, credits, operator_id, reason, decided_at, refusal, detail,
       transaction_id, lot_id, settled
FROM operator_deeds
WHERE (workspace_id, family, deed_id) IN (
    SELECT * FROM unnest(%(workspace_ids)s::text[], %(families)s::text[], %(deed_ids)s::uuid[])
);

-- name: ensure_days
INSERT INTO operator_days (operator_id, day)
SELECT * FROM unnest(%(operator_ids)s::text[], %(days)s::date[]) AS wanted (operator_id, day)
ORDER BY operator_id, day
ON CONFLICT (operator_id, day) DO NOTHING;

-- name: lock_days
SELECT operator_id, day, credits FROM operator_days
WHERE (operator_id, day) IN (SELECT * FROM unnest(%(operator_ids)s::text[], %(days)s::date[]))
ORDER BY operator_id, day
FOR UPDATE;

-- name: write_day
UPDATE operator_days SET credits = %(credits)s WHERE operator_id = %(operator_id)s AND day = %(day)s;

-- name: add_deed
INSERT INTO operator_deeds (workspace_id, family, deed_id, kind, user_id, credits, operator_id, reason, event_source, event_id,
                            refusal, detail, transaction_id, lot_id, settled, decided_at)
VALUES (%(workspace_id)s, %(family)s, %(deed_id)s, %(kind)s, %(user_id)s, %(credits)s, %(operator_id)s, %(reason)s,
        %(event_source)s, %(event_id)s, %(refusal)s, %(detail)s, %(transaction_id)s, %(lot_id)s, %(settled)s, %(decided_at)s);
