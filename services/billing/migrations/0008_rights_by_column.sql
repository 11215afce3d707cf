-- The worker may change the columns that its queries change, and no others. Whom a row is about stays as it was written.
DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('REVOKE UPDATE ON workspaces, members, processor_payments, processor_listing FROM %I', worker);
    EXECUTE format('GRANT UPDATE (plan, status, customer_id, payment_method_id, version, removed) ON workspaces TO %I',
                   worker);
    EXECUTE format('GRANT UPDATE (role, version, removed) ON members TO %I', worker);
    EXECUTE format('GRANT UPDATE (status, payment_method_id) ON processor_payments TO %I', worker);
    EXECUTE format('GRANT UPDATE (listed_until, written_by, server_started_at) ON processor_listing TO %I', worker);
END
$$;
