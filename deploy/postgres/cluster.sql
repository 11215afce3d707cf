-- Once per cluster, which is Refill's own: the maintenance databases are open to everybody as they come from initdb. Who else
-- needs them is granted CONNECT by name. Nothing is written when that is so already: every run comes by here.
DO $do$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT datname FROM pg_database
        WHERE datname IN ('postgres', 'template1') AND has_database_privilege('public', oid, 'CONNECT, TEMPORARY')
    LOOP
        EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', found.datname);
    END LOOP;
END
$do$;
