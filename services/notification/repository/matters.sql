-- name: request_made
INSERT INTO requests (workspace_id, request_id, facts) VALUES (%(workspace_id)s, %(request_id)s, %(facts)s)
ON CONFLICT (workspace_id, request_id) DO UPDATE SET facts = coalesce(requests.facts, excluded.facts)
RETURNING resolved_at IS NOT NULL;

-- name: request_resolved
INSERT INTO requests (workspace_id, request_id, resolved_at) VALUES (%(workspace_id)s, %(request_id)s, %(at)s)
ON CONFLICT (workspace_id, request_id) DO UPDATE SET resolved_at = coalesce(requests.resolved_at, excluded.resolved_at);

-- name: find_request
SELECT facts FROM requests WHERE workspace_id = %(workspace_id)s AND request_id = %(request_id)s;

-- name: purchase_paid
-- The row is locked either way, so of payment and credits handled at once exactly the later one sees both.
INSERT INTO purchases (workspace_id, purchase_id, paid_source, paid_event_id, paid_at, paid_facts)
VALUES (%(workspace_id)s, %(purchase_id)s, %(source)s, %(event_id)s, %(at)s, %(facts)s)
ON CONFLICT (workspace_id, purchase_id) DO UPDATE
SET paid_source = coalesce(purchases.paid_source, excluded.paid_source),
    paid_event_id = coalesce(purchases.paid_event_id, excluded.paid_event_id),
    paid_at = coalesce(purchases.paid_at, excluded.paid_at),
    paid_facts = coalesce(purchases.paid_facts, excluded.paid_facts)
RETURNING paid_source, paid_event_id, paid_at, paid_facts, credited_at, debts;

-- name: purchase_credited
INSERT INTO purchases (workspace_id, purchase_id, credited_at, debts)
VALUES (%(workspace_id)s, %(purchase_id)s, %(at)s, %(debts)s)
ON CONFLICT (workspace_id, purchase_id) DO UPDATE
SET credited_at = coalesce(purchases.credited_at, excluded.credited_at),
    debts = coalesce(purchases.debts, excluded.debts)
RETURNING paid_source, paid_event_id, paid_at, paid_facts, credited_at, debts;

-- name: recall_opened
INSERT INTO recalls (workspace_id, recall_id, cause) VALUES (%(workspace_id)s, %(recall_id)s, %(cause)s)
ON CONFLICT DO NOTHING;

-- name: cause_of_recall
SELECT cause FROM recalls WHERE workspace_id = %(workspace_id)s AND recall_id = %(recall_id)s;
