-- Clock work, kept beside the data it is about: a timer is set in the transaction that makes it necessary.
CREATE TABLE timers (
    kind         text        NOT NULL,  -- which alarm or errand of the service
    ref          text        NOT NULL,  -- the business id it is about
    due_at       timestamptz NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),  -- how often weather put it off since it was set
    state        text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'stuck')),
    reason       text        CHECK (length(reason) <= 500),  -- why it is stuck
    leased_until timestamptz,           -- nobody else takes it before, by the database's own clock
    lease_token  uuid,                  -- who may record; a new lease or a new setting changes it
    PRIMARY KEY (kind, ref),
    CHECK ((leased_until IS NULL) = (lease_token IS NULL)),
    CHECK ((state = 'stuck') = (reason IS NOT NULL))
);

-- The way to what is due next of one kind, without looking at what is stuck.
CREATE INDEX timers_due ON timers (kind, due_at) WHERE state = 'waiting';
-- Leased timers are at most as many as there are threads and alarms' batches.
CREATE INDEX timers_leased ON timers (kind, leased_until) WHERE leased_until IS NOT NULL;
-- Stuck timers are few and looked for by people and metrics.
CREATE INDEX timers_stuck ON timers (kind) WHERE state = 'stuck';

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON timers TO %I', current_schema() || '_worker');
END
$$;
