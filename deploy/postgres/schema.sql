-- Once per database and service. The migrator owns the schema and all it makes in it; the worker gets its rights on each table
-- by that service's own migrations. Nobody else has any.
CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {migrator};
ALTER SCHEMA {schema} OWNER TO {migrator};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {others};
GRANT USAGE ON SCHEMA {schema} TO {worker};
-- Functions are called by triggers, which asks nobody. As PostgreSQL makes them, everybody may execute them.
ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC;
