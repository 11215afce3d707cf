-- Recalls of purchases' lines, their verdicts, and what these moved.

-- name: recalls
SELECT workspace_id, recall_id, purchase_id, cause, untouched_only, lots, refusal, detail, decided_at
FROM recalls JOIN unnest(%(workspace_ids)s::text[], %(recall_ids)s::uuid[]) AS wanted (workspace_id, recall_id)
    USING (workspace_id, recall_id);

-- name: lines
-- Of these recalls, and of all others that these lots are in.
SELECT workspace_id, recall_id, user_id, lot_id, credits, unspent, held, spent, taken, state, step
FROM recall_lines
WHERE (workspace_id, recall_id) IN (SELECT * FROM unnest(%(workspace_ids)s::text[], %(recall_ids)s::uuid[]))
   OR lot_id = ANY(%(lot_ids)s)
ORDER BY workspace_id, recall_id, number;

-- name: steps
SELECT workspace_id, recall_id, purchase_id, recall_steps.step, verdict, transaction_id, recall_steps.decided_at, user_id,
       lot_id, recall_steps.credits, debt
FROM recall_steps
JOIN recalls USING (workspace_id, recall_id)
JOIN recall_lines USING (workspace_id, recall_id, lot_id)
WHERE (workspace_id, recall_id) IN (SELECT * FROM unnest(%(workspace_ids)s::text[], %(recall_ids)s::uuid[]))
ORDER BY workspace_id, recall_id, recall_steps.step, recall_steps.number;

-- name: held_of_lots
-- By open holds: what is in `held` of each lot.
SELECT wanted.lot_id, sum(moved.credits)::bigint
FROM unnest(%(lot_ids)s::uuid[]) AS wanted (lot_id)
CROSS JOIN LATERAL (
    SELECT credits FROM postings WHERE debit_lot_id = wanted.lot_id AND credit_contra = 'held'
    UNION ALL
    SELECT -credits FROM postings WHERE credit_lot_id = wanted.lot_id AND debit_contra = 'held'
) AS moved
GROUP BY wanted.lot_id;

-- name: lots_in_debt
-- What of these accounts' lots has paid debt, or owes.
SELECT lots.lot_id
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS wanted (workspace_id, user_id)
JOIN lots ON lots.workspace_id = wanted.workspace_id AND lots.user_id = wanted.user_id
WHERE lots.settled > 0 OR lots.owed > 0;

-- name: add_recalls
INSERT INTO recalls (workspace_id, recall_id, purchase_id, cause, untouched_only, lots, refusal, detail, event_source, event_id, decided_at)
VALUES (%(workspace_id)s, %(recall_id)s, %(purchase_id)s, %(cause)s, %(untouched_only)s, %(lots)s, %(refusal)s, %(detail)s,
        %(event_source)s, %(event_id)s, %(decided_at)s);

-- name: write_line
INSERT INTO recall_lines (workspace_id, recall_id, number, lot_id, user_id, credits, unspent, held, spent, taken, state, step)
VALUES (%(workspace_id)s, %(recall_id)s, %(number)s, %(lot_id)s, %(user_id)s, %(credits)s, %(unspent)s, %(held)s, %(spent)s,
        %(taken)s, %(state)s, %(step)s);

-- name: write_verdict
UPDATE recall_lines SET state = %(state)s, step = %(step)s
WHERE workspace_id = %(workspace_id)s AND recall_id = %(recall_id)s AND lot_id = %(lot_id)s AND step < %(step)s;

-- name: add_step
INSERT INTO recall_steps (workspace_id, recall_id, step, number, lot_id, verdict, credits, debt, transaction_id, event_source, event_id, decided_at)
VALUES (%(workspace_id)s, %(recall_id)s, %(step)s, %(number)s, %(lot_id)s, %(verdict)s, %(credits)s, %(debt)s,
        %(transaction_id)s, %(event_source)s, %(event_id)s, %(decided_at)s);
