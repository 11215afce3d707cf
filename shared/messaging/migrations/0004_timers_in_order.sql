-- A million timers may be due at one second. The next of them are read from the index in their order: with an index that
-- ends at the second, every batch would sort all that are due in it.
CREATE INDEX timers_in_order ON timers (kind, due_at, ref) WHERE state = 'waiting';
DROP INDEX timers_due;
