-- Auto top-up (B14): what was said about an account, where it stands, and the balances that set it off.

-- The ledger's latest word about each account; the highest version wins. A row without a word (version 0) is made when
-- auto top-up is set, to be locked.
CREATE TABLE balances (
    workspace_id text   NOT NULL,
    user_id      text   NOT NULL,
    version      bigint NOT NULL CHECK (version >= 0),
    usable       bigint NOT NULL CHECK (usable >= 0),
    PRIMARY KEY (workspace_id, user_id)
);

CREATE TABLE auto_top_ups (
    workspace_id      text        NOT NULL REFERENCES workspaces,
    user_id           text        NOT NULL,
    is_on             boolean     NOT NULL,
    actor_id          text        NOT NULL,  -- who set it: the buyer of what it buys
    package_id        text        NOT NULL,
    threshold_credits bigint      NOT NULL CHECK (threshold_credits > 0),
    monthly_cap_minor bigint      NOT NULL CHECK (monthly_cap_minor > 0),
    currency          text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    set_at            timestamptz NOT NULL,  -- the broker's append time of the command
    cause_source      text        NOT NULL,  -- the command: what the clock does later belongs to its conversation
    cause_id          text        NOT NULL,
    correlation_id    text,
    traceparent       text,
    purchase_id       uuid        UNIQUE REFERENCES purchases,  -- the one under way: one column, so never two at once
    purchases         integer     NOT NULL DEFAULT 0 CHECK (purchases >= 0),
    declines          integer     NOT NULL DEFAULT 0 CHECK (declines BETWEEN 0 AND 3),  -- in a row
    noted_attempt     integer     NOT NULL DEFAULT 0 CHECK (noted_attempt >= 0),  -- of the purchase, the last decline counted
    not_before        timestamptz,
    held_back_for     text,
    credited_version  bigint      NOT NULL DEFAULT 0,  -- older balances do not know of credits that were bought
    PRIMARY KEY (workspace_id, user_id),
    CHECK (NOT is_on OR declines < 3)
);

-- Each purchase that was made by itself, for the month's cap. Insert only.
CREATE TABLE auto_purchases (
    purchase_id  uuid NOT NULL PRIMARY KEY REFERENCES purchases,
    workspace_id text NOT NULL,
    user_id      text NOT NULL,
    begun_at     timestamptz NOT NULL,
    FOREIGN KEY (workspace_id, user_id) REFERENCES auto_top_ups
);
CREATE INDEX auto_purchases_by_account ON auto_purchases (workspace_id, user_id, begun_at);

-- Nobody is there to authenticate: the processor is told so, and says so when it is asked for.
ALTER TABLE payment_attempts ADD COLUMN off_session boolean NOT NULL DEFAULT false;

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON balances, auto_top_ups, auto_purchases TO %I', worker);
    EXECUTE format('GRANT UPDATE (version, usable) ON balances TO %I', worker);
    EXECUTE format('GRANT UPDATE (is_on, actor_id, package_id, threshold_credits, monthly_cap_minor, currency, set_at,'
                   ' cause_source, cause_id, correlation_id, traceparent, purchase_id, purchases, declines,'
                   ' noted_attempt, not_before, held_back_for, credited_version) ON auto_top_ups TO %I', worker);
END
$$;
