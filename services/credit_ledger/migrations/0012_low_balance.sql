-- C15: at how many percent of the quota an account counts as low. Nothing is kept per account: a crossing is seen in the
-- movement that makes it.

ALTER TABLE catalogs
    ADD COLUMN low_balance_percent integer NOT NULL DEFAULT 20 CHECK (low_balance_percent BETWEEN 0 AND 100);
