-- name: store_event
INSERT INTO stripe_events (event_id, type, payment_intent_id, purchase_id, created_at, received_at)
VALUES (%(event_id)s, %(type)s, %(intent_id)s, %(purchase_id)s, %(created_at)s, %(received_at)s)
ON CONFLICT DO NOTHING RETURNING event_id;

-- name: purchase_of_intent
SELECT purchase_id::text FROM payments WHERE payment_intent_id = %(intent_id)s;

-- name: purchase_exists
SELECT FROM payments WHERE purchase_id = %(purchase_id)s;

-- name: intent_named_for
SELECT payment_intent_id FROM stripe_events
WHERE purchase_id = %(purchase_id)s AND payment_intent_id IS NOT NULL ORDER BY received_at DESC LIMIT 1;

-- name: heard_of_dispute
SELECT FROM payments JOIN stripe_events AS event USING (payment_intent_id)
WHERE payments.purchase_id = %(purchase_id)s AND event.type LIKE 'charge.dispute.%%' LIMIT 1;

-- name: heard_of_refund
SELECT FROM payments JOIN stripe_events AS event USING (payment_intent_id)
WHERE payments.purchase_id = %(purchase_id)s AND (event.type LIKE 'refund.%%' OR event.type LIKE 'charge.refund%%') LIMIT 1;
