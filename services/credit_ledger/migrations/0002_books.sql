-- The books: accounts hold lots, postings move credits between lots and contra accounts. README.md draws the picture.

CREATE TABLE accounts (
    workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces,
    user_id      text COLLATE "C" NOT NULL,  -- '~pool' for the workspace's pooled quota on Free
    version      bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    period_start timestamptz,  -- of the latest quota it was given
    period_end   timestamptz,
    PRIMARY KEY (workspace_id, user_id),
    CHECK ((period_start IS NULL) = (period_end IS NULL)),
    CHECK (period_start < period_end)
) WITH (fillfactor = 70);  -- versions change with every batch: room for HOT updates
COMMENT ON TABLE accounts IS 'Its row is the lock of its lots. Locked after the workspace; pool first, then by user.';

CREATE TABLE purchases (
    workspace_id text COLLATE "C" NOT NULL REFERENCES workspaces,
    purchase_id  uuid NOT NULL,
    buyer_id     text COLLATE "C" NOT NULL,
    lines        integer NOT NULL CHECK (lines > 0),
    credited_at  timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, purchase_id)
);
COMMENT ON TABLE purchases IS 'One row for ever per credited purchase: the same id credits once (C11).';

CREATE TABLE grants (
    lot_id       uuid PRIMARY KEY,
    workspace_id text COLLATE "C" NOT NULL,
    purchase_id  uuid NOT NULL,
    user_id      text COLLATE "C" NOT NULL CHECK (user_id <> '~pool'),
    credits      bigint NOT NULL CHECK (credits BETWEEN 1 AND 1000000000),
    line         integer NOT NULL CHECK (line >= 0),
    usable       boolean NOT NULL,  -- as it was told when it was credited
    UNIQUE (workspace_id, purchase_id, user_id),
    UNIQUE (workspace_id, purchase_id, line),
    UNIQUE (lot_id, workspace_id, purchase_id, user_id, credits),
    FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchases,
    FOREIGN KEY (workspace_id, user_id) REFERENCES accounts
);
COMMENT ON TABLE grants IS 'The lines of credited purchases, as billing stated them.';

CREATE TABLE lots (
    lot_id       uuid PRIMARY KEY,
    workspace_id text COLLATE "C" NOT NULL,
    user_id      text COLLATE "C" NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('quota', 'top_up')),
    granted      bigint NOT NULL CHECK (granted BETWEEN 1 AND 1000000000),
    remaining    bigint NOT NULL,
    -- What the index of open lots asks for: it changes once in a lot's life, so that burning stays a HOT update.
    is_open      boolean NOT NULL GENERATED ALWAYS AS (remaining > 0) STORED,
    opened_at    timestamptz NOT NULL,
    period_start timestamptz,
    period_end   timestamptz,
    purchase_id  uuid,
    CONSTRAINT never_below_zero_nor_above_what_was_granted CHECK (remaining BETWEEN 0 AND granted),
    CONSTRAINT a_quota_has_a_period_and_a_top_up_a_purchase CHECK (
        CASE kind
            WHEN 'quota' THEN num_nonnulls(period_start, period_end) = 2 AND purchase_id IS NULL
            ELSE num_nonnulls(period_start, period_end) = 0 AND purchase_id IS NOT NULL
        END
    ),
    CHECK (period_start < period_end),
    CHECK (kind = 'quota' OR user_id <> '~pool'),
    FOREIGN KEY (workspace_id, user_id) REFERENCES accounts,
    -- A top-up lot is a line of a purchase, with the same owner and as many credits.
    FOREIGN KEY (lot_id, workspace_id, purchase_id, user_id, granted)
        REFERENCES grants (lot_id, workspace_id, purchase_id, user_id, credits)
) WITH (fillfactor = 70);
COMMENT ON COLUMN lots.remaining IS 'A cached fold of the lot''s postings; `verify` holds the two against each other.';
CREATE UNIQUE INDEX one_quota_lot_per_period ON lots (workspace_id, user_id, period_start) WHERE kind = 'quota';
CREATE UNIQUE INDEX one_lot_per_purchase_and_user ON lots (workspace_id, purchase_id, user_id) WHERE kind = 'top_up';
CREATE INDEX open_lots ON lots (workspace_id, user_id) WHERE is_open;

-- No grant without its lot: checked when the transaction commits, so that both can be written.
ALTER TABLE grants ADD FOREIGN KEY (lot_id) REFERENCES lots DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE postings (
    transaction_id uuid NOT NULL,
    ordinal        integer NOT NULL CHECK (ordinal >= 0),
    debit_contra   text CHECK (debit_contra IN ('quota_issued', 'top_up_issued')),
    debit_lot_id   uuid REFERENCES lots,
    credit_contra  text CHECK (credit_contra IN ('burned', 'lapsed')),
    credit_lot_id  uuid REFERENCES lots,
    credits        bigint NOT NULL CHECK (credits > 0),
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (transaction_id, ordinal),
    CONSTRAINT one_account_is_debited CHECK (num_nonnulls(debit_contra, debit_lot_id) = 1),
    CONSTRAINT one_account_is_credited CHECK (num_nonnulls(credit_contra, credit_lot_id) = 1)
);
COMMENT ON TABLE postings IS 'One row per movement with both its accounts: it cannot be unbalanced. Never changed, never deleted.';

CREATE VIEW entries AS
SELECT transaction_id, ordinal, 'debit' AS side, coalesce(debit_contra, debit_lot_id::text) AS account,
       debit_lot_id AS lot_id, -credits AS credits, decided_at
FROM postings
UNION ALL
SELECT transaction_id, ordinal, 'credit' AS side, coalesce(credit_contra, credit_lot_id::text) AS account,
       credit_lot_id AS lot_id, credits, decided_at
FROM postings;
COMMENT ON VIEW entries IS 'Postings unfolded to debits (negative) and credits (positive): the sum over all of it is zero.';

CREATE TABLE usages (
    workspace_id    text COLLATE "C" NOT NULL,  -- may be unknown for ever: a refusal is kept all the same
    source          text COLLATE "C" NOT NULL,
    usage_id        text COLLATE "C" NOT NULL,
    user_id         text COLLATE "C" NOT NULL,
    occurred_at     timestamptz NOT NULL,
    action          text,
    quantity        bigint,
    credits         bigint NOT NULL CHECK (credits >= 0),  -- as stated, or as priced; 0 where no price is known
    catalog_version bigint,  -- by which an action was priced
    outcome         text NOT NULL CHECK (outcome IN ('burned', 'refused')),
    transaction_id  uuid,
    reason          text,
    available       bigint,  -- when it was refused
    decided_at      timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, source, usage_id),
    CHECK ((action IS NULL) = (quantity IS NULL)),
    CONSTRAINT an_outcome_is_whole CHECK (
        CASE outcome
            WHEN 'burned' THEN transaction_id IS NOT NULL AND credits > 0 AND num_nonnulls(reason, available) = 0
            ELSE transaction_id IS NULL AND num_nonnulls(reason, available) = 2
        END
    )
);
COMMENT ON TABLE usages IS 'One row for ever per usage id: one effect, however often it is delivered (C11). Holds its whole content.';

CREATE TABLE purchase_conflicts (
    workspace_id text NOT NULL,
    purchase_id  uuid NOT NULL,
    event_source text NOT NULL,
    event_id     text NOT NULL,
    stated       jsonb NOT NULL,
    seen_at      timestamptz NOT NULL,
    PRIMARY KEY (event_source, event_id)
);
COMMENT ON TABLE purchase_conflicts IS 'Paid events that contradict what was credited: never applied, for a person to look into.';

GRANT SELECT, INSERT ON accounts, purchases, grants, lots, postings, usages, purchase_conflicts TO credit_ledger_worker;
GRANT SELECT ON entries TO credit_ledger_worker;
GRANT UPDATE (version, period_start, period_end) ON accounts TO credit_ledger_worker;
GRANT UPDATE (remaining) ON lots TO credit_ledger_worker;
