-- The road of a batch: where each lane stands, what it has seen, what it has to say, what waits, what was set aside.

-- One row per lane and partition: the next offset to read. It moves in the transaction that holds the effects of what was
-- read, by compare-and-set; whoever sees another value than he expects has lost the partition.
CREATE TABLE offsets (
    lane        text    NOT NULL,
    topic       text    NOT NULL,
    partition   integer NOT NULL CHECK (partition >= 0),
    next_offset bigint  NOT NULL CHECK (next_offset >= 0),
    PRIMARY KEY (lane, topic, partition)
) WITH (fillfactor = 50);  -- rewritten by every batch: leave room for it on the page

-- Envelopes that had their effect, where no permanent row or version of the service's own remembers it. By topic too: nobody
-- who may write to one topic can use up the ids of another.
CREATE TABLE inbox (
    topic       text        NOT NULL,
    source      text        NOT NULL,
    id          text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, source, id)
);
CREATE INDEX inbox_received_at ON inbox USING brin (received_at);  -- for pruning; grows with time, as BRIN wants it

-- What is still to be published, in the order of id. Deleted after its own acknowledgement.
CREATE TABLE outbox (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text        NOT NULL,
    key        text        NOT NULL,
    event_id   uuid        NOT NULL,
    value      bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);  -- rows live for milliseconds

-- Readable messages whose subject is not known yet, and what came behind them under the same key.
CREATE TABLE parked (
    lane          text        NOT NULL,
    topic         text        NOT NULL,
    partition     integer     NOT NULL,
    record_offset bigint      NOT NULL,
    element       integer     NOT NULL,
    entity        text        NOT NULL,  -- the message's own key: order is kept within it
    value         bytea,                 -- the event in structured mode; NULL is a tombstone
    appended_at   timestamptz NOT NULL,
    parked_at     timestamptz NOT NULL,
    waiting_for   text        NOT NULL,
    PRIMARY KEY (lane, topic, partition, record_offset, element)
);

-- Records that a person took out of the way of a bug. The lane sends them to the dead letters when it gets there.
CREATE TABLE quarantine (
    topic         text        NOT NULL,
    partition     integer     NOT NULL CHECK (partition >= 0),
    record_offset bigint      NOT NULL CHECK (record_offset >= 0),
    who           text        NOT NULL CHECK (who <> ''),
    reason        text        NOT NULL CHECK (reason <> ''),
    set_aside_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, record_offset)
);

-- Whether the relay may have something on its way to the broker. NULL: it has closed, or waits with nothing under way.
CREATE TABLE relay_lease (
    single        boolean     PRIMARY KEY DEFAULT true CHECK (single),
    sending_since timestamptz
);
INSERT INTO relay_lease DEFAULT VALUES;

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON offsets TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT ON inbox, quarantine TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON outbox TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parked TO %I', worker);
    EXECUTE format('GRANT SELECT, UPDATE ON relay_lease TO %I', worker);
END
$$;
