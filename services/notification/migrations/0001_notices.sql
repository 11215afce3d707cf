-- What notification knows and what it told. Names and addresses of people stand in `contacts` and nowhere else.

-- This service's copy of the directory. No order between keys is relied on, so nothing refers to anything here.
CREATE TABLE workspaces (
    workspace_id text    PRIMARY KEY,
    name         text,
    version      bigint  NOT NULL CHECK (version >= 0),
    removed      boolean NOT NULL DEFAULT false,
    CHECK (removed = (name IS NULL))
);

CREATE TABLE members (
    workspace_id text    NOT NULL,
    user_id      text    NOT NULL,
    role         text    CHECK (role IN ('owner', 'admin', 'editor', 'guest_editor', 'viewer')),
    version      bigint  NOT NULL CHECK (version >= 0),
    removed      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, user_id),
    CHECK (removed = (role IS NULL))
);
CREATE INDEX members_who_decide ON members (workspace_id) WHERE role IN ('owner', 'admin');

-- An erased person keeps the row, without name and address, so that an older contact never comes back.
CREATE TABLE contacts (
    user_id text   PRIMARY KEY,
    name    text,
    email   text,
    version bigint NOT NULL CHECK (version >= 0),
    CHECK ((name IS NULL) = (email IS NULL))
);

-- What was asked for, and whether it is settled: either event may be the first to be handled.
CREATE TABLE requests (
    workspace_id text        NOT NULL,
    request_id   uuid        NOT NULL,
    facts        jsonb,
    resolved_at  timestamptz,
    PRIMARY KEY (workspace_id, request_id)
);

-- A receipt is due when both the payment (of billing) and the credits (of the ledger) are there, in either order.
CREATE TABLE purchases (
    workspace_id  text        NOT NULL,
    purchase_id   uuid        NOT NULL,
    paid_source   text,
    paid_event_id text,
    paid_at       timestamptz,
    paid_facts    jsonb,
    credited_at   timestamptz,
    PRIMARY KEY (workspace_id, purchase_id),
    CHECK (num_nulls(paid_source, paid_event_id, paid_at, paid_facts) IN (0, 4))
);

CREATE TABLE notices (
    notice_id    uuid        PRIMARY KEY,
    event_source text        NOT NULL,
    event_id     text        NOT NULL,
    user_id      text        NOT NULL,
    workspace_id text        NOT NULL,
    kind         text        NOT NULL,
    wording      text        NOT NULL,
    about_id     text        NOT NULL,
    state        text        NOT NULL DEFAULT 'unread' CHECK (state IN ('unread', 'read', 'handled')),
    facts        jsonb       NOT NULL,
    occurred_at  timestamptz NOT NULL,
    handled_at   timestamptz,
    CONSTRAINT once_per_event_and_person UNIQUE (event_source, event_id, user_id),
    CHECK ((state = 'handled') = (handled_at IS NOT NULL))
);
CREATE INDEX notices_of_a_person ON notices (user_id, occurred_at);
CREATE INDEX notices_still_open ON notices (workspace_id, about_id) WHERE state <> 'handled';

-- `sending`: at least one attempt began and its end is not recorded. The address is looked up at each attempt.
CREATE TABLE emails (
    notice_id      uuid        PRIMARY KEY REFERENCES notices,
    state          text        NOT NULL DEFAULT 'pending'
                               CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'dropped')),
    attempts       integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at     timestamptz NOT NULL,
    mail_until     timestamptz NOT NULL,
    ended_at       timestamptz,
    failure        text        CHECK (failure IN ('refused_by_server', 'no_address', 'gave_up')),
    correlation_id text,
    traceparent    text,
    CHECK ((state IN ('sent', 'failed', 'dropped')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'failed') = (failure IS NOT NULL))
);

-- Nothing that was told is ever deleted, and a notice's content never changes.
GRANT SELECT, INSERT, UPDATE ON workspaces, members, contacts, requests, purchases TO notification_worker;
GRANT SELECT, INSERT, UPDATE (state, handled_at) ON notices TO notification_worker;
GRANT SELECT, INSERT, UPDATE (state, attempts, ended_at, failure) ON emails TO notification_worker;
