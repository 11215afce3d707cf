-- B11: refunds made at the processor itself, and whose credits they take. Those of ours are in `refunds`.

CREATE TABLE mirrored_refunds (
    processor_refund_id text        PRIMARY KEY,
    refund_id           uuid        NOT NULL UNIQUE,  -- derived from the processor's id: of the refund and its recall
    workspace_id        text        NOT NULL,
    purchase_id         uuid        NOT NULL,
    amount_minor        integer     NOT NULL CHECK (amount_minor BETWEEN 1 AND 99999999),
    currency            text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    made_at             timestamptz NOT NULL,
    state               text        NOT NULL CHECK (state IN ('undecided', 'taken', 'left', 'failed')),
    step                integer     NOT NULL DEFAULT 0 CHECK (step >= 0),  -- verdicts told so far
    -- When a person decided: who, why, and what the command said, so that it is one decision however often it comes.
    operator_id         text,
    note                text,
    content_hash        bytea       CHECK (length(content_hash) = 32),
    FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchases (workspace_id, purchase_id),
    CHECK (state <> 'taken' OR step > 0),
    CHECK ((operator_id IS NULL) = (content_hash IS NULL))
);
CREATE INDEX mirrored_refunds_of_purchase ON mirrored_refunds (purchase_id);

CREATE TABLE mirrored_refund_lines (
    processor_refund_id text    NOT NULL REFERENCES mirrored_refunds,
    purchase_id         uuid    NOT NULL,
    user_id             text    NOT NULL,
    failed              boolean NOT NULL DEFAULT false,  -- with its refund: the line may be refunded by another one
    PRIMARY KEY (processor_refund_id, user_id),
    FOREIGN KEY (purchase_id, user_id) REFERENCES purchase_lines (purchase_id, user_id)
);
CREATE UNIQUE INDEX a_line_is_mirrored_once ON mirrored_refund_lines (purchase_id, user_id) WHERE NOT failed;

-- A refund may be heard of before the purchase it is about is credited.
CREATE INDEX stripe_events_refunds ON stripe_events (payment_intent_id)
WHERE type LIKE 'refund.%' OR type LIKE 'charge.refund%';

ALTER TABLE transitions DROP CONSTRAINT transitions_entity_check,
    ADD CONSTRAINT transitions_entity_check
    CHECK (entity IN ('requests', 'purchases', 'payments', 'refunds', 'disputes', 'mirrored_refunds'));
INSERT INTO transitions (entity, from_state, to_state)
VALUES ('mirrored_refunds', 'undecided', 'taken'), ('mirrored_refunds', 'undecided', 'left'),
       ('mirrored_refunds', 'undecided', 'failed'), ('mirrored_refunds', 'taken', 'failed'),
       ('mirrored_refunds', 'left', 'failed');
CREATE TRIGGER only_listed_transitions BEFORE UPDATE ON mirrored_refunds
    FOR EACH ROW EXECUTE FUNCTION only_listed_transitions();

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON mirrored_refunds, mirrored_refund_lines TO %I', worker);
    EXECUTE format('GRANT UPDATE (state, step, operator_id, note, content_hash) ON mirrored_refunds TO %I', worker);
    EXECUTE format('GRANT UPDATE (failed) ON mirrored_refund_lines TO %I', worker);
END
$$;
