-- Once per cluster: the auditor reads at his ease, and holds nobody up. `verify` lifts the first for itself.
ALTER ROLE {role} SET statement_timeout = '10min';
ALTER ROLE {role} SET lock_timeout = '5s';
-- An old snapshot keeps dead rows from being cleared away.
ALTER ROLE {role} SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE {role} SET idle_session_timeout = '15min';
-- On top of having no right to write: a slip says "read-only" and not "permission denied".
ALTER ROLE {role} SET default_transaction_read_only = on;
