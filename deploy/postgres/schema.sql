-- Once per database and service. The migrator owns the schema and all it makes in it; the worker gets its rights on each table
-- by that service's own migrations.
CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {migrator};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {worker};
