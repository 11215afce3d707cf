-- name: lock_refund
SELECT refund_id::text, workspace_id, purchase_id::text, asked_by, actor_id, note, amount_minor, currency,
       payment_intent_id, idempotency_key::text, content_hash, state, reason, processor_refund_id, step, tries,
       accepted_at, first_tried_at, cause_source, cause_id, correlation_id, traceparent
FROM refunds WHERE refund_id = %(refund_id)s FOR UPDATE;

-- name: lines_of_refund
SELECT user_id, lot_id::text FROM refund_lines WHERE refund_id = %(refund_id)s ORDER BY user_id;

-- name: insert_refund
INSERT INTO refunds (refund_id, workspace_id, purchase_id, asked_by, actor_id, note, amount_minor, currency,
                     payment_intent_id, idempotency_key, content_hash, state, accepted_at, cause_source, cause_id,
                     correlation_id, traceparent)
VALUES (%(refund_id)s, %(workspace_id)s, %(purchase_id)s, %(asked_by)s, %(actor_id)s, %(note)s, %(amount_minor)s,
        %(currency)s, %(payment_intent_id)s, %(idempotency_key)s, %(content_hash)s, 'accepted', %(accepted_at)s,
        %(cause_source)s, %(cause_id)s, %(correlation_id)s, %(traceparent)s)
ON CONFLICT (refund_id) DO NOTHING;

-- name: insert_refund_lines
INSERT INTO refund_lines (refund_id, purchase_id, user_id, lot_id, price_minor)
SELECT %(refund_id)s, purchase_id, user_id, lot_id, price_minor
FROM purchase_lines WHERE purchase_id = %(purchase_id)s AND user_id = ANY(%(user_ids)s);

-- name: lines_in_refunds
-- Whose lines are refunded, or are being refunded; also by the processor itself.
SELECT line.user_id, refund.state
FROM refund_lines AS line JOIN refunds AS refund USING (refund_id)
WHERE line.purchase_id = %(purchase_id)s AND NOT line.failed
UNION
SELECT user_id, 'succeeded' FROM mirrored_refund_lines
WHERE purchase_id = %(purchase_id)s AND NOT failed;

-- name: refunded_minor
SELECT (SELECT COALESCE(sum(amount_minor), 0) FROM refunds
        WHERE purchase_id = %(purchase_id)s AND state = 'succeeded')
     + (SELECT COALESCE(sum(amount_minor), 0) FROM mirrored_refunds
        WHERE purchase_id = %(purchase_id)s AND state <> 'failed');

-- name: going_back_minor
-- With what is under way: no refund of ours may begin beyond what this leaves.
SELECT (SELECT COALESCE(sum(amount_minor), 0) FROM refunds
        WHERE purchase_id = %(purchase_id)s AND state <> 'failed')
     + (SELECT COALESCE(sum(amount_minor), 0) FROM mirrored_refunds
        WHERE purchase_id = %(purchase_id)s AND state <> 'failed');

-- name: move_refund
-- Compare-and-set; to the same state counts one more try. The processor's id stays once it is known.
UPDATE refunds
SET state = %(to)s, reason = %(reason)s, step = step + %(steps)s,
    tries = CASE WHEN state = %(to)s THEN tries + 1 ELSE 0 END,
    processor_refund_id = COALESCE(processor_refund_id, %(processor_refund_id)s)
WHERE refund_id = %(refund_id)s AND state = %(from)s;

-- name: note_first_refund_try
UPDATE refunds SET first_tried_at = %(at)s WHERE refund_id = %(refund_id)s AND first_tried_at IS NULL;

-- name: free_lines_of_refund
UPDATE refund_lines SET failed = true WHERE refund_id = %(refund_id)s AND NOT failed;

-- name: refunds_to_read
-- Those of a purchase that the processor may tell something new about.
SELECT refund_id::text FROM refunds
WHERE purchase_id = %(purchase_id)s AND state IN ('pending', 'succeeded', 'parked') ORDER BY refund_id;

-- name: proposal
SELECT asked_by, content_hash FROM refund_proposals
WHERE proposal_id = %(proposal_id)s AND workspace_id = %(workspace_id)s;

-- name: keep_proposal
INSERT INTO refund_proposals (proposal_id, workspace_id, purchase_id, asked_by, content_hash, asked_at)
VALUES (%(proposal_id)s, %(workspace_id)s, %(purchase_id)s, %(asked_by)s, %(content_hash)s, %(asked_at)s)
ON CONFLICT (proposal_id) DO NOTHING;
