-- C8: a plan or seat that changes inside a period changes the quota, never what was used of it. A larger one adds to the
-- lot; a smaller one moves nothing, for the lot withholds the difference: usable of it is remaining less withheld.

ALTER TABLE lots
    ADD COLUMN withheld bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT only_a_quota_withholds_and_no_more_than_it_was_granted
        CHECK (withheld BETWEEN 0 AND CASE kind WHEN 'quota' THEN granted ELSE 0 END);
COMMENT ON COLUMN lots.withheld IS 'How much less than what was granted the plan or seat gives now (C8): it lapses with the rest.';

ALTER TABLE accounts ADD COLUMN quota bigint NOT NULL DEFAULT 0 CHECK (quota >= 0);
COMMENT ON COLUMN accounts.quota IS 'What its seat gives in its period, as far as that was looked at (C8).';
UPDATE accounts SET quota = lots.granted
FROM lots
WHERE lots.workspace_id = accounts.workspace_id AND lots.user_id = accounts.user_id
  AND lots.period_start = accounts.period_start AND lots.kind = 'quota';

CREATE TABLE quota_resizes (
    workspace_id   text COLLATE "C" NOT NULL,
    user_id        text COLLATE "C" NOT NULL,
    version        bigint NOT NULL CHECK (version > 0),  -- the account's
    period_start   timestamptz NOT NULL,
    quota_before   bigint NOT NULL CHECK (quota_before >= 0),
    quota          bigint NOT NULL CHECK (quota >= 0),
    grown          bigint NOT NULL CHECK (grown >= 0),  -- what was added to the lot; a lot that is opened is granted it whole
    transaction_id uuid UNIQUE,
    decided_at     timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, user_id, version),
    FOREIGN KEY (workspace_id, user_id) REFERENCES accounts,
    CHECK (quota <> quota_before),
    CHECK ((grown > 0) = (transaction_id IS NOT NULL))
);
COMMENT ON TABLE quota_resizes IS 'Every change of a quota inside its period. Never changed, never deleted.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON quota_resizes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change();

-- What was granted to a quota only grows; of any other lot it never changes.
CREATE TRIGGER only_a_quota_grows BEFORE UPDATE OF granted ON lots FOR EACH ROW
    WHEN ((OLD.kind <> 'quota' AND NEW.granted <> OLD.granted) OR NEW.granted < OLD.granted)
    EXECUTE FUNCTION refuse_to_change();

GRANT SELECT, INSERT ON quota_resizes TO credit_ledger_worker;
GRANT UPDATE (quota) ON accounts TO credit_ledger_worker;
GRANT UPDATE (granted, withheld) ON lots TO credit_ledger_worker;
