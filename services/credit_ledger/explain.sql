-- What `explain` reads: one account, up to a moment. The search_path is the ledger's schema.

-- name: account
SELECT version, quota, period_start, period_end FROM accounts WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s;

-- name: lots
SELECT lot_id, kind, opened_at, period_start, period_end, purchase_id FROM lots
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s
ORDER BY kind, opened_at, lot_id;

-- name: movements
-- Into a lot and out of it, each with what caused it: found by the transaction, or for what was bought by the lot.
WITH causes AS (
    SELECT transaction_id, 'usage' AS cause, user_id AS who, source, usage_id AS id FROM usages
    WHERE workspace_id = %(workspace_id)s AND outcome = 'burned'
    UNION ALL
    SELECT usage_reversals.transaction_id, 'usage taken back', user_id, source, usage_id
    FROM usage_reversals JOIN usages USING (workspace_id, source, usage_id) WHERE workspace_id = %(workspace_id)s
    UNION ALL
    SELECT transaction_id, 'hold', user_id, source, hold_id FROM holds
    WHERE workspace_id = %(workspace_id)s AND transaction_id IS NOT NULL
    UNION ALL
    SELECT hold_ends.transaction_id, 'hold ' || how, user_id, source, hold_id
    FROM hold_ends JOIN holds USING (workspace_id, source, hold_id) WHERE workspace_id = %(workspace_id)s
    UNION ALL
    SELECT transaction_id, 'plan or seat changed', NULL, NULL, quota_before || ' to ' || quota FROM quota_resizes
    WHERE workspace_id = %(workspace_id)s AND transaction_id IS NOT NULL
)
SELECT moved.decided_at, lots.lot_id, lots.kind, moved.contra, moved.credits, moved.transaction_id,
       coalesce(causes.cause, CASE moved.contra
           WHEN 'top_up_issued' THEN 'purchase' WHEN 'quota_issued' THEN 'period begun' WHEN 'lapsed' THEN 'period over'
       END) AS cause,
       coalesce(causes.who, CASE moved.contra WHEN 'top_up_issued' THEN purchases.buyer_id END) AS who,
       causes.source,
       coalesce(causes.id, CASE moved.contra WHEN 'top_up_issued' THEN lots.purchase_id::text END) AS id
FROM lots
CROSS JOIN LATERAL (
    SELECT decided_at, transaction_id, ordinal, debit_contra AS contra, credits
    FROM postings WHERE credit_lot_id = lots.lot_id
    UNION ALL
    SELECT decided_at, transaction_id, ordinal, credit_contra, -credits FROM postings WHERE debit_lot_id = lots.lot_id
) AS moved
LEFT JOIN causes USING (transaction_id)
LEFT JOIN purchases USING (workspace_id, purchase_id)
WHERE lots.workspace_id = %(workspace_id)s AND lots.user_id = %(user_id)s AND moved.decided_at <= %(at)s
ORDER BY moved.decided_at, moved.transaction_id, moved.ordinal;

-- name: resizes
SELECT DISTINCT ON (period_start) period_start, quota FROM quota_resizes
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND decided_at <= %(at)s
ORDER BY period_start, version DESC;
