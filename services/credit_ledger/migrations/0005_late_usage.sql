-- C16: for an hour after a period's end its quota still takes usage that occurred in it.

ALTER TABLE accounts
    ADD COLUMN late_until timestamptz,
    ADD CONSTRAINT late_usage_is_of_the_period_before CHECK (late_until > period_start);
COMMENT ON COLUMN accounts.late_until IS
    'While it stands, the period before period_start is not closed: its quota takes what occurred in it, if appended by then.';

GRANT UPDATE (late_until) ON accounts TO credit_ledger_worker;
