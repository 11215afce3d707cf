-- What `explain` reads: one account, up to a moment. The search_path is the ledger's schema.

-- name: account
SELECT version, quota, period_start, period_end FROM accounts WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s;

-- name: lots
SELECT lot_id, kind, opened_at, period_start, period_end, purchase_id, grant_id FROM lots
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
    UNION ALL
    SELECT DISTINCT transaction_id,
           coalesce(cause, 'recall') || ' ' || recall_id || CASE verdict WHEN 'take_back' THEN ' taken back' ELSE ' given back' END,
           NULL, recall_steps.event_source, recall_steps.event_id
    FROM recall_steps JOIN recalls USING (workspace_id, recall_id) WHERE workspace_id = %(workspace_id)s
    UNION ALL
    SELECT transaction_id, 'operator: ' || replace(kind, '_', ' ') || ', ' || reason, operator_id, event_source, event_id
    FROM operator_deeds WHERE workspace_id = %(workspace_id)s AND transaction_id IS NOT NULL
)
SELECT moved.decided_at, lots.lot_id, lots.kind, moved.contra, moved.credits, moved.transaction_id,
       coalesce(causes.cause, CASE moved.contra
           WHEN 'top_up_issued' THEN 'purchase' WHEN 'debt' THEN 'debt settled' WHEN 'quota_issued' THEN 'period begun' WHEN 'lapsed' THEN 'period over'
       END) AS cause,
       coalesce(causes.who, CASE WHEN causes.cause IS NULL AND lots.kind = 'top_up' THEN purchases.buyer_id END) AS who,
       causes.source,
       coalesce(causes.id, CASE WHEN causes.cause IS NULL AND lots.kind = 'top_up' THEN lots.purchase_id::text END) AS id
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

-- name: freezes
-- What recalls froze of it, and until when: their first verdict about the line. None of it moved anything.
SELECT recalls.decided_at, lots.lot_id, coalesce(recalls.cause, 'recall') AS cause, recalls.recall_id, recalls.event_source,
       recalls.event_id, ended.at
FROM lots
JOIN recall_lines USING (workspace_id, lot_id)
JOIN recalls USING (workspace_id, recall_id)
LEFT JOIN LATERAL (
    SELECT min(decided_at) AS at FROM recall_steps
    WHERE recall_steps.workspace_id = recalls.workspace_id AND recall_steps.recall_id = recalls.recall_id
      AND recall_steps.lot_id = lots.lot_id AND recall_steps.decided_at <= %(at)s
) AS ended ON true
WHERE lots.workspace_id = %(workspace_id)s AND lots.user_id = %(user_id)s AND recalls.decided_at <= %(at)s
  AND recalls.refusal IS NULL
ORDER BY recalls.decided_at, recalls.recall_id;

-- name: resizes
SELECT DISTINCT ON (period_start) period_start, quota FROM quota_resizes
WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s AND decided_at <= %(at)s
ORDER BY period_start, version DESC;
