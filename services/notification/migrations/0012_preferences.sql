-- Which kinds of notice a person wants by email; without a row, all. In-app notices are not asked about.
CREATE TABLE preferences (
    user_id  text    NOT NULL,
    kind     text    NOT NULL,
    by_email boolean NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- What the unsubscribe links of a person carry: it cannot be guessed, and the same in all of the person's mails. Made
-- here, as it is never published and nothing is derived from it.
CREATE TABLE unsubscribe_tokens (
    user_id text PRIMARY KEY,
    token   uuid NOT NULL DEFAULT gen_random_uuid()
);

GRANT SELECT, INSERT, UPDATE (by_email) ON preferences TO notification_worker;
GRANT SELECT, INSERT ON unsubscribe_tokens TO notification_worker;
