-- The worker may change the columns that its queries change, and no others. Whom a row is about stays as it was written.
REVOKE UPDATE ON workspaces, members FROM credit_ledger_worker;
GRANT UPDATE (plan, status, cycle_anchor, version, removed) ON workspaces TO credit_ledger_worker;
GRANT UPDATE (role, version, removed) ON members TO credit_ledger_worker;
