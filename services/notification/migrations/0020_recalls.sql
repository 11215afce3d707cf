-- Why credits are called back (B11, B12): billing says it, the ledger says of whom. A recall's cause never changes.
CREATE TABLE recalls (
    workspace_id text NOT NULL,
    recall_id    uuid NOT NULL,
    cause        text NOT NULL CHECK (cause IN ('refund', 'dispute', 'processor_refund')),
    PRIMARY KEY (workspace_id, recall_id)
);
GRANT SELECT, INSERT ON recalls TO notification_worker;

-- What of a purchase's credits went at once into debt, by user id: the receipt says it (B11).
ALTER TABLE purchases ADD COLUMN debts jsonb;
GRANT UPDATE (debts) ON purchases TO notification_worker;
