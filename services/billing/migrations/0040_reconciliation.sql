-- Comparisons of our books with the processor's, each a row that is worked on page by page; and operators' reviews of
-- payments that wait for a person (B10).

CREATE TABLE reconciliations (
    reconciliation_id uuid        PRIMARY KEY,
    operator_id       text,       -- NULL: the clock asked
    content_hash      bytea       CHECK (length(content_hash) = 32),  -- of the command
    since             timestamptz NOT NULL,
    until             timestamptz NOT NULL,  -- when it was asked for
    stage             text        NOT NULL DEFAULT 'payments'
                      CHECK (stage IN ('payments', 'refunds', 'disputes', 'ours', 'doubts', 'healing', 'finished')),
    place             text,       -- within the stage: after which of theirs, or of ours, it goes on
    payments          bigint      NOT NULL DEFAULT 0 CHECK (payments >= 0),
    refunds           bigint      NOT NULL DEFAULT 0 CHECK (refunds >= 0),
    disputes          bigint      NOT NULL DEFAULT 0 CHECK (disputes >= 0),
    ours              bigint      NOT NULL DEFAULT 0 CHECK (ours >= 0),
    not_looked_at     bigint      NOT NULL DEFAULT 0 CHECK (not_looked_at >= 0),
    progress_at       timestamptz NOT NULL,  -- while what was woken settles, patience counts from here
    finished_at       timestamptz,
    cause_source      text        NOT NULL,
    cause_id          text        NOT NULL,
    correlation_id    text,
    traceparent       text,
    CHECK (since <= until),
    CHECK ((stage = 'finished') = (finished_at IS NOT NULL)),
    CHECK ((operator_id IS NULL) = (content_hash IS NULL))
);
-- The clock's and one of operators may wait or be under way, never more.
CREATE UNIQUE INDEX one_reconciliation_at_once ON reconciliations ((operator_id IS NULL)) WHERE stage <> 'finished';

-- What the processor has shown in a comparison, until it is finished.
CREATE TABLE reconciliation_shown (
    reconciliation_id uuid NOT NULL REFERENCES reconciliations,
    processor_id      text NOT NULL,
    PRIMARY KEY (reconciliation_id, processor_id)
);

-- What differed at first sight, and what became of it.
CREATE TABLE reconciliation_doubts (
    reconciliation_id uuid   NOT NULL REFERENCES reconciliations,
    about             text   NOT NULL CHECK (about IN ('payment', 'refund', 'dispute')),
    processor_id      text   NOT NULL,
    state             text   NOT NULL CHECK (state IN ('doubted', 'woken', 'healed', 'found', 'settled')),
    kind              text,  -- what a person must look at
    workspace_id      text,
    purchase_id       uuid,
    refund_id         uuid,
    ours              text,
    theirs            text,
    ours_minor        bigint,
    theirs_minor      bigint,
    currency          text,
    PRIMARY KEY (reconciliation_id, about, processor_id),
    CHECK (state <> 'found' OR kind IS NOT NULL)
);
CREATE INDEX reconciliation_doubts_of_state ON reconciliation_doubts (reconciliation_id, state);

CREATE TABLE parked_reviews (
    review_id      uuid        PRIMARY KEY,
    workspace_id   text        NOT NULL,
    purchase_id    uuid        NOT NULL REFERENCES payments,
    operator_id    text        NOT NULL,
    deed           text        NOT NULL CHECK (deed IN ('look_up', 'end')),
    reason         text        NOT NULL,  -- why, in the words of the operator
    content_hash   bytea       NOT NULL CHECK (length(content_hash) = 32),
    asked_at       timestamptz NOT NULL,
    shown          text,       -- what the processor showed: NULL until it was asked
    refused_for    text,       -- why it was not ended
    tries          integer     NOT NULL DEFAULT 0 CHECK (tries >= 0),
    cause_source   text        NOT NULL,
    cause_id       text        NOT NULL,
    correlation_id text,
    traceparent    text
);

CREATE INDEX payments_parked ON payments (purchase_id) WHERE state = 'parked';
CREATE INDEX refunds_parked ON refunds (refund_id) WHERE state = 'parked';
CREATE INDEX payment_attempts_first_tried ON payment_attempts (first_tried_at) WHERE attempt = 1;
CREATE INDEX refunds_first_tried ON refunds (first_tried_at);

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON reconciliations, reconciliation_doubts, parked_reviews TO %I', worker);
    EXECUTE format('GRANT UPDATE (stage, place, payments, refunds, disputes, ours, not_looked_at, progress_at,'
                   ' finished_at) ON reconciliations TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON reconciliation_shown TO %I', worker);
    EXECUTE format('GRANT UPDATE (state, kind, workspace_id, purchase_id, refund_id, ours, theirs, ours_minor,'
                   ' theirs_minor, currency) ON reconciliation_doubts TO %I', worker);
    EXECUTE format('GRANT UPDATE (shown, refused_for, tries) ON parked_reviews TO %I', worker);
END
$$;
