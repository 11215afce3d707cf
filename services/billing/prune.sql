-- What `prune` forgets besides envelopes, as the migration role; each query is named after its table.

-- name: reconciliation_doubts
-- With their comparisons, which the topic has told for as long as it keeps anything.
DELETE FROM reconciliation_doubts USING reconciliations AS run
WHERE run.reconciliation_id = reconciliation_doubts.reconciliation_id
  AND run.finished_at < %(now)s - interval '90 days';

-- name: reconciliations
DELETE FROM reconciliations WHERE finished_at < %(now)s - interval '90 days';

-- name: stripe_events
-- Thirty days after it happened Stripe repeats an event no more, by itself or by hand. Kept for ever are those that name a
-- purchase which is not here, for a person to look into, and those by which a payment may still find its intent.
DELETE FROM stripe_events
WHERE received_at < %(now)s - interval '30 days'
  AND (purchase_id IS NULL
       OR EXISTS (SELECT FROM payments
                  WHERE payments.purchase_id = stripe_events.purchase_id AND payments.payment_intent_id IS NOT NULL));
