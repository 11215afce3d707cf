-- Storms (N5): the first request that somebody is told of is mailed at once and opens a window; what follows within it
-- goes out as one mail. `closed_at`: nothing is added any more, either as its mail is being sent or as it stayed empty.
CREATE TABLE digests (
    digest_id    uuid        PRIMARY KEY,
    workspace_id text        NOT NULL,
    user_id      text        NOT NULL,
    opened_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    closed_at    timestamptz,
    CHECK (ends_at > opened_at)
);
CREATE UNIQUE INDEX one_open_digest ON digests (workspace_id, user_id) WHERE closed_at IS NULL;

-- Null: mailed by itself.
ALTER TABLE emails ADD COLUMN digest_id uuid REFERENCES digests;
CREATE INDEX emails_of_a_digest ON emails (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX emails_under_way ON emails (notice_id) WHERE state IN ('pending', 'sending');

GRANT SELECT, INSERT, UPDATE (closed_at) ON digests TO notification_worker;
