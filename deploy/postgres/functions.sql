-- Once per database: what PostgreSQL lets everybody do that leaves something outside one's tables, or holds others up.
DO $do$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT oid::regprocedure AS signature, proname ~ 'advisory' AS locks
        FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
          AND (proname ~ '^pg_(try_)?advisory_' OR proname IN ('lo_creat', 'lo_create', 'lo_from_bytea'))
          AND has_function_privilege('public', oid, 'EXECUTE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', found.signature);
        IF found.locks THEN  -- one active relay, one migration at a time: not for the auditor, who could stop both
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {lockers}', found.signature);
        END IF;
    END LOOP;
END
$do$;
