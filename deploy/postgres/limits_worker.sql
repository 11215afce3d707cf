-- Once per cluster and worker role: no statement, lock or forgotten transaction of a worker may hold up the others for long.
-- A batch takes well under a second; 30 s is the limit at which something is wrong, 5 s the one at which waiting for a lock is
-- weather and the batch is tried again.
ALTER ROLE {role} SET statement_timeout = '30s';
ALTER ROLE {role} SET lock_timeout = '5s';
ALTER ROLE {role} SET idle_in_transaction_session_timeout = '30s';
-- None: who listens for timers, or stands by as relay, is idle for as long as the worker lives.
ALTER ROLE {role} SET idle_session_timeout = 0;
