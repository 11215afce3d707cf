-- name: lock_purchase
SELECT purchase_id::text, workspace_id, buyer_id, request_id::text, package_id, credits_each, unit_price_minor,
       total_minor, currency, catalog_version, state, reason, content_hash, accepted_at, credited_at
FROM purchases WHERE purchase_id = %(purchase_id)s FOR UPDATE;

-- name: lines
SELECT user_id, lot_id::text FROM purchase_lines WHERE purchase_id = %(purchase_id)s ORDER BY ordinal;

-- name: insert_purchase
INSERT INTO purchases (purchase_id, workspace_id, buyer_id, request_id, package_id, credits_each, unit_price_minor,
                       line_count, total_minor, currency, catalog_version, content_hash, state, accepted_at)
VALUES (%(purchase_id)s, %(workspace_id)s, %(buyer_id)s, %(request_id)s, %(package_id)s, %(credits_each)s,
        %(unit_price_minor)s, %(line_count)s, %(total_minor)s, %(currency)s, %(catalog_version)s, %(content_hash)s,
        'accepted', %(accepted_at)s)
ON CONFLICT (purchase_id) DO NOTHING;

-- name: insert_lines
INSERT INTO purchase_lines (purchase_id, ordinal, user_id, lot_id, price_minor)
SELECT %(purchase_id)s, ordinal, user_id, lot_id, %(price_minor)s
FROM unnest(%(user_ids)s::text[], %(lot_ids)s::uuid[]) WITH ORDINALITY AS line (user_id, lot_id, ordinal);

-- name: move_purchase
-- Compare-and-set. The reason is that of the last decline or cancellation.
UPDATE purchases
SET state = %(to)s, reason = %(reason)s,
    paid_at = CASE WHEN %(to)s = 'paid' THEN %(at)s ELSE paid_at END
WHERE purchase_id = %(purchase_id)s AND state = %(from)s;

-- name: note_credited
UPDATE purchases SET credited_at = %(credited_at)s WHERE purchase_id = %(purchase_id)s AND credited_at IS NULL;

-- name: workspace_of_purchase
SELECT workspace_id FROM purchases WHERE purchase_id = %(purchase_id)s;
