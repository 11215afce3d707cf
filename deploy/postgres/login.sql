-- Once per cluster and role. {role} is one of <service>_migrator, <service>_worker, auditor. The password arrives as a SCRAM
-- verifier, so that neither the server's log nor its statistics ever see the password itself.
DO $do$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE NOSUPERUSER NOREPLICATION;
    END IF;
END
$do$;
ALTER ROLE {role} PASSWORD {verifier};
ALTER ROLE {role} SET search_path = {search_path};
ALTER ROLE {role} SET timezone = 'UTC';
