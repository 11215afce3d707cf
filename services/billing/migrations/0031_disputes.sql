-- B12: what the processor shows of disputes, and how far it was told. Frozen, taken back and given back by the ledger.

CREATE TABLE disputes (
    dispute_id   text        PRIMARY KEY,  -- the processor's
    workspace_id text        NOT NULL,
    purchase_id  uuid        NOT NULL,
    amount_minor integer     NOT NULL CHECK (amount_minor BETWEEN 1 AND 99999999),
    currency     text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    reason       text        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('open', 'won', 'lost')),
    recall_id    uuid        NOT NULL UNIQUE,
    step         integer     NOT NULL DEFAULT 0 CHECK (step >= 0),  -- verdicts told so far
    withdrawn    boolean     NOT NULL DEFAULT false,
    reinstated   boolean     NOT NULL DEFAULT false,
    opened_at    timestamptz NOT NULL,
    FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchases (workspace_id, purchase_id),
    CHECK ((state = 'open') = (step = 0))
);
CREATE INDEX disputes_of_purchase ON disputes (purchase_id);

-- The lines that its recall names, fixed when it was opened: every later word is about the same ones.
CREATE TABLE dispute_lines (
    dispute_id  text NOT NULL REFERENCES disputes,
    purchase_id uuid NOT NULL,
    user_id     text NOT NULL,
    PRIMARY KEY (dispute_id, user_id),
    FOREIGN KEY (purchase_id, user_id) REFERENCES purchase_lines (purchase_id, user_id)
);

-- A dispute may be heard of before the purchase it is about is credited, or even known to be paid.
CREATE INDEX stripe_events_disputes ON stripe_events (payment_intent_id) WHERE type LIKE 'charge.dispute.%';

ALTER TABLE transitions DROP CONSTRAINT transitions_entity_check,
    ADD CONSTRAINT transitions_entity_check
    CHECK (entity IN ('requests', 'purchases', 'payments', 'refunds', 'disputes'));
INSERT INTO transitions (entity, from_state, to_state)
VALUES ('disputes', 'open', 'won'), ('disputes', 'open', 'lost'),
       ('disputes', 'won', 'lost'), ('disputes', 'lost', 'won');
CREATE TRIGGER only_listed_transitions BEFORE UPDATE ON disputes
    FOR EACH ROW EXECUTE FUNCTION only_listed_transitions();

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON disputes, dispute_lines TO %I', worker);
    EXECUTE format('GRANT UPDATE (state, step, withdrawn, reinstated) ON disputes TO %I', worker);
END
$$;
