-- Queries of migrations.py. The search_path is the one schema that is migrated.

-- name: find_schema
SELECT 1 FROM pg_namespace WHERE nspname = %(schema)s;

-- name: no_time_limits
SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false);

-- name: lock
SELECT pg_advisory_lock(hashtextextended('refill migrations ' || %(schema)s, 0));

-- name: wait_for_tables_as_the_role_may
-- Behind a change that waits for its table everybody waits: here the role's own limit holds again.
RESET lock_timeout;

-- name: unlock
SELECT pg_advisory_unlock(hashtextextended('refill migrations ' || %(schema)s, 0));

-- name: make_table
CREATE TABLE IF NOT EXISTS migrations (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: let_worker_read
GRANT SELECT ON migrations TO {worker};

-- name: applied
SELECT name, checksum FROM migrations;

-- name: record
INSERT INTO migrations (name, checksum) VALUES (%(name)s, %(checksum)s);
