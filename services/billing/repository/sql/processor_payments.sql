-- name: listed_in_this_life
SELECT EXISTS (
    SELECT FROM processor_listing
    WHERE xmin = written_by::xid AND server_started_at = pg_postmaster_start_time()
);

-- name: read_listing
-- Always one row: when the server started, and until when was listed, NULL for never.
SELECT pg_postmaster_start_time(), (SELECT listed_until FROM processor_listing);

-- name: note_listing
-- Only if it is still the database that was read before the listing: else too little was listed.
INSERT INTO processor_listing (listed_until, written_by, server_started_at)
SELECT %(until)s, pg_current_xact_id(), pg_postmaster_start_time()
WHERE pg_postmaster_start_time() = %(server_started_at)s
  AND (%(since)s::timestamptz IS NULL OR EXISTS (SELECT FROM processor_listing))
ON CONFLICT (single) DO UPDATE
SET listed_until = excluded.listed_until, written_by = excluded.written_by,
    server_started_at = excluded.server_started_at
WHERE processor_listing.listed_until = %(since)s;

-- name: store_payments
-- Those of purchases that we have are no news.
INSERT INTO processor_payments (payment_intent_id, purchase_id, workspace_id, status, amount_minor, currency,
                                customer_id, payment_method_id, listed_at)
SELECT listed.*, %(listed_at)s
FROM unnest(%(intent_ids)s::text[], %(purchase_ids)s::uuid[], %(workspace_ids)s::text[], %(statuses)s::text[],
            %(amounts_minor)s::bigint[], %(currencies)s::text[], %(customer_ids)s::text[],
            %(payment_method_ids)s::text[])
     AS listed (payment_intent_id, purchase_id, workspace_id, status, amount_minor, currency, customer_id,
                payment_method_id)
WHERE NOT EXISTS (SELECT FROM payments WHERE payments.purchase_id = listed.purchase_id)
ORDER BY listed.payment_intent_id
ON CONFLICT (payment_intent_id) DO UPDATE
SET status = excluded.status, payment_method_id = excluded.payment_method_id;

-- name: charged_for
-- Should several name one purchase, then the paid one.
SELECT payment_intent_id AS intent_id, purchase_id::text, workspace_id, status, customer_id, payment_method_id
FROM processor_payments WHERE purchase_id = %(purchase_id)s
ORDER BY status = 'succeeded' DESC, payment_intent_id LIMIT 1;

-- name: unexplained
-- Paid there, listed before this instant, and still without a purchase here.
SELECT purchase_id::text FROM processor_payments
WHERE status = 'succeeded' AND listed_at < %(before)s
  AND NOT EXISTS (SELECT FROM payments WHERE payments.purchase_id = processor_payments.purchase_id)
ORDER BY listed_at LIMIT 100;
