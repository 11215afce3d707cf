-- Holds and how they ended. A hold's parts are the postings of its transaction.

-- name: holds
-- LATERAL with a limit: one look into the primary key per hold, however long the history is.
SELECT found.workspace_id, found.source, found.hold_id, found.user_id, found.action, found.quantity, found.credits,
       found.expires_in_s, found.catalog_version, found.account_id, found.transaction_id, found.expires_at, found.reason,
       found.available, found.decided_at, found.state
FROM unnest(%(workspace_ids)s::text[], %(sources)s::text[], %(hold_ids)s::text[]) AS wanted (workspace_id, source, hold_id)
CROSS JOIN LATERAL (
    SELECT * FROM holds
    WHERE holds.workspace_id = wanted.workspace_id AND holds.source = wanted.source AND holds.hold_id = wanted.hold_id
    LIMIT 1
) AS found;

-- name: holds_of_accounts
-- Open ones that are over at `last`, and expired ones that were not yet at `first`: by their two indexes.
SELECT found.workspace_id, found.source, found.hold_id, found.user_id, found.action, found.quantity, found.credits,
       found.expires_in_s, found.catalog_version, found.account_id, found.transaction_id, found.expires_at, found.reason,
       found.available, found.decided_at, found.state
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS wanted (workspace_id, user_id)
CROSS JOIN LATERAL (
    SELECT * FROM holds
    WHERE holds.workspace_id = wanted.workspace_id AND holds.account_id = wanted.user_id
      AND holds.state = 'held' AND holds.expires_at <= %(last)s
    UNION ALL
    SELECT * FROM holds
    WHERE holds.workspace_id = wanted.workspace_id AND holds.account_id = wanted.user_id
      AND holds.state = 'expired' AND holds.expires_at > %(first)s
) AS found;

-- name: ends
SELECT found.workspace_id, found.source, found.hold_id, found.how, found.burned, found.returned, found.lapsed
FROM unnest(%(workspace_ids)s::text[], %(sources)s::text[], %(hold_ids)s::text[]) AS wanted (workspace_id, source, hold_id)
CROSS JOIN LATERAL (
    SELECT * FROM hold_ends
    WHERE hold_ends.workspace_id = wanted.workspace_id AND hold_ends.source = wanted.source
      AND hold_ends.hold_id = wanted.hold_id
    ORDER BY ordinal DESC
    LIMIT 1
) AS found;

-- name: parts
SELECT transaction_id, debit_lot_id, credits FROM postings
WHERE transaction_id = ANY(%(transaction_ids)s) AND credit_contra = %(sink)s
ORDER BY transaction_id, ordinal;

-- name: copy_holds
COPY holds (workspace_id, source, hold_id, user_id, action, quantity, credits, expires_in_s, catalog_version, account_id,
            transaction_id, expires_at, reason, available, decided_at, state)
FROM STDIN (FORMAT BINARY);

-- name: copy_ends
COPY hold_ends (workspace_id, source, hold_id, ordinal, how, transaction_id, burned, returned, lapsed, decided_at)
FROM STDIN (FORMAT BINARY);

-- name: write_states
UPDATE holds SET state = new.state
FROM unnest(%(workspace_ids)s::text[], %(sources)s::text[], %(hold_ids)s::text[], %(states)s::text[])
    AS new (workspace_id, source, hold_id, state)
WHERE holds.workspace_id = new.workspace_id AND holds.source = new.source AND holds.hold_id = new.hold_id
  AND holds.state <> new.state;
