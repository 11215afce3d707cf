-- Credited purchases and their lines.

-- name: credited
SELECT purchases.workspace_id, purchases.purchase_id, buyer_id, credited_at, user_id, lot_id, credits, usable,
       balance_version, debt_settled
FROM unnest(%(workspace_ids)s::text[], %(purchase_ids)s::uuid[]) AS wanted (workspace_id, purchase_id)
JOIN purchases ON purchases.workspace_id = wanted.workspace_id AND purchases.purchase_id = wanted.purchase_id
JOIN grants ON grants.workspace_id = purchases.workspace_id AND grants.purchase_id = purchases.purchase_id
ORDER BY purchases.workspace_id, purchases.purchase_id, line;

-- name: taken_lots
SELECT lot_id FROM lots WHERE lot_id = ANY(%(lot_ids)s);

-- name: add_purchases
INSERT INTO purchases (workspace_id, purchase_id, buyer_id, lines, credited_at)
SELECT * FROM unnest(
    %(workspace_ids)s::text[], %(purchase_ids)s::uuid[], %(buyer_ids)s::text[], %(lines)s::integer[],
    %(credited_at)s::timestamptz[]
);

-- name: add_grants
INSERT INTO grants (lot_id, workspace_id, purchase_id, user_id, credits, line, usable, balance_version, debt_settled)
SELECT * FROM unnest(
    %(lot_ids)s::uuid[], %(workspace_ids)s::text[], %(purchase_ids)s::uuid[], %(user_ids)s::text[],
    %(credits)s::bigint[], %(line_numbers)s::integer[], %(usable)s::boolean[],
    %(balance_versions)s::bigint[], %(debts_settled)s::bigint[]
);

-- name: add_conflict
INSERT INTO purchase_conflicts (workspace_id, purchase_id, event_source, event_id, stated, seen_at)
VALUES (%(workspace_id)s, %(purchase_id)s, %(event_source)s, %(event_id)s, %(stated)s, %(seen_at)s)
ON CONFLICT (event_source, event_id) DO NOTHING;
