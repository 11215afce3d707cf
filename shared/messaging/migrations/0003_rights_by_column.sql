-- The worker may change the columns that its queries change, and no others: where a message stood or what a timer is about
-- stays as it was written.
DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('REVOKE UPDATE ON offsets, parked, relay_lease, timers FROM %I', worker);
    EXECUTE format('GRANT UPDATE (next_offset) ON offsets TO %I', worker);
    -- Nothing changes a parked message; but to lock rows one needs the right to change some column of theirs.
    EXECUTE format('GRANT UPDATE (waiting_for) ON parked TO %I', worker);
    EXECUTE format('GRANT UPDATE (sending_since) ON relay_lease TO %I', worker);
    EXECUTE format('GRANT UPDATE (due_at, attempts, state, reason, leased_until, lease_token) ON timers TO %I', worker);
END
$$;
