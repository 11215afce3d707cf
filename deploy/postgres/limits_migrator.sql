-- Once per cluster and migrator role. `migrate` lifts the first for itself, since filling a new column may take long; it is for
-- what a person does by hand, and for `prune`.
ALTER ROLE {role} SET statement_timeout = '10min';
-- Behind a change of a table that waits for its lock, everybody waits. Only to wait for another run `migrate` has no limit.
ALTER ROLE {role} SET lock_timeout = '5s';
ALTER ROLE {role} SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE {role} SET idle_session_timeout = '15min';
