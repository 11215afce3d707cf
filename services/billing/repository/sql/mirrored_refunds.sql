-- name: lock_mirrored
SELECT processor_refund_id, refund_id::text, workspace_id, purchase_id::text, amount_minor, currency, made_at, state, step
FROM mirrored_refunds WHERE purchase_id = %(purchase_id)s ORDER BY made_at, processor_refund_id FOR UPDATE;

-- name: mirrored_lines
SELECT line.user_id, line.lot_id::text
FROM mirrored_refund_lines AS mirrored JOIN purchase_lines AS line USING (purchase_id, user_id)
WHERE mirrored.processor_refund_id = %(processor_refund_id)s ORDER BY line.user_id;

-- name: insert_mirrored
INSERT INTO mirrored_refunds (processor_refund_id, refund_id, workspace_id, purchase_id, amount_minor, currency, made_at,
                              state, step)
VALUES (%(processor_refund_id)s, %(refund_id)s, %(workspace_id)s, %(purchase_id)s, %(amount_minor)s, %(currency)s,
        %(made_at)s, 'undecided', 0);

-- name: move_mirrored
UPDATE mirrored_refunds SET state = %(state)s, step = %(step)s
WHERE processor_refund_id = %(processor_refund_id)s;

-- name: insert_mirrored_lines
INSERT INTO mirrored_refund_lines (processor_refund_id, purchase_id, user_id)
SELECT %(processor_refund_id)s, %(purchase_id)s, unnest(%(user_ids)s::text[]);

-- name: free_mirrored_lines
UPDATE mirrored_refund_lines SET failed = true WHERE processor_refund_id = %(processor_refund_id)s AND NOT failed;

-- name: note_decision
UPDATE mirrored_refunds SET operator_id = %(operator_id)s, note = %(note)s, content_hash = %(content_hash)s
WHERE processor_refund_id = %(processor_refund_id)s;

-- name: decision
SELECT content_hash FROM mirrored_refunds WHERE processor_refund_id = %(processor_refund_id)s;
