-- C9: credits are kept for a piece of work until it is captured, released, or the hold ends by itself. While they are
-- held they are in no lot but in the contra account `held`, by postings like any other.

ALTER TABLE postings
    DROP CONSTRAINT postings_debit_contra_check,
    DROP CONSTRAINT postings_credit_contra_check,
    ADD CONSTRAINT postings_debit_contra_check
        CHECK (debit_contra IN ('quota_issued', 'top_up_issued', 'held', 'lapsed')),
    ADD CONSTRAINT postings_credit_contra_check CHECK (credit_contra IN ('burned', 'lapsed', 'held'));

ALTER TABLE accounts
    ADD COLUMN held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    ADD COLUMN holds_until timestamptz;
COMMENT ON COLUMN accounts.held IS 'A cached sum of its open holds; `verify` holds the two against each other.';
COMMENT ON COLUMN accounts.holds_until IS
    'When the last of all its holds ends or ended: who decides as of later, with nothing held, need not look for holds.';

CREATE TABLE holds (
    workspace_id    text COLLATE "C" NOT NULL,  -- may be unknown for ever: a refusal is kept all the same
    source          text COLLATE "C" NOT NULL,
    hold_id         text COLLATE "C" NOT NULL,
    user_id         text COLLATE "C" NOT NULL,
    action          text,
    quantity        bigint,
    credits         bigint NOT NULL CHECK (credits >= 0),  -- as stated, or as priced; 0 where no price is known
    expires_in_s    integer NOT NULL CHECK (expires_in_s > 0),
    catalog_version bigint,  -- by which an action was priced, and what is captured of it is
    account_id      text COLLATE "C",  -- whose credits are held: the user's own, or '~pool'
    transaction_id  uuid UNIQUE,
    expires_at      timestamptz,
    reason          text,
    available       bigint,  -- when it was refused
    decided_at      timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('refused', 'held', 'captured', 'released', 'expired')),
    PRIMARY KEY (workspace_id, source, hold_id),
    FOREIGN KEY (workspace_id, account_id) REFERENCES accounts,
    CHECK ((action IS NULL) = (quantity IS NULL)),
    CONSTRAINT a_hold_is_whole CHECK (
        CASE state
            WHEN 'refused' THEN num_nonnulls(account_id, transaction_id, expires_at) = 0
                                AND num_nonnulls(reason, available) = 2
            ELSE num_nonnulls(account_id, transaction_id, expires_at) = 3 AND num_nonnulls(reason, available) = 0
                 AND credits > 0
        END
    )
) WITH (fillfactor = 80);
COMMENT ON TABLE holds IS 'One row for ever per hold id: one effect, however often it is delivered (C11). Only its state changes.';
CREATE INDEX open_holds ON holds (workspace_id, account_id, expires_at) WHERE state = 'held';
-- Of those that have expired only the last minutes are ever asked for, by what was appended before and is handled late.
CREATE INDEX expired_holds ON holds (workspace_id, account_id, expires_at) WHERE state = 'expired';

CREATE TABLE hold_ends (
    workspace_id   text COLLATE "C" NOT NULL,
    source         text COLLATE "C" NOT NULL,
    hold_id        text COLLATE "C" NOT NULL,
    ordinal        integer NOT NULL,  -- 1: captured in time, but handled after it was told as expired
    how            text NOT NULL CHECK (how IN ('captured', 'released', 'expired')),
    transaction_id uuid NOT NULL UNIQUE,
    burned         bigint NOT NULL CHECK (burned >= 0),
    returned       bigint NOT NULL CHECK (returned >= 0),
    lapsed         bigint NOT NULL CHECK (lapsed >= 0),
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, source, hold_id, ordinal),
    FOREIGN KEY (workspace_id, source, hold_id) REFERENCES holds,
    CHECK (ordinal = 0 OR ordinal = 1 AND how = 'captured'),
    CHECK ((burned > 0) = (how = 'captured'))
);
COMMENT ON TABLE hold_ends IS 'What became of each hold. Never changed, never deleted.';

CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON holds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();
CREATE TRIGGER only_the_state_changes BEFORE UPDATE OF
    workspace_id, source, hold_id, user_id, action, quantity, credits, expires_in_s, catalog_version, account_id,
    transaction_id, expires_at, reason, available, decided_at ON holds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hold_ends
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();

GRANT SELECT, INSERT ON holds, hold_ends TO credit_ledger_worker;
GRANT UPDATE (state) ON holds TO credit_ledger_worker;
GRANT UPDATE (held, holds_until) ON accounts TO credit_ledger_worker;
