-- name: insert_reconciliation
-- One of the clock's and one of operators at once: another one is not taken.
INSERT INTO reconciliations (reconciliation_id, operator_id, content_hash, since, until, progress_at, cause_source,
                             cause_id, correlation_id, traceparent)
VALUES (%(reconciliation_id)s, %(operator_id)s, %(content_hash)s, %(since)s, %(until)s, %(until)s, %(cause_source)s,
        %(cause_id)s, %(correlation_id)s, %(traceparent)s)
ON CONFLICT DO NOTHING;

-- name: reconciliation
SELECT reconciliation_id::text, operator_id, content_hash, since, until, stage, place, payments, refunds, disputes, ours,
       not_looked_at, progress_at, cause_source, cause_id, correlation_id, traceparent
FROM reconciliations WHERE reconciliation_id = %(reconciliation_id)s;

-- name: current_reconciliation
-- The one that is worked on: the oldest that is not finished.
SELECT reconciliation_id::text, operator_id, content_hash, since, until, stage, place, payments, refunds, disputes, ours,
       not_looked_at, progress_at, cause_source, cause_id, correlation_id, traceparent
FROM reconciliations WHERE stage <> 'finished' ORDER BY until, reconciliation_id LIMIT 1 FOR UPDATE;

-- name: advance_reconciliation
UPDATE reconciliations
SET stage = %(stage)s, place = %(place)s, payments = payments + %(payments)s, refunds = refunds + %(refunds)s,
    disputes = disputes + %(disputes)s, ours = ours + %(ours)s, not_looked_at = not_looked_at + %(not_looked_at)s,
    progress_at = COALESCE(%(progress_at)s, progress_at), finished_at = %(finished_at)s
WHERE reconciliation_id = %(reconciliation_id)s;

-- name: note_shown
INSERT INTO reconciliation_shown (reconciliation_id, processor_id)
SELECT %(reconciliation_id)s, unnest(%(processor_ids)s::text[])
ON CONFLICT DO NOTHING;

-- name: forget_shown
DELETE FROM reconciliation_shown WHERE reconciliation_id = %(reconciliation_id)s;

-- name: our_payments
-- By our id or by the processor's. Tended: a timer of the charge waits, or runs.
SELECT 'payment' AS about, purchase_id::text, workspace_id, state, amount_minor, currency, NULL AS refund_id,
       payment_intent_id AS processor_id, payment_intent_id, customer_id,
       EXISTS (SELECT FROM timers
               WHERE kind = 'charge' AND ref = payments.purchase_id::text AND timers.state = 'waiting') AS tended
FROM payments
WHERE purchase_id = ANY(%(purchase_ids)s::uuid[]) OR payment_intent_id = ANY(%(processor_ids)s::text[]);

-- name: our_refunds
SELECT 'refund' AS about, purchase_id::text, workspace_id, state, amount_minor, currency, refund_id::text,
       processor_refund_id AS processor_id, payment_intent_id, NULL AS customer_id,
       EXISTS (SELECT FROM timers
               WHERE kind = 'refund' AND ref = refunds.refund_id::text AND timers.state = 'waiting') AS tended
FROM refunds
WHERE refund_id = ANY(%(refund_ids)s::uuid[]) OR processor_refund_id = ANY(%(processor_ids)s::text[]);

-- name: our_mirrored_refunds
SELECT 'refund' AS about, mirrored.purchase_id::text, mirrored.workspace_id, mirrored.state, mirrored.amount_minor,
       mirrored.currency, mirrored.refund_id::text, mirrored.processor_refund_id AS processor_id,
       payment.payment_intent_id, payment.customer_id, false AS tended, true AS mirrored
FROM mirrored_refunds AS mirrored JOIN payments AS payment USING (purchase_id)
WHERE mirrored.processor_refund_id = ANY(%(processor_ids)s::text[]);

-- name: our_disputes
SELECT 'dispute' AS about, dispute.purchase_id::text, dispute.workspace_id, dispute.state, dispute.amount_minor,
       dispute.currency, NULL AS refund_id, dispute.dispute_id AS processor_id, payment.payment_intent_id,
       payment.customer_id, false AS tended
FROM disputes AS dispute JOIN payments AS payment USING (purchase_id)
WHERE dispute.dispute_id = ANY(%(processor_ids)s::text[]);

-- name: count_ours
-- What the processor was to show: it told us its id, and money moved by it or may.
SELECT (SELECT count(*) FROM payments JOIN payment_attempts AS first USING (purchase_id)
        WHERE first.attempt = 1 AND first.first_tried_at BETWEEN %(since)s AND %(until)s
          AND payments.payment_intent_id IS NOT NULL
          AND payments.state IN ('succeeded', 'processing', 'requires_action'))
     + (SELECT count(*) FROM refunds
        WHERE first_tried_at BETWEEN %(since)s AND %(until)s AND processor_refund_id IS NOT NULL
          AND state IN ('succeeded', 'pending'));

-- name: doubt_unshown
-- Ours that the processor was to show and did not. Both clocks differ a little: so it is looked at once more by its id.
INSERT INTO reconciliation_doubts (reconciliation_id, about, processor_id, state, purchase_id, refund_id)
SELECT %(reconciliation_id)s, unshown.about, unshown.processor_id, 'doubted', unshown.purchase_id, unshown.refund_id
FROM (
    SELECT 'payment' AS about, payments.payment_intent_id AS processor_id, purchase_id, NULL::uuid AS refund_id
    FROM payments JOIN payment_attempts AS first USING (purchase_id)
    WHERE first.attempt = 1 AND first.first_tried_at BETWEEN %(since)s AND %(until)s
      AND payments.payment_intent_id IS NOT NULL AND payments.state IN ('succeeded', 'processing', 'requires_action')
    UNION ALL
    SELECT 'refund', processor_refund_id, purchase_id, refund_id FROM refunds
    WHERE first_tried_at BETWEEN %(since)s AND %(until)s AND processor_refund_id IS NOT NULL
      AND state IN ('succeeded', 'pending')
) AS unshown
WHERE NOT EXISTS (SELECT FROM reconciliation_shown AS shown
                  WHERE shown.reconciliation_id = %(reconciliation_id)s AND shown.processor_id = unshown.processor_id)
ORDER BY unshown.about, unshown.processor_id
ON CONFLICT DO NOTHING;

-- name: store_doubt
INSERT INTO reconciliation_doubts (reconciliation_id, about, processor_id, state, kind, workspace_id, purchase_id,
                                   refund_id, ours, theirs, ours_minor, theirs_minor, currency)
VALUES (%(reconciliation_id)s, %(about)s, %(processor_id)s, %(state)s, %(kind)s, %(workspace_id)s, %(purchase_id)s,
        %(refund_id)s, %(ours)s, %(theirs)s, %(ours_minor)s, %(theirs_minor)s, %(currency)s)
ON CONFLICT (reconciliation_id, about, processor_id) DO UPDATE
SET state = excluded.state, kind = excluded.kind, workspace_id = excluded.workspace_id,
    purchase_id = excluded.purchase_id, refund_id = excluded.refund_id, ours = excluded.ours, theirs = excluded.theirs,
    ours_minor = excluded.ours_minor, theirs_minor = excluded.theirs_minor, currency = excluded.currency;

-- name: next_doubt
SELECT about, processor_id, purchase_id::text, refund_id::text FROM reconciliation_doubts
WHERE reconciliation_id = %(reconciliation_id)s AND state = 'doubted' ORDER BY about, processor_id LIMIT 1;

-- name: looked_at
-- How many were looked at a second time.
SELECT count(*) FROM reconciliation_doubts
WHERE reconciliation_id = %(reconciliation_id)s AND state IN ('found', 'settled');

-- name: leave_doubts
-- Too many to be looked at: they are counted and no more.
UPDATE reconciliation_doubts SET state = 'settled'
WHERE reconciliation_id = %(reconciliation_id)s AND state = 'doubted';

-- name: woken
SELECT about, processor_id, purchase_id::text, refund_id::text, theirs FROM reconciliation_doubts
WHERE reconciliation_id = %(reconciliation_id)s AND state = 'woken'
  AND (%(place)s::text IS NULL OR processor_id > %(place)s)
ORDER BY processor_id LIMIT %(limit)s;

-- name: end_woken
UPDATE reconciliation_doubts SET state = %(state)s, kind = %(kind)s
WHERE reconciliation_id = %(reconciliation_id)s AND about = %(about)s AND processor_id = %(processor_id)s
  AND state = 'woken';

-- name: give_up_woken
UPDATE reconciliation_doubts SET state = 'found', kind = %(kind)s
WHERE reconciliation_id = %(reconciliation_id)s AND state = 'woken';

-- name: count_doubts
SELECT count(*) FROM reconciliation_doubts
WHERE reconciliation_id = %(reconciliation_id)s AND state = %(state)s;

-- name: differences
SELECT about, processor_id, kind, workspace_id, purchase_id::text, refund_id::text, ours, theirs, ours_minor,
       theirs_minor, currency
FROM reconciliation_doubts
WHERE reconciliation_id = %(reconciliation_id)s AND state = %(state)s
ORDER BY about, processor_id LIMIT %(limit)s;

-- name: parked_differences
-- What waits for a person whatever the processor says, but for what was found about it already. Whole, with their number.
SELECT *, count(*) OVER () AS total
FROM (
    SELECT 'payment' AS about, payment_intent_id AS processor_id, 'payment_parked' AS kind, workspace_id,
           purchase_id::text, NULL AS refund_id, state AS ours, NULL AS theirs, amount_minor AS ours_minor,
           NULL::bigint AS theirs_minor, currency
    FROM payments WHERE state = 'parked'
      AND NOT EXISTS (SELECT FROM reconciliation_doubts AS doubt
                      WHERE doubt.reconciliation_id = %(reconciliation_id)s AND doubt.state = 'found'
                        AND doubt.about = 'payment' AND doubt.purchase_id = payments.purchase_id)
    UNION ALL
    SELECT 'refund', processor_refund_id, 'refund_parked', workspace_id, purchase_id::text, refund_id::text, state, NULL,
           amount_minor, NULL, currency
    FROM refunds WHERE state = 'parked'
      AND NOT EXISTS (SELECT FROM reconciliation_doubts AS doubt
                      WHERE doubt.reconciliation_id = %(reconciliation_id)s AND doubt.state = 'found'
                        AND doubt.about = 'refund' AND doubt.refund_id = refunds.refund_id)
    UNION ALL
    SELECT 'refund', processor_refund_id, 'refund_made_there', workspace_id, purchase_id::text, refund_id::text, state,
           NULL, amount_minor, NULL, currency
    FROM mirrored_refunds WHERE state = 'undecided'
) AS waiting
ORDER BY about, purchase_id, refund_id LIMIT %(limit)s;

-- name: is_scheduled
SELECT FROM timers WHERE kind = %(kind)s AND ref = %(ref)s;
