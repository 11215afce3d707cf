-- Usages that were taken back, and what those burned.

-- name: burned_by_usages
-- What never changes: it may be read before anything is locked. One row per lot, one without a lot for a refused usage.
SELECT found.workspace_id, found.source, found.usage_id, lots.user_id, postings.debit_lot_id, postings.credits
FROM unnest(%(workspace_ids)s::text[], %(sources)s::text[], %(usage_ids)s::text[]) AS wanted (workspace_id, source, usage_id)
CROSS JOIN LATERAL (
    SELECT * FROM usages
    WHERE usages.workspace_id = wanted.workspace_id AND usages.source = wanted.source AND usages.usage_id = wanted.usage_id
    LIMIT 1
) AS found
LEFT JOIN postings ON postings.transaction_id = found.transaction_id
LEFT JOIN lots ON lots.lot_id = postings.debit_lot_id
ORDER BY found.workspace_id, found.source, found.usage_id, postings.ordinal;

-- name: reversed
SELECT workspace_id, source, usage_id FROM usage_reversals
WHERE (workspace_id, source, usage_id) IN (
    SELECT * FROM unnest(%(workspace_ids)s::text[], %(sources)s::text[], %(usage_ids)s::text[])
);

-- name: add_reversals
INSERT INTO usage_reversals (workspace_id, source, usage_id, transaction_id, returned, lapsed, decided_at)
SELECT * FROM unnest(
    %(workspace_ids)s::text[], %(sources)s::text[], %(usage_ids)s::text[], %(transaction_ids)s::uuid[],
    %(returned)s::bigint[], %(lapsed)s::bigint[], %(decided_at)s::timestamptz[]
);
