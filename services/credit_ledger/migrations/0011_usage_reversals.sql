-- C12: a usage is taken back, whole and once; its credits return to the lots they came from.

ALTER TABLE postings
    DROP CONSTRAINT postings_debit_contra_check,
    ADD CONSTRAINT postings_debit_contra_check
        CHECK (debit_contra IN ('quota_issued', 'top_up_issued', 'held', 'lapsed', 'burned'));

CREATE TABLE usage_reversals (
    workspace_id   text COLLATE "C" NOT NULL,
    source         text COLLATE "C" NOT NULL,
    usage_id       text COLLATE "C" NOT NULL,
    transaction_id uuid NOT NULL UNIQUE,
    returned       bigint NOT NULL CHECK (returned >= 0),
    lapsed         bigint NOT NULL CHECK (lapsed >= 0),
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, source, usage_id),
    FOREIGN KEY (workspace_id, source, usage_id) REFERENCES usages
);
COMMENT ON TABLE usage_reversals IS 'One row for ever per usage that was taken back: never more than it burned. Never changed, never deleted.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_reversals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();

GRANT SELECT, INSERT ON usage_reversals TO credit_ledger_worker;
