-- What others own and billing only remembers: whole entities, the highest version wins.

CREATE TABLE workspaces (
    workspace_id      text    PRIMARY KEY,
    plan              text    NOT NULL CHECK (plan IN ('free', 'pro', 'business')),
    status            text    NOT NULL CHECK (status IN ('active', 'past_due', 'canceled')),
    customer_id       text,   -- the processor's ids, as the directory tells them
    payment_method_id text,
    version           bigint  NOT NULL CHECK (version > 0),
    removed           boolean NOT NULL DEFAULT false
);

CREATE TABLE members (
    workspace_id text    NOT NULL,  -- no foreign key: no order between the directory's keys is relied on
    user_id      text    NOT NULL,
    role         text    NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'guest_editor', 'viewer')),
    version      bigint  NOT NULL CHECK (version > 0),
    removed      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, user_id)
);

CREATE TABLE catalogs (
    catalog_version bigint      PRIMARY KEY CHECK (catalog_version > 0),
    effective_at    timestamptz NOT NULL
);

CREATE TABLE packages (
    catalog_version bigint  NOT NULL REFERENCES catalogs,
    package_id      text    NOT NULL,
    credits         integer NOT NULL CHECK (credits BETWEEN 3000 AND 100000),  -- B4
    price_minor     integer NOT NULL CHECK (price_minor BETWEEN 1 AND 99999999),
    currency        text    NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    retired         boolean NOT NULL,
    PRIMARY KEY (catalog_version, package_id)
);

DO $$
DECLARE
    worker text := current_schema() || '_worker';
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON workspaces, members TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT ON catalogs, packages TO %I', worker);  -- a version is never changed
END
$$;
