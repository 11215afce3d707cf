-- Queries of timers.py, agenda.py and bell.py. Times come from the worker's clock, so that tests can hold it.

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

-- name: listen_channel
SELECT 'timers_' || current_schema();

-- name: cancel_timer
DELETE FROM timers WHERE kind = %(kind)s AND ref = %(ref)s;

-- name: claim
-- SKIP LOCKED: what another worker is claiming at this moment is its own.
UPDATE timers SET leased_until = %(leased_until)s, lease_token = %(token)s
WHERE kind = %(kind)s AND ref = ANY(ARRAY(  -- an array is made once; a subquery under IN may run again, past its limit
    SELECT ref FROM timers
    WHERE kind = %(kind)s AND state = 'waiting' AND ready_at <= %(now)s
    ORDER BY ready_at, ref
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
))
RETURNING ref, attempts;

-- name: next_ready
SELECT min(ready_at) FROM timers WHERE kind = %(kind)s AND state = 'waiting';

-- name: hold
-- The fence: only who still has the lease may go on. Locked until the end of the transaction, in the order of the refs.
SELECT ref FROM timers WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s ORDER BY ref FOR UPDATE;

-- name: renew
UPDATE timers SET leased_until = %(leased_until)s
WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s;

-- name: finish
DELETE FROM timers WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s;

-- name: put_off
UPDATE timers SET due_at = %(due_at)s, attempts = attempts + 1, leased_until = NULL, lease_token = NULL
WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s;

-- name: get_stuck
UPDATE timers SET state = 'stuck', reason = %(reason)s, leased_until = NULL, lease_token = NULL
WHERE kind = %(kind)s AND ref = ANY(%(refs)s) AND lease_token = %(token)s;

-- name: count_stuck
SELECT kind, count(*) FROM timers WHERE state = 'stuck' GROUP BY kind ORDER BY kind;

-- name: resume
UPDATE timers SET state = 'waiting', reason = NULL, attempts = 0, due_at = now()
WHERE kind = %(kind)s AND ref = %(ref)s AND state = 'stuck';
