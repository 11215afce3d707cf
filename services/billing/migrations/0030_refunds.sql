-- B11: refunds of whole lines. Frozen by the ledger, refunded by the processor, then taken back by the ledger.

CREATE TABLE refunds (
    refund_id           uuid        PRIMARY KEY,  -- chosen by the caller, one refund for ever
    workspace_id        text        NOT NULL,
    purchase_id         uuid        NOT NULL,
    asked_by            text        NOT NULL CHECK (asked_by IN ('member', 'operator')),
    actor_id            text        NOT NULL,
    note                text,       -- why, in the words of who asked
    amount_minor        integer     NOT NULL CHECK (amount_minor BETWEEN 1 AND 99999999),
    currency            text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    payment_intent_id   text        NOT NULL,
    idempotency_key     uuid        NOT NULL UNIQUE,
    content_hash        bytea       NOT NULL CHECK (length(content_hash) = 32),
    state               text        NOT NULL
                        CHECK (state IN ('accepted', 'frozen', 'refunding', 'unknown', 'pending', 'succeeded', 'failed',
                                         'parked')),
    reason              text,       -- why it failed
    processor_refund_id text        UNIQUE,
    step                integer     NOT NULL DEFAULT 0 CHECK (step >= 0),
    tries               integer     NOT NULL DEFAULT 0 CHECK (tries >= 0),
    accepted_at         timestamptz NOT NULL,  -- append time of the command: the key cannot be older
    first_tried_at      timestamptz,
    cause_source        text        NOT NULL,
    cause_id            text        NOT NULL,
    correlation_id      text,
    traceparent         text,
    FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchases (workspace_id, purchase_id),
    CHECK (state NOT IN ('pending', 'succeeded') OR processor_refund_id IS NOT NULL),
    CHECK ((state = 'failed') = (reason IS NOT NULL))
);
CREATE INDEX refunds_of_purchase ON refunds (purchase_id);

CREATE TABLE refund_lines (
    refund_id   uuid    NOT NULL REFERENCES refunds,
    purchase_id uuid    NOT NULL,
    user_id     text    NOT NULL,
    lot_id      uuid    NOT NULL,
    price_minor integer NOT NULL CHECK (price_minor > 0),
    failed      boolean NOT NULL DEFAULT false,  -- with its refund: the line may be refunded by another one
    PRIMARY KEY (refund_id, user_id),
    FOREIGN KEY (purchase_id, user_id) REFERENCES purchase_lines (purchase_id, user_id)
);
-- However many arrive at once, a line is in one refund that has not failed: never more goes back than was paid.
CREATE UNIQUE INDEX a_line_is_refunded_once ON refund_lines (purchase_id, user_id) WHERE NOT failed;

CREATE FUNCTION refund_equals_its_lines() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM refunds AS refund
        WHERE refund.refund_id = NEW.refund_id
          AND refund.amount_minor
            = (SELECT COALESCE(sum(price_minor), 0) FROM refund_lines WHERE refund_id = NEW.refund_id)
    ) THEN
        RAISE EXCEPTION 'refund % is not the sum of its lines', NEW.refund_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER refund_equals_its_lines AFTER INSERT ON refunds
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refund_equals_its_lines();
CREATE CONSTRAINT TRIGGER line_belongs_to_its_refund AFTER INSERT ON refund_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refund_equals_its_lines();

-- What somebody asked about, until the ledger says what is unspent. Asked again it is answered again.
CREATE TABLE refund_proposals (
    proposal_id  uuid        PRIMARY KEY,
    workspace_id text        NOT NULL,
    purchase_id  uuid        NOT NULL,
    asked_by     text        NOT NULL,
    content_hash bytea       NOT NULL CHECK (length(content_hash) = 32),
    asked_at     timestamptz NOT NULL,
    FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchases (workspace_id, purchase_id)
);

-- A refused refund id keeps its refusal, by workspace.
CREATE TABLE refused_refunds (
    workspace_id text        NOT NULL,
    refund_id    uuid        NOT NULL,
    content_hash bytea       NOT NULL CHECK (length(content_hash) = 32),
    reason       text        NOT NULL,
    detail       text        NOT NULL,
    refused_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, refund_id)
);

ALTER TABLE transitions DROP CONSTRAINT transitions_entity_check,
    ADD CONSTRAINT transitions_entity_check CHECK (entity IN ('requests', 'purchases', 'payments', 'refunds'));
INSERT INTO transitions (entity, from_state, to_state)
SELECT 'refunds', from_state, unnest(string_to_array(to_states, ' '))
FROM (VALUES
    ('accepted', 'frozen failed'),
    ('frozen', 'refunding unknown'),
    ('refunding', 'unknown pending succeeded failed parked'),
    ('unknown', 'refunding pending succeeded failed parked'),
    ('pending', 'succeeded failed'),
    ('succeeded', 'failed'),
    ('parked', 'pending succeeded failed')
) AS allowed (from_state, to_states);
CREATE TRIGGER only_listed_transitions BEFORE UPDATE ON refunds
    FOR EACH ROW EXECUTE FUNCTION only_listed_transitions();

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON refunds, refund_lines, refund_proposals, refused_refunds TO %I', worker);
    EXECUTE format('GRANT UPDATE (state, reason, processor_refund_id, step, tries, first_tried_at) ON refunds TO %I',
                   worker);
    EXECUTE format('GRANT UPDATE (failed) ON refund_lines TO %I', worker);
END
$$;
