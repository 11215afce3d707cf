-- name: parked_payments
SELECT payment.workspace_id, payment.purchase_id::text, payment.amount_minor, payment.currency, attempt.commanded_at,
       payment.attempt, payment.payment_intent_id, count(*) OVER () AS total
FROM payments AS payment
JOIN payment_attempts AS attempt ON (attempt.purchase_id, attempt.attempt) = (payment.purchase_id, payment.attempt)
WHERE payment.state = 'parked' ORDER BY attempt.commanded_at, payment.purchase_id LIMIT %(limit)s;

-- name: first_commanded_at
SELECT min(commanded_at) FROM payment_attempts WHERE purchase_id = %(purchase_id)s;

-- name: insert_review
INSERT INTO parked_reviews (review_id, workspace_id, purchase_id, operator_id, deed, reason, content_hash, asked_at,
                            cause_source, cause_id, correlation_id, traceparent)
VALUES (%(review_id)s, %(workspace_id)s, %(purchase_id)s, %(operator_id)s, %(deed)s, %(reason)s, %(content_hash)s,
        %(asked_at)s, %(cause_source)s, %(cause_id)s, %(correlation_id)s, %(traceparent)s)
ON CONFLICT (review_id) DO NOTHING;

-- name: review
SELECT review_id::text, workspace_id, purchase_id::text, operator_id, deed, content_hash, shown, refused_for, tries,
       cause_source, cause_id, correlation_id, traceparent
FROM parked_reviews WHERE review_id = %(review_id)s FOR UPDATE;

-- name: end_review
UPDATE parked_reviews SET shown = %(shown)s, refused_for = %(refused_for)s WHERE review_id = %(review_id)s;

-- name: count_try
UPDATE parked_reviews SET tries = tries + 1 WHERE review_id = %(review_id)s;
