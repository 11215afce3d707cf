-- B11, B12, B15, C13: credits called back by refunds and disputes, what accounts owe, and what operators do. A freeze moves
-- nothing. Taken back is what was granted: what is in the lot, and the rest as debt, which goes through the lot.

ALTER TABLE postings
    DROP CONSTRAINT postings_debit_contra_check,
    DROP CONSTRAINT postings_credit_contra_check,
    ADD CONSTRAINT postings_debit_contra_check CHECK (debit_contra IN
        ('quota_issued', 'top_up_issued', 'grant_issued', 'held', 'lapsed', 'burned', 'debt', 'taken_back', 'forgiven')),
    ADD CONSTRAINT postings_credit_contra_check CHECK (credit_contra IN
        ('burned', 'lapsed', 'held', 'debt', 'taken_back', 'withdrawn', 'forgiven'));

ALTER TABLE accounts ADD COLUMN debt bigint NOT NULL DEFAULT 0 CHECK (debt >= 0);
COMMENT ON COLUMN accounts.debt IS 'What it owes: a cached fold of its lots'' movements with `debt`; `verify` compares.';

CREATE TABLE operator_deeds (
    workspace_id   text COLLATE "C" NOT NULL,  -- may be unknown for ever: a refusal is kept all the same
    family         text NOT NULL CHECK (family IN ('grant', 'correction')),
    deed_id        uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('grant', 'withdraw', 'forgive_debt')),
    user_id        text COLLATE "C" NOT NULL,
    credits        bigint NOT NULL CHECK (credits BETWEEN 1 AND 1000000000),
    operator_id    text COLLATE "C" NOT NULL,
    reason         text NOT NULL,  -- the operator's
    event_source   text NOT NULL,
    event_id       text NOT NULL,
    refusal        text,  -- ours
    detail         text,
    transaction_id uuid UNIQUE,
    lot_id         uuid UNIQUE,
    settled        bigint CHECK (settled > 0),  -- of a grant: what went at once into debt
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, family, deed_id),
    UNIQUE (lot_id, workspace_id, deed_id, user_id, credits),
    CHECK ((family = 'grant') = (kind = 'grant')),
    CONSTRAINT done_or_refused CHECK (
        (refusal IS NULL) = (transaction_id IS NOT NULL) AND (refusal IS NULL) = (detail IS NULL)
        AND (lot_id IS NOT NULL) = (kind = 'grant' AND refusal IS NULL) AND (settled IS NULL OR kind = 'grant')
    )
);
COMMENT ON TABLE operator_deeds IS 'What operators did or were refused, with who and why: one row for ever per command id. Never changed, never deleted.';

CREATE TABLE operator_days (
    operator_id text COLLATE "C" NOT NULL,
    day         date NOT NULL,
    credits     bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    PRIMARY KEY (operator_id, day)
);
COMMENT ON TABLE operator_days IS 'What an operator moved on a UTC day. Its row is the lock of the limit; locked after accounts.';

ALTER TABLE lots
    ADD COLUMN grant_id uuid,
    ADD COLUMN frozen boolean NOT NULL DEFAULT false,
    ADD COLUMN taken bigint NOT NULL DEFAULT 0,
    ADD COLUMN owed bigint NOT NULL DEFAULT 0,
    ADD COLUMN settled bigint NOT NULL DEFAULT 0,
    ADD COLUMN withdrawn bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT a_quota_has_a_period_and_a_top_up_a_purchase,
    ADD CONSTRAINT a_quota_has_a_period_and_a_top_up_a_purchase_or_a_grant CHECK (
        CASE kind
            WHEN 'quota' THEN num_nonnulls(period_start, period_end) = 2 AND num_nonnulls(purchase_id, grant_id) = 0
            ELSE num_nonnulls(period_start, period_end) = 0 AND num_nonnulls(purchase_id, grant_id) = 1
        END
    ),
    ADD CONSTRAINT no_more_is_taken_owed_settled_or_withdrawn_than_was_granted CHECK (
        taken BETWEEN 0 AND granted AND owed BETWEEN 0 AND taken AND settled BETWEEN 0 AND granted
        AND withdrawn BETWEEN 0 AND granted
    ),
    ADD CONSTRAINT no_quota_is_frozen_taken_or_owed
        CHECK (kind = 'top_up' OR NOT frozen AND taken + owed + settled + withdrawn = 0),
    ADD CONSTRAINT what_is_taken_back_is_not_frozen CHECK (NOT (frozen AND taken > 0)),
    ADD FOREIGN KEY (lot_id, workspace_id, grant_id, user_id, granted)
        REFERENCES operator_deeds (lot_id, workspace_id, deed_id, user_id, credits);
COMMENT ON COLUMN lots.taken IS 'How much of it was taken back; 0 while it is not.';
COMMENT ON COLUMN lots.owed IS 'The debt that came of taking it back.';
COMMENT ON COLUMN lots.settled IS 'What of it went into debt.';
ALTER TABLE operator_deeds ADD FOREIGN KEY (lot_id) REFERENCES lots DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX lots_in_debt ON lots (workspace_id, user_id) WHERE settled > 0 OR owed > 0;

ALTER TABLE grants ADD COLUMN debt_settled bigint CHECK (debt_settled > 0);

CREATE TABLE recalls (
    workspace_id   text COLLATE "C" NOT NULL,
    recall_id      uuid NOT NULL,
    purchase_id    uuid NOT NULL,
    cause          text CHECK (cause IN ('refund', 'dispute', 'processor_refund')),
    untouched_only boolean,
    lots           uuid[] NOT NULL,  -- as stated
    refusal        text,
    detail         text,
    event_source   text NOT NULL,
    event_id       text NOT NULL,
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, recall_id),
    CHECK ((cause IS NULL) = (untouched_only IS NULL)),  -- null where its verdict came first
    CHECK ((refusal IS NULL) = (detail IS NULL))
);
COMMENT ON TABLE recalls IS 'One row for ever per recall id: one effect, however often it is delivered. Never changed, never deleted.';

CREATE TABLE recall_lines (
    workspace_id text COLLATE "C" NOT NULL,
    recall_id    uuid NOT NULL,
    number       integer NOT NULL CHECK (number >= 0),
    lot_id       uuid NOT NULL REFERENCES lots,
    user_id      text COLLATE "C" NOT NULL,
    credits      bigint NOT NULL,
    unspent      bigint NOT NULL CHECK (unspent >= 0),
    held         bigint NOT NULL CHECK (held >= 0),
    spent        bigint NOT NULL CHECK (spent >= 0),
    taken        bigint NOT NULL CHECK (taken >= 0),
    state        text NOT NULL CHECK (state IN ('refused', 'open', 'taken_back', 'given_back')),
    step         integer NOT NULL CHECK (step >= 0),
    PRIMARY KEY (workspace_id, recall_id, lot_id),
    FOREIGN KEY (workspace_id, recall_id) REFERENCES recalls,
    CHECK (credits = unspent + held + spent + taken),
    CHECK ((step > 0) = (state IN ('taken_back', 'given_back')))
);
COMMENT ON TABLE recall_lines IS 'The lines of each recall as they stood when it came, and the latest verdict. Only state and step change.';
CREATE INDEX recalls_of_lot ON recall_lines (lot_id);

CREATE TABLE recall_steps (
    workspace_id   text COLLATE "C" NOT NULL,
    recall_id      uuid NOT NULL,
    step           integer NOT NULL CHECK (step >= 1),
    number         integer NOT NULL CHECK (number >= 0),
    lot_id         uuid NOT NULL,
    verdict        text NOT NULL CHECK (verdict IN ('take_back', 'give_back')),
    credits        bigint NOT NULL CHECK (credits >= 0),  -- taken from the lot, or given back
    debt           bigint NOT NULL CHECK (debt >= 0),  -- made, or ended
    transaction_id uuid NOT NULL,
    event_source   text NOT NULL,
    event_id       text NOT NULL,
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, recall_id, step, lot_id),
    FOREIGN KEY (workspace_id, recall_id, lot_id) REFERENCES recall_lines
);
COMMENT ON TABLE recall_steps IS 'What each verdict moved, line by line. Never changed, never deleted.';
CREATE INDEX steps_by_transaction ON recall_steps (transaction_id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_deeds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recalls
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recall_steps
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON recall_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();
CREATE TRIGGER only_the_verdict_changes BEFORE UPDATE OF
    workspace_id, recall_id, number, lot_id, user_id, credits, unspent, held, spent, taken ON recall_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();

GRANT SELECT, INSERT ON operator_deeds, operator_days, recalls, recall_lines, recall_steps TO credit_ledger_worker;
GRANT UPDATE (credits) ON operator_days TO credit_ledger_worker;
GRANT UPDATE (state, step) ON recall_lines TO credit_ledger_worker;
GRANT UPDATE (debt) ON accounts TO credit_ledger_worker;
GRANT UPDATE (frozen, taken, owed, settled, withdrawn) ON lots TO credit_ledger_worker;
