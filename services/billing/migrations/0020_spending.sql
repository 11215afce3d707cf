-- Spending caps, the attempt budget of a payment method, and how often a person may ask (B13, A2).

-- What the owner said, each time: the newest of a currency counts, and the earlier ones stay as its history.
CREATE TABLE spending_caps (
    workspace_id        text        NOT NULL REFERENCES workspaces,
    currency            text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    ordinal             integer     NOT NULL CHECK (ordinal > 0),  -- counted under the workspace's lock
    workspace_day_minor bigint      CHECK (workspace_day_minor >= 0),  -- NULL: not limited
    buyer_day_minor     bigint      CHECK (buyer_day_minor >= 0),
    set_by              text        NOT NULL,
    set_at              timestamptz NOT NULL,  -- the broker's append time of the command
    cause_source        text        NOT NULL,
    cause_id            text        NOT NULL,
    PRIMARY KEY (workspace_id, currency, ordinal),
    UNIQUE (cause_source, cause_id)            -- one command, one row, however often it is delivered
);

-- Where only time mends a refusal: from when on.
ALTER TABLE refused_purchases ADD COLUMN try_again_at timestamptz;
ALTER TABLE refused_requests ADD COLUMN try_again_at timestamptz;

-- A day of a workspace, a month of a payment method, an hour of a person.
CREATE INDEX purchases_by_day ON purchases (workspace_id, accepted_at);
CREATE INDEX payment_attempts_by_method ON payment_attempts (payment_method_id, first_tried_at);
CREATE INDEX requests_by_asker ON requests (workspace_id, asker_id, requested_at);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON spending_caps TO %I', current_schema() || '_worker');
END
$$;
