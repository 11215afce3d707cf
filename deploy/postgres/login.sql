-- Once per cluster and role: what {role} is, exactly, whatever was made of it since. It is one of <service>_migrator,
-- <service>_worker, auditor.
DO $do$
DECLARE
    found record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role};
    END IF;
    FOR found IN
        SELECT granted.rolname AS granted, grantor.rolname AS grantor
        FROM pg_auth_members AS membership
        JOIN pg_roles AS granted ON granted.oid = membership.roleid
        JOIN pg_roles AS grantor ON grantor.oid = membership.grantor
        WHERE membership.member = (SELECT oid FROM pg_roles WHERE rolname = {name})
    LOOP
        EXECUTE format('REVOKE %I FROM {role} GRANTED BY %I CASCADE', found.granted, found.grantor);
    END LOOP;
    -- A role may change its own defaults and its own password, which PostgreSQL cannot forbid: put right here.
    FOR found IN
        SELECT datname FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
        WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = {name})
    LOOP
        EXECUTE format('ALTER ROLE {role} IN DATABASE %I RESET ALL', found.datname);
    END LOOP;
END
$do$;
-- The password arrives as a SCRAM verifier, so that neither the server's log nor its statistics ever see the password itself.
ALTER ROLE {role} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE NOSUPERUSER NOREPLICATION NOBYPASSRLS
    CONNECTION LIMIT {connections} PASSWORD {verifier};
ALTER ROLE {role} RESET ALL;
ALTER ROLE {role} SET search_path = {search_path};
ALTER ROLE {role} SET timezone = 'UTC';
-- A peer that vanished without a word (cut off, frozen, lost power) is noticed after about 20 s, as on its own side
-- (shared/postgres/pool.py); its locks end with its session, so that a successor does not wait for two hours.
ALTER ROLE {role} SET tcp_keepalives_idle = 5;
ALTER ROLE {role} SET tcp_keepalives_interval = 5;
ALTER ROLE {role} SET tcp_keepalives_count = 3;
ALTER ROLE {role} SET tcp_user_timeout = '20s';
ALTER ROLE {role} SET client_connection_check_interval = '5s';
-- The server's log names a failed statement, and leaves out what would quote the row: names, addresses, whole events. Only a
-- superuser can set this, so a session cannot set it back.
ALTER ROLE {role} SET log_error_verbosity = terse;
