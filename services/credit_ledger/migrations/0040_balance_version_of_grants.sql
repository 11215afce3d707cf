-- From which version on the account's balances know of these credits. Whoever acts on a low balance (billing's auto top-up)
-- must be able to tell an old one. NULL: credited before this was kept.
ALTER TABLE grants ADD COLUMN balance_version bigint CHECK (balance_version > 0);
