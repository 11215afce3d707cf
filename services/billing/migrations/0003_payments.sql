-- Payments, their attempts, and the webhooks that came in.

CREATE TABLE payments (
    purchase_id       uuid    PRIMARY KEY,  -- one payment per purchase
    workspace_id      text    NOT NULL,
    customer_id       text    NOT NULL,
    amount_minor      integer NOT NULL CHECK (amount_minor BETWEEN 1 AND 99999999),
    currency          text    NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    description       text    NOT NULL,
    state             text    NOT NULL
                      CHECK (state IN ('created', 'charging', 'unknown', 'requires_action', 'processing', 'declined',
                                       'cancelling', 'succeeded', 'cancelled', 'parked')),
    attempt           integer NOT NULL CHECK (attempt BETWEEN 1 AND 100),
    payment_intent_id text    UNIQUE,   -- one intent per purchase, and never one intent for two
    charge_id         text,             -- the latest charge seen
    return_url        text,             -- what was sent first is sent again: the key stands for the same content
    authenticate_url  text,
    tries             integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchases (workspace_id, purchase_id),
    CHECK (state <> 'succeeded' OR payment_intent_id IS NOT NULL),
    CHECK (state <> 'requires_action' OR authenticate_url IS NOT NULL)
);

CREATE TABLE payment_attempts (
    purchase_id        uuid        NOT NULL REFERENCES payments,
    attempt            integer     NOT NULL CHECK (attempt BETWEEN 1 AND 100),
    actor_id           text        NOT NULL,
    payment_method_id  text        NOT NULL,
    idempotency_key    uuid        NOT NULL UNIQUE,
    commanded_at       timestamptz NOT NULL,  -- append time of the command: the key cannot be older
    first_tried_at     timestamptz,
    previous_charge_id text,
    reason             text,
    decline_code       text,
    cause_source       text        NOT NULL,
    cause_id           text        NOT NULL,
    correlation_id     text,
    traceparent        text,
    PRIMARY KEY (purchase_id, attempt)
);
-- The attempt a payment is at exists.
ALTER TABLE payments ADD FOREIGN KEY (purchase_id, attempt) REFERENCES payment_attempts (purchase_id, attempt)
    DEFERRABLE INITIALLY DEFERRED;

-- The webhook inbox: ids only. Event bodies hold client secrets and are not kept.
CREATE TABLE stripe_events (
    event_id          text        PRIMARY KEY,
    type              text        NOT NULL,
    payment_intent_id text,
    purchase_id       uuid,       -- as the intent's metadata says; not checked against anything
    created_at        timestamptz NOT NULL,
    received_at       timestamptz NOT NULL
);
CREATE INDEX stripe_events_purchase ON stripe_events (purchase_id) WHERE purchase_id IS NOT NULL;

-- The transition tables of the domain, once more, so that no statement can take a forbidden step.
CREATE TABLE transitions (
    entity     text NOT NULL CHECK (entity IN ('requests', 'purchases', 'payments')),
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (entity, from_state, to_state)
);
INSERT INTO transitions (entity, from_state, to_state)
SELECT entity, from_state, unnest(string_to_array(to_states, ' '))
FROM (VALUES
    ('requests', 'requested', 'claimed declined cancelled expired'),
    ('requests', 'claimed', 'requested fulfilled'),
    ('purchases', 'accepted', 'action_required processing declined paid cancelled parked'),
    ('purchases', 'action_required', 'processing declined paid cancelled parked'),
    ('purchases', 'processing', 'declined paid cancelled parked'),
    ('purchases', 'declined', 'accepted processing paid cancelled parked'),
    ('purchases', 'paid', 'credited'),
    ('purchases', 'parked', 'paid cancelled'),
    ('payments', 'created', 'charging unknown succeeded'),
    ('payments', 'charging', 'unknown requires_action processing declined succeeded cancelled parked'),
    ('payments', 'unknown', 'charging requires_action processing declined cancelling succeeded cancelled parked'),
    ('payments', 'requires_action', 'processing declined cancelling succeeded cancelled parked'),
    ('payments', 'processing', 'declined succeeded cancelled parked'),
    ('payments', 'declined', 'created cancelling succeeded cancelled parked'),
    ('payments', 'cancelling', 'processing succeeded cancelled parked'),
    ('payments', 'parked', 'succeeded cancelled')
) AS allowed (entity, from_state, to_states);

CREATE FUNCTION only_listed_transitions() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.state <> OLD.state AND NOT EXISTS (
        SELECT FROM transitions WHERE (entity, from_state, to_state) = (TG_TABLE_NAME, OLD.state, NEW.state)
    ) THEN
        RAISE EXCEPTION '% may not go from % to %', TG_TABLE_NAME, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER only_listed_transitions BEFORE UPDATE ON requests
    FOR EACH ROW EXECUTE FUNCTION only_listed_transitions();
CREATE TRIGGER only_listed_transitions BEFORE UPDATE ON purchases
    FOR EACH ROW EXECUTE FUNCTION only_listed_transitions();
CREATE TRIGGER only_listed_transitions BEFORE UPDATE ON payments
    FOR EACH ROW EXECUTE FUNCTION only_listed_transitions();

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT ON transitions TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT ON payments, payment_attempts, stripe_events TO %I', worker);
    -- Amount, currency and customer were fixed when the purchase was accepted.
    EXECUTE format('GRANT UPDATE (state, attempt, payment_intent_id, charge_id, return_url, authenticate_url, tries)'
                   ' ON payments TO %I', worker);
    EXECUTE format('GRANT UPDATE (first_tried_at, reason, decline_code) ON payment_attempts TO %I', worker);
END
$$;
