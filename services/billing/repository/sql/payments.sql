-- name: lock_payment
SELECT payment.purchase_id::text, payment.workspace_id, payment.customer_id, payment.amount_minor, payment.currency,
       payment.description, payment.state, payment.payment_intent_id AS intent_id, payment.return_url,
       payment.authenticate_url, payment.tries, attempt.attempt AS number, attempt.payment_method_id,
       attempt.idempotency_key::text, attempt.commanded_at, attempt.first_tried_at, attempt.reason,
       attempt.decline_code, attempt.previous_charge_id, attempt.method_checked,
       attempt.off_session
FROM payments AS payment
JOIN payment_attempts AS attempt ON (attempt.purchase_id, attempt.attempt) = (payment.purchase_id, payment.attempt)
WHERE payment.purchase_id = %(purchase_id)s
FOR UPDATE OF payment;

-- name: insert_payment
INSERT INTO payments (purchase_id, workspace_id, customer_id, amount_minor, currency, description, state, attempt)
VALUES (%(purchase_id)s, %(workspace_id)s, %(customer_id)s, %(amount_minor)s, %(currency)s, %(description)s,
        'created', 1);

-- name: adopt_intent
UPDATE payments SET state = 'unknown', payment_intent_id = %(intent_id)s
WHERE purchase_id = %(purchase_id)s AND state = 'created' AND payment_intent_id IS NULL;

-- name: insert_attempt
INSERT INTO payment_attempts (purchase_id, attempt, actor_id, payment_method_id, idempotency_key, commanded_at,
                              previous_charge_id, cause_source, cause_id, correlation_id, traceparent, off_session)
VALUES (%(purchase_id)s, %(attempt)s, %(actor_id)s, %(payment_method_id)s, %(idempotency_key)s, %(commanded_at)s,
        (SELECT charge_id FROM payments WHERE purchase_id = %(purchase_id)s),
        %(cause_source)s, %(cause_id)s, %(correlation_id)s, %(traceparent)s,
        %(off_session)s);

-- name: begin_attempt
UPDATE payments SET state = 'created', attempt = %(attempt)s, tries = 0
WHERE purchase_id = %(purchase_id)s AND state = 'declined' AND attempt = %(attempt)s - 1;

-- name: move_payment
-- Compare-and-set. Tries grow while it stands, and while sending and reading take turns; else they begin anew.
UPDATE payments
SET state = %(to)s,
    tries = CASE
        WHEN state = %(to)s OR (state IN ('charging', 'unknown') AND %(to)s IN ('charging', 'unknown')) THEN tries + 1
        ELSE 0
    END,
    authenticate_url = CASE
        WHEN %(to)s = 'requires_action' THEN COALESCE(authenticate_url, %(authenticate_url)s)
    END
WHERE purchase_id = %(purchase_id)s AND state = %(from)s;

-- name: note_intent
-- The first intent of a purchase is its only one; the unique constraint stands behind it.
UPDATE payments
SET payment_intent_id = COALESCE(payment_intent_id, %(intent_id)s), charge_id = COALESCE(%(charge_id)s, charge_id)
WHERE purchase_id = %(purchase_id)s;

-- name: keep_return_url
UPDATE payments SET return_url = COALESCE(return_url, %(return_url)s)
WHERE purchase_id = %(purchase_id)s RETURNING return_url;

-- name: note_first_try
UPDATE payment_attempts SET first_tried_at = COALESCE(first_tried_at, %(at)s)
WHERE purchase_id = %(purchase_id)s AND attempt = %(attempt)s;

-- name: note_checked
UPDATE payment_attempts SET method_checked = true WHERE purchase_id = %(purchase_id)s AND attempt = %(attempt)s;

-- name: reading_is_due
SELECT FROM timers WHERE kind = %(kind)s AND ref = %(purchase_id)s AND state = 'waiting' AND due_at <= %(now)s;

-- name: note_failure
UPDATE payment_attempts SET reason = %(reason)s, decline_code = %(decline_code)s
WHERE purchase_id = %(purchase_id)s AND attempt = %(attempt)s;

-- name: attempt_method
SELECT payment_method_id FROM payment_attempts WHERE purchase_id = %(purchase_id)s AND attempt = %(attempt)s;

-- name: attempt_cause
SELECT cause_source AS source, cause_id AS id, correlation_id, traceparent
FROM payment_attempts WHERE purchase_id = %(purchase_id)s AND attempt = %(attempt)s;

-- name: workspaces_of_payments
SELECT DISTINCT workspace_id FROM payments WHERE purchase_id = ANY(%(purchase_ids)s::uuid[]);
