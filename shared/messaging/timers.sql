-- Queries of timers.py, leases.py and bell.py.
-- A timer is due by the worker's clock, the one its handlers are given. A lease runs by the database's clock, the one that
-- all workers share: a worker whose clock is off takes nothing away from the others.

-- name: set_timers
-- Setting a timer starts it afresh: a lease on the old one is worth nothing any more, and what was stuck tries again.
-- In the order of the refs, so that two transactions that set the same timers cannot deadlock.
INSERT INTO timers (kind, ref, due_at)
SELECT %(kind)s, ref, due_at FROM unnest(%(refs)s::text[], %(due)s::timestamptz[]) AS wanted (ref, due_at)
ORDER BY ref
ON CONFLICT (kind, ref) DO UPDATE
SET due_at = excluded.due_at, attempts = 0, state = 'waiting', reason = NULL, leased_until = NULL, lease_token = NULL;

-- name: ring
SELECT pg_notify('timers_' || current_schema(), '');

-- name: bell_channel
SELECT 'timers_' || current_schema();

-- name: listen
LISTEN {channel};

-- name: cancel_timer
DELETE FROM timers WHERE kind = %(kind)s AND ref = %(ref)s;

-- name: claim
-- SKIP LOCKED: what another worker is claiming at this moment is its own. `busy` are refs that a thread of this process
-- still works on, whatever became of their lease. The array is made once; a subquery under IN may run again, past its limit.
UPDATE timers
SET leased_until = clock_timestamp() + make_interval(secs => %(lease_s)s), lease_token = %(token)s
WHERE kind = %(kind)s AND ref = ANY(ARRAY(
    SELECT ref FROM timers
    WHERE kind = %(kind)s AND state = 'waiting' AND due_at <= %(now)s
      AND (leased_until IS NULL OR leased_until <= clock_timestamp())
      AND ref <> ALL(%(busy)s)
    ORDER BY due_at, ref
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
))
RETURNING ref, attempts;

-- name: seconds_to_next
-- NULL when nothing waits.
SELECT least(
    (SELECT extract(epoch FROM due_at - %(now)s) FROM timers
     WHERE kind = %(kind)s AND state = 'waiting' AND leased_until IS NULL ORDER BY due_at LIMIT 1),
    (SELECT extract(epoch FROM min(leased_until) - clock_timestamp()) FROM timers
     WHERE kind = %(kind)s AND leased_until IS NOT NULL)
)::float8;

-- name: hold
-- The fence: only who still has the lease may go on. Locked until the end of the transaction, in the order of the refs.
SELECT ref FROM timers WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s ORDER BY ref FOR UPDATE;

-- name: renew
-- SKIP LOCKED: a locked row is being recorded at this moment, and waiting for it could deadlock.
WITH mine AS MATERIALIZED (
    SELECT timers.kind, timers.ref
    FROM timers JOIN unnest(%(kinds)s::text[], %(refs)s::text[], %(tokens)s::uuid[]) AS lease (kind, ref, token)
      ON timers.kind = lease.kind AND timers.ref = lease.ref AND timers.lease_token = lease.token
    FOR UPDATE OF timers SKIP LOCKED
)
UPDATE timers SET leased_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
FROM mine WHERE timers.kind = mine.kind AND timers.ref = mine.ref;

-- name: finish
DELETE FROM timers WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s;

-- name: put_off
UPDATE timers SET due_at = %(due_at)s, attempts = attempts + 1, leased_until = NULL, lease_token = NULL
WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s;

-- name: get_stuck
UPDATE timers SET state = 'stuck', reason = left(%(reason)s, 500), leased_until = NULL, lease_token = NULL
WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s;

-- name: resume
-- Each with a fresh count of attempts, all at once: what is stuck is little.
UPDATE timers SET state = 'waiting', reason = NULL, attempts = 0, due_at = %(now)s
WHERE state = 'stuck' AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(ref)s::text IS NULL OR ref = %(ref)s)
RETURNING kind, ref;

-- name: count_stuck
SELECT kind, count(*) FROM timers WHERE state = 'stuck' GROUP BY kind ORDER BY kind;
