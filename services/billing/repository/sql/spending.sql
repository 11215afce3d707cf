-- What limits spending, and what was spent.

-- name: store_caps
INSERT INTO spending_caps (workspace_id, currency, ordinal, workspace_day_minor, buyer_day_minor, set_by, set_at,
                           cause_source, cause_id)
SELECT %(workspace_id)s, %(currency)s, COALESCE(max(ordinal), 0) + 1, %(workspace_day_minor)s::bigint,
       %(buyer_day_minor)s::bigint, %(set_by)s, %(set_at)s::timestamptz, %(cause_source)s, %(cause_id)s
FROM spending_caps WHERE workspace_id = %(workspace_id)s AND currency = %(currency)s
ON CONFLICT (cause_source, cause_id) DO NOTHING;

-- name: caps
SELECT workspace_day_minor, buyer_day_minor FROM spending_caps
WHERE workspace_id = %(workspace_id)s AND currency = %(currency)s
ORDER BY set_at DESC, ordinal DESC LIMIT 1;

-- name: spent
-- Each purchase counts on the day of its present attempt, for whoever began that. What was declined or cancelled took no
-- money. No purchase is tried again later than a day after its acceptance; the week bounds what is read.
SELECT COALESCE(sum(purchase.total_minor), 0)::bigint AS workspace_minor,
       COALESCE(sum(purchase.total_minor) FILTER (WHERE attempt.actor_id = %(spender_id)s), 0)::bigint AS buyer_minor
FROM purchases AS purchase
JOIN payments AS payment USING (purchase_id)
JOIN payment_attempts AS attempt ON (attempt.purchase_id, attempt.attempt) = (payment.purchase_id, payment.attempt)
WHERE purchase.workspace_id = %(workspace_id)s AND purchase.currency = %(currency)s
  AND purchase.state NOT IN ('declined', 'cancelled')
  AND purchase.accepted_at >= %(day)s - interval '7 days'
  AND attempt.commanded_at >= %(day)s AND attempt.commanded_at < %(day)s + interval '1 day';

-- name: declines_of_method
-- The newest first: as many as decide.
SELECT first_tried_at FROM payment_attempts
WHERE payment_method_id = %(payment_method_id)s AND first_tried_at > %(since)s
  AND reason IN ('card_declined', 'authentication_failed')
ORDER BY first_tried_at DESC LIMIT %(limit)s;

-- name: unanswered_of_method
-- Sent, and what became of it is not known yet; each may be one more decline.
SELECT count(*) FROM payment_attempts AS attempt
JOIN payments AS payment ON (payment.purchase_id, payment.attempt) = (attempt.purchase_id, attempt.attempt)
WHERE attempt.payment_method_id = %(payment_method_id)s AND attempt.first_tried_at > %(since)s
  AND payment.state IN ('charging', 'unknown');

-- name: lock_method
-- Whoever is about to use a method waits for the others who are: two workspaces may share one.
SELECT pg_advisory_xact_lock(hashtextextended('refill.billing.method ' || %(payment_method_id)s, 0));

-- name: asked_by
-- The newest first: as many as decide.
SELECT requested_at FROM requests
WHERE workspace_id = %(workspace_id)s AND asker_id = %(asker_id)s AND requested_at > %(since)s
ORDER BY requested_at DESC LIMIT %(limit)s;
