-- What the processor has been paid, or may still be paid, for purchases that are not in these tables: after a restored
-- backup. Filled by listing the processor's payments; empty in ordinary times.

CREATE TABLE processor_payments (
    payment_intent_id text        PRIMARY KEY,
    purchase_id       uuid        NOT NULL,  -- as the metadata say, which only this service writes
    workspace_id      text        NOT NULL,
    status            text        NOT NULL,  -- the processor's word when it was listed last
    amount_minor      bigint      NOT NULL,  -- for people: what decides is read again
    currency          text        NOT NULL,
    customer_id       text,
    payment_method_id text,
    listed_at         timestamptz NOT NULL
);
CREATE INDEX processor_payments_purchase ON processor_payments (purchase_id);

-- Up to when the processor's payments have been listed, and in which life of this database that was written down.
-- A physical copy (restored, promoted) runs under another server start; rows that were copied logically (dumped and
-- restored) were written by another transaction than they say.
CREATE TABLE processor_listing (
    single            boolean     PRIMARY KEY DEFAULT true CHECK (single),
    listed_until      timestamptz NOT NULL,
    written_by        xid8        NOT NULL,
    server_started_at timestamptz NOT NULL
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON processor_payments, processor_listing TO %I',
                   current_schema() || '_worker');
END
$$;
