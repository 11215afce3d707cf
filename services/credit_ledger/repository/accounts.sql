-- Accounts, lots and postings. One order of locks for everybody: workspaces, then accounts: pool first, then by user.

-- name: ensure_accounts
INSERT INTO accounts (workspace_id, user_id)
SELECT wanted.workspace_id, wanted.user_id
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS wanted (workspace_id, user_id)
WHERE NOT EXISTS (
    SELECT FROM accounts WHERE accounts.workspace_id = wanted.workspace_id AND accounts.user_id = wanted.user_id
)
ORDER BY wanted.workspace_id, wanted.user_id <> '~pool', wanted.user_id
ON CONFLICT (workspace_id, user_id) DO NOTHING;

-- name: lock_accounts
SELECT accounts.workspace_id, accounts.user_id, accounts.version, accounts.period_start, accounts.period_end,
       accounts.late_until, accounts.held, accounts.holds_until, accounts.quota, accounts.debt
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS wanted (workspace_id, user_id)
JOIN accounts ON accounts.workspace_id = wanted.workspace_id AND accounts.user_id = wanted.user_id
ORDER BY accounts.workspace_id, accounts.user_id <> '~pool', accounts.user_id
FOR UPDATE OF accounts;

-- name: lock_accounts_of_workspaces
SELECT workspace_id, user_id, version, period_start, period_end, late_until, held, holds_until, quota, debt
FROM accounts
WHERE workspace_id = ANY(%(workspace_ids)s)
ORDER BY workspace_id, user_id <> '~pool', user_id
FOR UPDATE;

-- name: open_lots
-- A statement after the lock's own, so that it sees what the lock's last holder committed.
SELECT found.workspace_id, found.user_id, found.lot_id, found.kind, found.granted, found.remaining, found.opened_at,
       found.period_start, found.period_end, found.purchase_id, found.remaining AS stored,
       found.withheld, found.grant_id, found.frozen, found.taken, found.owed, found.settled, found.withdrawn
FROM unnest(%(workspace_ids)s::text[], %(user_ids)s::text[]) AS wanted (workspace_id, user_id)
CROSS JOIN LATERAL (
    SELECT * FROM lots
    WHERE lots.workspace_id = wanted.workspace_id AND lots.user_id = wanted.user_id AND lots.is_open
    OFFSET 0  -- keeps the planner from turning it into one scan of all lots
) AS found;

-- name: lots
-- By their ids, open or not; the last column says whether what was left of the lot has lapsed before.
SELECT workspace_id, user_id, lots.lot_id, kind, granted, remaining, opened_at, period_start, period_end, purchase_id,
       remaining AS stored, withheld, grant_id, frozen, taken, owed, settled, withdrawn,
       EXISTS (SELECT FROM postings WHERE postings.transaction_id = wanted.lapse) AS lapsed
FROM unnest(%(lot_ids)s::uuid[], %(lapses)s::uuid[]) AS wanted (lot_id, lapse)
JOIN lots ON lots.lot_id = wanted.lot_id;

-- name: add_lots
INSERT INTO lots (lot_id, workspace_id, user_id, kind, granted, remaining, opened_at, period_start, period_end, purchase_id,
                  grant_id)
SELECT * FROM unnest(
    %(lot_ids)s::uuid[], %(workspace_ids)s::text[], %(user_ids)s::text[], %(kinds)s::text[], %(granted)s::bigint[],
    %(remaining)s::bigint[], %(opened_at)s::timestamptz[], %(period_starts)s::timestamptz[],
    %(period_ends)s::timestamptz[], %(purchase_ids)s::uuid[], %(grant_ids)s::uuid[]
);

-- name: add_resizes
INSERT INTO quota_resizes (workspace_id, user_id, version, period_start, quota_before, quota, grown, transaction_id, decided_at)
SELECT * FROM unnest(
    %(workspace_id)s::text[], %(user_id)s::text[], %(version)s::bigint[], %(period_start)s::timestamptz[],
    %(quota_before)s::bigint[], %(quota)s::bigint[], %(grown)s::bigint[], %(transaction_id)s::uuid[],
    %(decided_at)s::timestamptz[]
);

-- name: resize_lots
-- What is granted to a quota only ever grows; of a bought lot it is that of its grant, by the foreign key.
UPDATE lots SET granted = greatest(lots.granted, resized.granted), withheld = resized.withheld
FROM unnest(%(lot_ids)s::uuid[], %(granted)s::bigint[], %(withheld)s::bigint[]) AS resized (lot_id, granted, withheld)
WHERE lots.lot_id = resized.lot_id;

-- name: take_from_lots
-- By difference, not by value: if ever two holders of one lock existed, the constraint would stop the second.
UPDATE lots SET remaining = lots.remaining - taken.credits
FROM unnest(%(lot_ids)s::uuid[], %(credits)s::bigint[]) AS taken (lot_id, credits)
WHERE lots.lot_id = taken.lot_id;

-- name: mark_lots
-- What recalls and debts did to bought lots.
UPDATE lots
SET frozen = marked.frozen, taken = marked.taken, owed = marked.owed, settled = marked.settled, withdrawn = marked.withdrawn
FROM unnest(%(lot_ids)s::uuid[], %(frozen)s::boolean[], %(taken)s::bigint[], %(owed)s::bigint[], %(settled)s::bigint[],
            %(withdrawn)s::bigint[]) AS marked (lot_id, frozen, taken, owed, settled, withdrawn)
WHERE lots.lot_id = marked.lot_id;

-- name: write_accounts
UPDATE accounts
SET version = new.version, period_start = new.period_start, period_end = new.period_end, late_until = new.late_until,
    held = new.held, holds_until = new.holds_until, quota = new.quota, debt = new.debt
FROM unnest(
    %(workspace_ids)s::text[], %(user_ids)s::text[], %(versions)s::bigint[], %(period_starts)s::timestamptz[],
    %(period_ends)s::timestamptz[], %(late_untils)s::timestamptz[], %(held)s::bigint[], %(holds_untils)s::timestamptz[],
    %(quotas)s::bigint[], %(debts)s::bigint[]
) AS new (workspace_id, user_id, version, period_start, period_end, late_until, held, holds_until, quota, debt)
WHERE accounts.workspace_id = new.workspace_id AND accounts.user_id = new.user_id AND accounts.version < new.version;

-- name: copy_postings
COPY postings (transaction_id, ordinal, debit_contra, debit_lot_id, credit_contra, credit_lot_id, credits, decided_at)
FROM STDIN (FORMAT BINARY);
