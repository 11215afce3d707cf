-- name: lock_disputes
SELECT dispute_id, workspace_id, purchase_id::text, amount_minor, currency, reason, recall_id::text, opened_at,
       state, step, withdrawn, reinstated
FROM disputes WHERE purchase_id = %(purchase_id)s ORDER BY dispute_id FOR UPDATE;

-- name: lines_of_dispute
SELECT line.user_id, line.lot_id::text
FROM dispute_lines AS disputed JOIN purchase_lines AS line USING (purchase_id, user_id)
WHERE disputed.dispute_id = %(dispute_id)s ORDER BY line.user_id;

-- name: insert_dispute
INSERT INTO disputes (dispute_id, workspace_id, purchase_id, amount_minor, currency, reason, recall_id, opened_at,
                      state, step, withdrawn, reinstated)
VALUES (%(dispute_id)s, %(workspace_id)s, %(purchase_id)s, %(amount_minor)s, %(currency)s, %(reason)s, %(recall_id)s,
        %(opened_at)s, %(state)s, %(step)s, %(withdrawn)s, %(reinstated)s);

-- name: insert_dispute_lines
INSERT INTO dispute_lines (dispute_id, purchase_id, user_id)
SELECT %(dispute_id)s, %(purchase_id)s, unnest(%(user_ids)s::text[]);

-- name: note_dispute
UPDATE disputes SET state = %(state)s, step = %(step)s, withdrawn = %(withdrawn)s, reinstated = %(reinstated)s
WHERE dispute_id = %(dispute_id)s;

-- name: dispute_of_recall
SELECT FROM disputes WHERE recall_id = %(recall_id)s;

-- name: forbids_refunds
SELECT FROM disputes WHERE purchase_id = %(purchase_id)s AND state IN ('open', 'lost') LIMIT 1;
