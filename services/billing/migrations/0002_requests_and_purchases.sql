-- Requests, purchases and payments. Every invariant of the domain has its constraint here; README.md numbers them.

CREATE TABLE requests (
    request_id      uuid        PRIMARY KEY,
    workspace_id    text        NOT NULL REFERENCES workspaces,
    asker_id        text        NOT NULL,
    package_id      text        NOT NULL,
    credits         integer     NOT NULL CHECK (credits > 0),
    price_minor     integer     NOT NULL CHECK (price_minor > 0),
    currency        text        NOT NULL,
    catalog_version bigint      NOT NULL REFERENCES catalogs,
    content_hash    bytea       NOT NULL CHECK (length(content_hash) = 32),
    state           text        NOT NULL
                    CHECK (state IN ('requested', 'claimed', 'fulfilled', 'declined', 'cancelled', 'expired')),
    purchase_id     uuid,       -- who claimed or fulfilled it: one column, so one claim (A4)
    expires_at      timestamptz NOT NULL,
    requested_at    timestamptz NOT NULL,
    -- The command it came from: what the clock does later still belongs to that conversation.
    cause_source    text        NOT NULL,
    cause_id        text        NOT NULL,
    correlation_id  text,
    traceparent     text,
    UNIQUE (workspace_id, request_id),
    CHECK ((state IN ('claimed', 'fulfilled')) = (purchase_id IS NOT NULL)),
    CHECK (expires_at > requested_at)
);
-- A5: at most one open request per asker.
CREATE UNIQUE INDEX requests_one_open_per_asker ON requests (workspace_id, asker_id)
    WHERE state IN ('requested', 'claimed');

CREATE TABLE purchases (
    purchase_id      uuid        PRIMARY KEY,  -- chosen by the caller, one purchase for ever (B7)
    workspace_id     text        NOT NULL REFERENCES workspaces,
    buyer_id         text        NOT NULL,
    request_id       uuid,
    package_id       text        NOT NULL,
    credits_each     integer     NOT NULL CHECK (credits_each BETWEEN 3000 AND 100000),
    unit_price_minor integer     NOT NULL CHECK (unit_price_minor > 0),
    line_count       integer     NOT NULL CHECK (line_count BETWEEN 1 AND 100),
    total_minor      integer     NOT NULL CHECK (total_minor BETWEEN 1 AND 99999999),
    currency         text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    catalog_version  bigint      NOT NULL REFERENCES catalogs,
    content_hash     bytea       NOT NULL CHECK (length(content_hash) = 32),
    state            text        NOT NULL
                     CHECK (state IN ('accepted', 'action_required', 'processing', 'declined', 'paid', 'credited',
                                      'cancelled', 'parked')),
    reason           text,       -- of the last decline or cancellation
    accepted_at      timestamptz NOT NULL,  -- the broker's append time of the command
    paid_at          timestamptz,
    credited_at      timestamptz,
    UNIQUE (workspace_id, purchase_id),
    -- The request is one of the same workspace.
    FOREIGN KEY (workspace_id, request_id) REFERENCES requests (workspace_id, request_id),
    CHECK (total_minor = unit_price_minor * line_count),
    CHECK ((state IN ('paid', 'credited')) = (paid_at IS NOT NULL)),
    CHECK (state <> 'credited' OR credited_at IS NOT NULL)
);
-- A4: of all purchases for a request at most one lives.
CREATE UNIQUE INDEX purchases_one_per_request ON purchases (request_id) WHERE state <> 'cancelled';

ALTER TABLE requests ADD FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchases (workspace_id, purchase_id)
    DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE purchase_lines (
    purchase_id uuid    NOT NULL REFERENCES purchases,
    ordinal     integer NOT NULL CHECK (ordinal >= 1),
    user_id     text    NOT NULL,
    lot_id      uuid    NOT NULL UNIQUE,
    price_minor integer NOT NULL CHECK (price_minor > 0),
    PRIMARY KEY (purchase_id, ordinal),
    UNIQUE (purchase_id, user_id)  -- B3: each editor once
);

-- B5: the total is the sum of the lines, looked at when the transaction commits.
CREATE FUNCTION purchase_equals_its_lines() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM purchases AS purchase
        WHERE purchase.purchase_id = NEW.purchase_id
          AND (purchase.line_count, purchase.total_minor)
            = (SELECT count(*), COALESCE(sum(price_minor), 0) FROM purchase_lines WHERE purchase_id = NEW.purchase_id)
    ) THEN
        RAISE EXCEPTION 'purchase % is not the sum of its lines', NEW.purchase_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER purchase_equals_its_lines AFTER INSERT ON purchases
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION purchase_equals_its_lines();
CREATE CONSTRAINT TRIGGER line_belongs_to_its_purchase AFTER INSERT ON purchase_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION purchase_equals_its_lines();

-- B7: a refused purchase id keeps its refusal. By workspace, so that nobody can spoil an id of another one.
CREATE TABLE refused_purchases (
    workspace_id text        NOT NULL,
    purchase_id  uuid        NOT NULL,
    content_hash bytea       NOT NULL CHECK (length(content_hash) = 32),
    reason       text        NOT NULL,
    detail       text        NOT NULL,
    refused_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, purchase_id)
);

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON requests, purchases, purchase_lines, refused_purchases TO %I', worker);
    -- What was agreed cannot be changed afterwards; only where it stands.
    EXECUTE format('GRANT UPDATE (state, purchase_id) ON requests TO %I', worker);
    EXECUTE format('GRANT UPDATE (state, reason, paid_at, credited_at) ON purchases TO %I', worker);
END
$$;
