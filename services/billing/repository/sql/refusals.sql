-- Insert only: a refusal is final for its id.

-- name: refusal_of_purchase
SELECT content_hash, reason, detail, try_again_at FROM refused_purchases
WHERE workspace_id = %(workspace_id)s AND purchase_id = %(id)s;

-- name: refusal_of_request
SELECT content_hash, reason, detail, try_again_at FROM refused_requests
WHERE workspace_id = %(workspace_id)s AND request_id = %(id)s;

-- name: remember_refused_purchase
INSERT INTO refused_purchases (workspace_id, purchase_id, content_hash, reason, detail, try_again_at, refused_at)
VALUES (%(workspace_id)s, %(id)s, %(content_hash)s, %(reason)s, %(detail)s, %(try_again_at)s,
        %(refused_at)s)
ON CONFLICT DO NOTHING;

-- name: remember_refused_request
INSERT INTO refused_requests (workspace_id, request_id, content_hash, reason, detail, try_again_at, refused_at)
VALUES (%(workspace_id)s, %(id)s, %(content_hash)s, %(reason)s, %(detail)s, %(try_again_at)s,
        %(refused_at)s)
ON CONFLICT DO NOTHING;

-- name: refusal_of_refund
SELECT content_hash, reason, detail, NULL::timestamptz FROM refused_refunds
WHERE workspace_id = %(workspace_id)s AND refund_id = %(id)s;

-- name: remember_refused_refund
INSERT INTO refused_refunds (workspace_id, refund_id, content_hash, reason, detail, refused_at)
VALUES (%(workspace_id)s, %(id)s, %(content_hash)s, %(reason)s, %(detail)s, %(refused_at)s)
ON CONFLICT DO NOTHING;
