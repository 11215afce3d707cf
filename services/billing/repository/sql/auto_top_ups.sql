-- Auto top-up, and the balances that set it off.

-- name: store_balances
-- In the order of the keys, so that two transactions that store the same cannot deadlock.
INSERT INTO balances (workspace_id, user_id, version, usable)
SELECT * FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[], %(versions)s::bigint[], %(usables)s::bigint[])
ON CONFLICT (workspace_id, user_id) DO UPDATE SET version = excluded.version, usable = excluded.usable
WHERE balances.version < excluded.version;

-- name: low_accounts
-- Of these accounts those that are topped up by themselves, are low, and have no purchase under way.
SELECT auto.workspace_id || '/' || auto.user_id, auto.not_before
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS moved (workspace_id, user_id)
JOIN auto_top_ups AS auto USING (workspace_id, user_id)
JOIN balances AS balance USING (workspace_id, user_id)
WHERE auto.is_on AND auto.purchase_id IS NULL
  AND balance.usable < auto.threshold_credits AND balance.version >= auto.credited_version;

-- name: hold_balance
-- Whoever stores a balance of this account at the moment is waited for, and whoever comes later sees what is set here.
INSERT INTO balances (workspace_id, user_id, version, usable) VALUES (%(workspace_id)s, %(user_id)s, 0, 0)
ON CONFLICT (workspace_id, user_id) DO UPDATE SET version = balances.version;

-- name: balance
SELECT version, usable FROM balances
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND version > 0;

-- name: lock_auto_top_up
SELECT workspace_id, user_id, is_on, actor_id, package_id, threshold_credits, monthly_cap_minor, currency,
       purchase_id::text, purchases, declines, noted_attempt, not_before, held_back_for, credited_version
FROM auto_top_ups WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s FOR UPDATE;

-- name: auto_cause
SELECT cause_source AS source, cause_id AS id, correlation_id, traceparent
FROM auto_top_ups WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s;

-- name: store_auto_top_up
-- Said again it begins anew; an older word than the one that stands changes nothing. What is under way goes on.
INSERT INTO auto_top_ups (workspace_id, user_id, is_on, actor_id, package_id, threshold_credits, monthly_cap_minor,
                          currency, set_at, cause_source, cause_id, correlation_id, traceparent)
VALUES (%(workspace_id)s, %(user_id)s, true, %(actor_id)s, %(package_id)s, %(threshold_credits)s, %(monthly_cap_minor)s,
        %(currency)s, %(set_at)s, %(cause_source)s, %(cause_id)s, %(correlation_id)s, %(traceparent)s)
ON CONFLICT (workspace_id, user_id) DO UPDATE
SET is_on = true, actor_id = excluded.actor_id, package_id = excluded.package_id,
    threshold_credits = excluded.threshold_credits, monthly_cap_minor = excluded.monthly_cap_minor,
    currency = excluded.currency, set_at = excluded.set_at, cause_source = excluded.cause_source,
    cause_id = excluded.cause_id, correlation_id = excluded.correlation_id, traceparent = excluded.traceparent,
    declines = 0, not_before = NULL, held_back_for = NULL,
    noted_attempt = COALESCE((SELECT attempt FROM payments
                              WHERE purchase_id = auto_top_ups.purchase_id AND state = 'declined'),
                             auto_top_ups.noted_attempt)
WHERE auto_top_ups.set_at <= excluded.set_at;

-- name: switch_off
UPDATE auto_top_ups SET is_on = false, held_back_for = NULL
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND is_on;

-- name: begin_auto_purchase
UPDATE auto_top_ups
SET purchase_id = %(purchase_id)s, purchases = purchases + 1, noted_attempt = 0, not_before = NULL, held_back_for = NULL
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND is_on AND purchase_id IS NULL;

-- name: keep_auto_purchase
INSERT INTO auto_purchases (purchase_id, workspace_id, user_id, begun_at)
VALUES (%(purchase_id)s, %(workspace_id)s, %(user_id)s, %(at)s);

-- name: end_auto_purchase
UPDATE auto_top_ups
SET purchase_id = NULL, declines = CASE WHEN %(paid)s THEN 0 ELSE declines END, not_before = %(not_before)s,
    held_back_for = NULL
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND purchase_id = %(purchase_id)s;

-- name: note_decline
UPDATE auto_top_ups
SET declines = declines + 1, noted_attempt = %(attempt)s, not_before = %(not_before)s,
    is_on = declines + 1 < %(allowed)s
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND purchase_id = %(purchase_id)s;

-- name: hold_back
UPDATE auto_top_ups SET held_back_for = %(reason)s, not_before = %(not_before)s
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s;

-- name: note_credits
-- From now on only balances that know of these credits count. Without their version: any newer than the one known.
UPDATE auto_top_ups AS auto
SET credited_version = GREATEST(auto.credited_version, COALESCE(line.version, (
        SELECT balance.version + 1 FROM balances AS balance
        WHERE (balance.workspace_id, balance.user_id) = (auto.workspace_id, auto.user_id)), 0))
FROM unnest(%(user_ids)s::text[], %(versions)s::bigint[]) AS line (user_id, version)
WHERE auto.workspace_id = %(workspace_id)s AND auto.user_id = line.user_id;

-- name: accounts_of_purchase
-- The accounts with auto top-up that a purchase is for.
SELECT purchase.workspace_id || '/' || line.user_id
FROM purchases AS purchase
JOIN purchase_lines AS line USING (purchase_id)
JOIN auto_top_ups AS auto ON (auto.workspace_id, auto.user_id) = (purchase.workspace_id, line.user_id)
WHERE purchase.purchase_id = %(purchase_id)s AND (auto.is_on OR auto.purchase_id = purchase.purchase_id);

-- name: is_being_topped_up
-- Anybody's purchase that will bring this account credits by itself. The week bounds what is read.
SELECT EXISTS (
    SELECT FROM purchases AS purchase JOIN purchase_lines AS line USING (purchase_id)
    WHERE purchase.workspace_id = %(workspace_id)s AND line.user_id = %(user_id)s
      AND purchase.state IN ('accepted', 'action_required', 'processing', 'paid')
      AND purchase.accepted_at >= %(now)s - interval '7 days'
);

-- name: spent_in_month
SELECT COALESCE(sum(purchase.total_minor), 0)::bigint
FROM auto_purchases AS auto
JOIN purchases AS purchase USING (purchase_id)
JOIN payments AS payment USING (purchase_id)
JOIN payment_attempts AS attempt ON (attempt.purchase_id, attempt.attempt) = (payment.purchase_id, payment.attempt)
WHERE auto.workspace_id = %(workspace_id)s AND auto.user_id = %(user_id)s
  AND auto.begun_at >= %(first)s - interval '7 days' AND purchase.currency = %(currency)s
  AND purchase.state NOT IN ('declined', 'cancelled')
  AND attempt.commanded_at >= %(first)s AND attempt.commanded_at < %(next)s;
