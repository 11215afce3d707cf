-- name: lock_request
SELECT request_id::text, workspace_id, asker_id, package_id, state, expires_at, content_hash, purchase_id::text,
       (SELECT buyer_id FROM purchases WHERE purchases.purchase_id = requests.purchase_id) AS buyer_id
FROM requests WHERE request_id = %(request_id)s FOR UPDATE OF requests;

-- name: open_request_of
SELECT request_id::text, workspace_id, asker_id, package_id, state, expires_at, content_hash, purchase_id::text,
       (SELECT buyer_id FROM purchases WHERE purchases.purchase_id = requests.purchase_id) AS buyer_id
FROM requests
WHERE workspace_id = %(workspace_id)s AND asker_id = %(asker_id)s AND state IN ('requested', 'claimed')
FOR UPDATE OF requests;

-- name: insert_request
INSERT INTO requests (request_id, workspace_id, asker_id, package_id, credits, price_minor, currency, catalog_version,
                      content_hash, state, expires_at, requested_at, cause_source, cause_id, correlation_id, traceparent)
VALUES (%(request_id)s, %(workspace_id)s, %(asker_id)s, %(package_id)s, %(credits)s, %(price_minor)s, %(currency)s,
        %(catalog_version)s, %(content_hash)s, 'requested', %(expires_at)s, %(requested_at)s, %(cause_source)s,
        %(cause_id)s, %(correlation_id)s, %(traceparent)s)
ON CONFLICT (request_id) DO NOTHING;

-- name: move_request
-- Compare-and-set: nothing moves that is no longer where it was seen.
UPDATE requests SET state = %(to)s, purchase_id = %(purchase_id)s
WHERE request_id = %(request_id)s AND state = %(from)s;

-- name: request_cause
SELECT cause_source AS source, cause_id AS id, correlation_id, traceparent
FROM requests WHERE request_id = %(request_id)s;

-- name: workspaces_of_requests
SELECT DISTINCT workspace_id FROM requests WHERE request_id = ANY(%(request_ids)s::uuid[]);
