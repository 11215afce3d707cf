-- The checks of `verify`, in the order in which they are run; each returns the rows that should not be there. A check's
-- name is the sentence that it holds true. The search_path is the ledger's schema.

-- name: no_time_limit
-- Not a check: the whole history is read, which may take longer than any statement of a worker may.
SELECT set_config('statement_timeout', '0', true);

-- name: every_lot_holds_what_its_postings_say
SELECT lots.lot_id, lots.workspace_id, lots.user_id, lots.remaining, coalesce(fold.credits, 0) AS fold
FROM lots
LEFT JOIN (SELECT lot_id, sum(credits) AS credits FROM entries WHERE lot_id IS NOT NULL GROUP BY lot_id) AS fold
    USING (lot_id)
WHERE lots.remaining <> coalesce(fold.credits, 0)
ORDER BY lots.lot_id;

-- name: every_lot_was_filled_once_with_what_it_was_granted
-- A quota may have grown inside its period since: in transactions of resizes, which are counted by the next check.
SELECT lots.lot_id, lots.workspace_id, lots.user_id, lots.granted, coalesce(filled.times, 0) AS times, filled.credits
FROM lots
LEFT JOIN (
    SELECT credit_lot_id AS lot_id, count(*) FILTER (WHERE grown IS NULL) AS times, sum(credits) AS credits, min(debit_contra) AS origin
    FROM postings LEFT JOIN (SELECT transaction_id, grown FROM quota_resizes) AS resizes USING (transaction_id) WHERE credit_lot_id IS NOT NULL AND debit_contra IN ('quota_issued', 'top_up_issued', 'grant_issued') GROUP BY credit_lot_id
) AS filled USING (lot_id)
WHERE filled.times IS DISTINCT FROM 1 OR filled.credits <> lots.granted
   OR filled.origin IS DISTINCT FROM CASE WHEN lots.grant_id IS NULL THEN lots.kind ELSE 'grant' END || '_issued'
ORDER BY lots.lot_id;

-- name: every_growth_of_a_quota_moved_what_it_says
SELECT quota_resizes.workspace_id, quota_resizes.user_id, quota_resizes.version, quota_resizes.grown, lots.lot_id, postings.credits
FROM quota_resizes
LEFT JOIN postings USING (transaction_id)
LEFT JOIN lots ON lots.lot_id = postings.credit_lot_id AND lots.kind = 'quota'
    AND (lots.workspace_id, lots.user_id, lots.period_start)
        = (quota_resizes.workspace_id, quota_resizes.user_id, quota_resizes.period_start)
WHERE quota_resizes.transaction_id IS NOT NULL
  AND (lots.lot_id IS NULL OR postings.debit_contra <> 'quota_issued' OR postings.credits <> quota_resizes.grown)
ORDER BY quota_resizes.workspace_id, quota_resizes.user_id, quota_resizes.version;

-- name: every_quota_gives_what_its_account_says
SELECT lots.lot_id, lots.workspace_id, lots.user_id, lots.granted, lots.withheld, accounts.quota
FROM lots JOIN accounts USING (workspace_id, user_id, period_start)
WHERE lots.kind = 'quota' AND lots.granted - lots.withheld <> accounts.quota
ORDER BY lots.lot_id;

-- name: every_posting_is_of_a_lot_that_exists
SELECT postings.transaction_id, postings.ordinal
FROM postings
WHERE NOT EXISTS (SELECT FROM lots WHERE lots.lot_id = coalesce(postings.debit_lot_id, postings.credit_lot_id))
ORDER BY transaction_id, ordinal;

-- name: every_transaction_is_balanced
SELECT transaction_id, sum(credits) AS credits, count(*) FILTER (WHERE side = 'debit') AS debits,
       count(*) FILTER (WHERE side = 'credit') AS credits_entries
FROM entries
GROUP BY transaction_id
HAVING sum(credits) IS DISTINCT FROM 0 OR count(*) FILTER (WHERE side = 'debit') <> count(*) FILTER (WHERE side = 'credit')
    OR count(*) FILTER (WHERE account IS NULL) > 0
ORDER BY transaction_id;

-- name: the_sum_of_all_entries_is_zero
SELECT sum(credits) AS credits FROM entries HAVING sum(credits) <> 0;

-- name: nothing_is_below_zero_or_above_what_was_granted
SELECT lot_id, workspace_id, user_id, granted, remaining FROM lots
WHERE remaining < 0 OR remaining > granted OR granted <= 0
ORDER BY lot_id;

-- name: every_top_up_lot_is_a_line_of_a_purchase
SELECT lots.lot_id, lots.workspace_id, lots.user_id, lots.granted, grants.credits AS bought
FROM lots LEFT JOIN grants USING (lot_id)
WHERE lots.kind = 'top_up' AND lots.grant_id IS NULL
  AND (grants.lot_id IS NULL OR grants.credits <> lots.granted OR grants.purchase_id <> lots.purchase_id
       OR (grants.workspace_id, grants.user_id) <> (lots.workspace_id, lots.user_id))
ORDER BY lots.lot_id;

-- name: every_purchase_was_credited_with_all_its_lines
SELECT purchases.workspace_id, purchases.purchase_id, purchases.lines, count(lots.lot_id) AS credited
FROM purchases
LEFT JOIN grants USING (workspace_id, purchase_id)
LEFT JOIN lots ON lots.lot_id = grants.lot_id
GROUP BY purchases.workspace_id, purchases.purchase_id, purchases.lines
HAVING count(lots.lot_id) <> purchases.lines
ORDER BY purchases.workspace_id, purchases.purchase_id;

-- name: every_burned_usage_has_postings_of_its_credits
SELECT usages.workspace_id, usages.source, usages.usage_id, usages.credits, coalesce(burned.credits, 0) AS posted
FROM usages
LEFT JOIN (
    SELECT transaction_id, sum(credits) AS credits FROM postings WHERE credit_contra = 'burned' GROUP BY transaction_id
) AS burned USING (transaction_id)
WHERE CASE usages.outcome
          WHEN 'burned' THEN usages.credits IS DISTINCT FROM burned.credits
          ELSE burned.credits IS NOT NULL OR usages.transaction_id IS NOT NULL
      END
ORDER BY usages.workspace_id, usages.source, usages.usage_id;

-- name: every_burning_belongs_to_one_usage_or_hold_and_its_workspace
SELECT postings.transaction_id, min(lots.workspace_id) AS workspace_id, count(DISTINCT causes.id) AS causes
FROM postings
LEFT JOIN lots ON lots.lot_id = postings.debit_lot_id
LEFT JOIN (
    SELECT transaction_id, workspace_id, user_id, source || ' ' || usage_id AS id FROM usages
    UNION ALL
    SELECT hold_ends.transaction_id, holds.workspace_id, holds.user_id, source || ' ' || hold_id
    FROM hold_ends JOIN holds USING (workspace_id, source, hold_id)
    WHERE how = 'captured'
) AS causes ON causes.transaction_id = postings.transaction_id
WHERE postings.credit_contra = 'burned'
GROUP BY postings.transaction_id
HAVING count(DISTINCT (causes.workspace_id, causes.id)) FILTER (WHERE causes.id IS NOT NULL) <> 1
    OR bool_or(lots.workspace_id IS DISTINCT FROM causes.workspace_id)
    OR bool_or(lots.user_id NOT IN (causes.user_id, '~pool'))
ORDER BY postings.transaction_id;

-- name: every_reversal_gave_back_what_its_usage_burned
-- Lot by lot: neither more nor less, and nothing without a reversal.
SELECT coalesce(burned.transaction_id, given_back.transaction_id) AS transaction_id, burned.credits, given_back.credits AS given_back
FROM (
    SELECT usage_reversals.transaction_id, postings.debit_lot_id AS lot_id, postings.credits
    FROM usage_reversals JOIN usages USING (workspace_id, source, usage_id)
    JOIN postings ON postings.transaction_id = usages.transaction_id
) AS burned
FULL JOIN (
    SELECT transaction_id, credit_lot_id AS lot_id, credits FROM postings WHERE debit_contra = 'burned'
) AS given_back USING (transaction_id, lot_id)
WHERE burned.credits IS DISTINCT FROM given_back.credits
ORDER BY 1;

-- name: every_hold_holds_what_its_postings_say
-- Open: all of it, and else nothing. Of one that was captured after it had expired, both ends count.
SELECT holds.workspace_id, holds.source, holds.hold_id, holds.state, holds.credits, coalesce(fold.credits, 0) AS fold
FROM holds
LEFT JOIN (
    SELECT own.workspace_id, own.source, own.hold_id, sum(entries.credits) AS credits
    FROM (
        SELECT workspace_id, source, hold_id, transaction_id FROM holds
        UNION ALL
        SELECT workspace_id, source, hold_id, transaction_id FROM hold_ends
    ) AS own
    JOIN entries USING (transaction_id)
    WHERE entries.account = 'held'
    GROUP BY own.workspace_id, own.source, own.hold_id
) AS fold USING (workspace_id, source, hold_id)
WHERE coalesce(fold.credits, 0) <> CASE holds.state WHEN 'held' THEN holds.credits ELSE 0 END
ORDER BY holds.workspace_id, holds.source, holds.hold_id;

-- name: every_hold_has_ended_as_its_state_says
SELECT holds.workspace_id, holds.source, holds.hold_id, holds.state, last.how, last.burned, last.returned, last.lapsed
FROM holds
LEFT JOIN LATERAL (
    SELECT * FROM hold_ends
    WHERE hold_ends.workspace_id = holds.workspace_id AND hold_ends.source = holds.source
      AND hold_ends.hold_id = holds.hold_id
    ORDER BY ordinal DESC LIMIT 1
) AS last ON true
WHERE CASE
          WHEN holds.state IN ('refused', 'held') THEN last.how IS NOT NULL
          ELSE last.how IS DISTINCT FROM holds.state
               OR last.ordinal = 0 AND last.burned + last.returned + last.lapsed <> holds.credits
               OR last.burned > holds.credits
      END
ORDER BY holds.workspace_id, holds.source, holds.hold_id;

-- name: every_end_of_a_hold_moved_what_it_says
SELECT hold_ends.workspace_id, hold_ends.source, hold_ends.hold_id, hold_ends.ordinal, hold_ends.burned, moved.burned AS posted
FROM hold_ends
LEFT JOIN (
    SELECT transaction_id, coalesce(sum(credits) FILTER (WHERE credit_contra = 'burned'), 0) AS burned,
           coalesce(sum(credits) FILTER (WHERE credit_contra = 'lapsed'), 0) AS lapsed
    FROM postings GROUP BY transaction_id
) AS moved USING (transaction_id)
WHERE (hold_ends.burned, hold_ends.lapsed) <> (coalesce(moved.burned, 0), coalesce(moved.lapsed, 0))
ORDER BY hold_ends.workspace_id, hold_ends.source, hold_ends.hold_id, hold_ends.ordinal;

-- name: everything_held_is_of_a_hold_and_its_account
SELECT postings.transaction_id, postings.ordinal, lots.workspace_id, lots.user_id
FROM postings
JOIN lots ON lots.lot_id = coalesce(postings.debit_lot_id, postings.credit_lot_id)
LEFT JOIN (
    SELECT transaction_id, workspace_id, account_id FROM holds
    UNION ALL
    SELECT hold_ends.transaction_id, holds.workspace_id, account_id
    FROM hold_ends JOIN holds USING (workspace_id, source, hold_id)
) AS own ON own.transaction_id = postings.transaction_id
WHERE 'held' IN (postings.debit_contra, postings.credit_contra)
  AND (lots.workspace_id, lots.user_id) IS DISTINCT FROM (own.workspace_id, own.account_id)
ORDER BY postings.transaction_id, postings.ordinal;

-- name: every_account_holds_what_its_open_holds_say
SELECT accounts.workspace_id, accounts.user_id, accounts.held, coalesce(open.credits, 0) AS credits
FROM accounts
LEFT JOIN (
    SELECT workspace_id, account_id AS user_id, sum(credits) AS credits FROM holds WHERE state = 'held'
    GROUP BY workspace_id, account_id
) AS open USING (workspace_id, user_id)
WHERE accounts.held <> coalesce(open.credits, 0)
ORDER BY accounts.workspace_id, accounts.user_id;

-- name: nothing_bought_ever_lapsed
SELECT postings.transaction_id, lots.lot_id, lots.workspace_id, lots.user_id
FROM postings JOIN lots ON lots.lot_id = postings.debit_lot_id
WHERE postings.credit_contra = 'lapsed' AND lots.kind = 'top_up'
ORDER BY postings.transaction_id;

-- name: every_account_owes_what_its_lots_say
SELECT accounts.workspace_id, accounts.user_id, accounts.debt, coalesce(fold.credits, 0) AS fold
FROM accounts
LEFT JOIN (
    SELECT lots.workspace_id, lots.user_id, sum(CASE WHEN postings.debit_contra = 'debt' THEN credits ELSE -credits END) AS credits
    FROM postings JOIN lots ON lots.lot_id = coalesce(postings.debit_lot_id, postings.credit_lot_id)
    WHERE 'debt' IN (postings.debit_contra, postings.credit_contra)
    GROUP BY lots.workspace_id, lots.user_id
) AS fold USING (workspace_id, user_id)
WHERE accounts.debt <> coalesce(fold.credits, 0) OR accounts.debt < 0
ORDER BY accounts.workspace_id, accounts.user_id;

-- name: every_lot_is_taken_and_has_paid_and_owes_what_its_postings_say
-- What an operator forgave went through a lot that owed, and is on its account.
SELECT lots.lot_id, lots.taken, lots.owed, lots.settled, lots.withdrawn, fold.taken AS posted, fold.debt, fold.out AS withdrawn_by_postings
FROM lots
LEFT JOIN (
    SELECT coalesce(debit_lot_id, credit_lot_id) AS lot_id,
           coalesce(sum(credits) FILTER (WHERE credit_contra = 'taken_back'), 0)
               - coalesce(sum(credits) FILTER (WHERE debit_contra = 'taken_back'), 0) AS taken,
           coalesce(sum(credits) FILTER (WHERE debit_contra IN ('debt', 'forgiven')), 0)
               - coalesce(sum(credits) FILTER (WHERE credit_contra IN ('debt', 'forgiven')), 0) AS debt,
           coalesce(sum(credits) FILTER (WHERE credit_contra = 'withdrawn'), 0) AS out
    FROM postings
    WHERE debit_contra IN ('debt', 'forgiven', 'taken_back') OR credit_contra IN ('debt', 'forgiven', 'taken_back', 'withdrawn')
    GROUP BY 1
) AS fold USING (lot_id)
WHERE (lots.taken, lots.owed - lots.settled, lots.withdrawn)
      <> (coalesce(fold.taken, 0), coalesce(fold.debt, 0), coalesce(fold.out, 0))
ORDER BY lots.lot_id;

-- name: every_lot_is_frozen_or_taken_as_its_recalls_say
-- Taken while the latest verdict of any is to take back, else frozen while any is open. Withdrawn whole, nothing is left to take.
SELECT lots.lot_id, lots.workspace_id, lots.user_id, lots.frozen, lots.taken, recalled.open, recalled.taken_back
FROM lots
LEFT JOIN (
    SELECT lot_id, bool_or(state = 'open') AS open, bool_or(state = 'taken_back') AS taken_back FROM recall_lines GROUP BY lot_id
) AS recalled USING (lot_id)
WHERE lots.frozen <> coalesce(recalled.open AND NOT recalled.taken_back, false)
   OR (lots.taken > 0) <> coalesce(recalled.taken_back AND lots.granted > lots.withdrawn, false)
ORDER BY lots.lot_id;

-- name: every_line_of_a_recall_has_its_latest_verdict
SELECT recall_lines.workspace_id, recall_lines.recall_id, recall_lines.lot_id, recall_lines.state, recall_lines.step, last.step AS verdict_step
FROM recall_lines
LEFT JOIN LATERAL (
    SELECT step, verdict FROM recall_steps
    WHERE recall_steps.workspace_id = recall_lines.workspace_id AND recall_steps.recall_id = recall_lines.recall_id
      AND recall_steps.lot_id = recall_lines.lot_id
    ORDER BY step DESC LIMIT 1
) AS last ON true
LEFT JOIN recalls USING (workspace_id, recall_id)
WHERE recall_lines.step <> coalesce(last.step, 0)
   OR recall_lines.state <> CASE
          WHEN recalls.refusal IS NOT NULL THEN 'refused' WHEN last.verdict = 'take_back' THEN 'taken_back'
          WHEN last.verdict = 'give_back' THEN 'given_back' ELSE 'open'
      END
   OR recalls.recall_id IS NULL
ORDER BY recall_lines.workspace_id, recall_lines.recall_id, recall_lines.lot_id;

-- name: everything_taken_or_given_back_is_of_a_verdict_that_says_so
SELECT coalesce(posted.transaction_id, said.transaction_id) AS transaction_id, said.taken AS said_taken, said.given AS said_given,
       posted.taken, posted.given
FROM (
    SELECT transaction_id, coalesce(sum(credits) FILTER (WHERE credit_contra = 'taken_back'), 0) AS taken,
           coalesce(sum(credits) FILTER (WHERE debit_contra = 'taken_back'), 0)
               - coalesce(sum(credits) FILTER (WHERE credit_contra = 'forgiven'), 0) AS given
    FROM postings WHERE 'taken_back' IN (debit_contra, credit_contra) OR credit_contra = 'forgiven'
    GROUP BY transaction_id
) AS posted
FULL JOIN (
    SELECT transaction_id, coalesce(sum(credits + debt) FILTER (WHERE verdict = 'take_back'), 0) AS taken,
           coalesce(sum(credits + debt) FILTER (WHERE verdict = 'give_back'), 0) AS given
    FROM recall_steps GROUP BY transaction_id
) AS said USING (transaction_id)
WHERE (coalesce(said.taken, 0), coalesce(said.given, 0)) <> (coalesce(posted.taken, 0), coalesce(posted.given, 0))
ORDER BY 1;

-- name: every_deed_of_an_operator_moved_what_it_says_and_nothing_else_did
SELECT coalesce(said.transaction_id, moved.transaction_id) AS transaction_id, said.kind, said.credits, moved.kind AS moved_kind, moved.credits AS moved
FROM (SELECT transaction_id, kind, workspace_id, user_id, credits FROM operator_deeds WHERE refusal IS NULL) AS said
FULL JOIN (
    SELECT transaction_id, lots.workspace_id, lots.user_id, sum(credits) AS credits,
           CASE WHEN credit_contra = 'withdrawn' THEN 'withdraw' WHEN debit_contra = 'forgiven' THEN 'forgive_debt' ELSE 'grant' END AS kind
    FROM postings JOIN lots ON lots.lot_id = coalesce(postings.debit_lot_id, postings.credit_lot_id)
    WHERE debit_contra IN ('grant_issued', 'forgiven') OR credit_contra = 'withdrawn'
    GROUP BY 1, 2, 3, 5
) AS moved USING (transaction_id)
WHERE (said.kind, said.workspace_id, said.user_id, said.credits)
      IS DISTINCT FROM (moved.kind, moved.workspace_id, moved.user_id, moved.credits)
ORDER BY 1;

-- name: no_operator_moved_more_in_a_day_than_is_counted
SELECT coalesce(days.operator_id, done.operator_id) AS operator_id, coalesce(days.day, done.day) AS day, days.credits, done.credits AS done
FROM (SELECT operator_id, day, credits FROM operator_days WHERE credits > 0) AS days
FULL JOIN (
    SELECT operator_id, (decided_at AT TIME ZONE 'UTC')::date AS day, sum(credits) AS credits
    FROM operator_deeds WHERE refusal IS NULL GROUP BY 1, 2
) AS done USING (operator_id, day)
WHERE days.credits IS DISTINCT FROM done.credits
ORDER BY 1, 2;

-- name: every_account_has_counted_its_transactions
SELECT accounts.workspace_id, accounts.user_id, accounts.version, moved.transactions
FROM accounts
JOIN (
    SELECT lots.workspace_id, lots.user_id, count(DISTINCT postings.transaction_id) AS transactions
    FROM postings JOIN lots ON lots.lot_id = coalesce(postings.debit_lot_id, postings.credit_lot_id)
    GROUP BY lots.workspace_id, lots.user_id
) AS moved USING (workspace_id, user_id)
WHERE accounts.version < moved.transactions
ORDER BY accounts.workspace_id, accounts.user_id;
