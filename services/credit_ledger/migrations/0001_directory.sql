-- What the ledger keeps of other owners' facts: workspaces, members, catalog versions. Higher version wins.

CREATE TABLE workspaces (
    workspace_id text COLLATE "C" PRIMARY KEY,
    -- Null while only a purchase has named it: a paid grant is never refused, so it may come before the directory.
    plan         text CHECK (plan IN ('free', 'pro', 'business')),
    status       text CHECK (status IN ('active', 'past_due', 'canceled')),
    cycle_anchor date,
    version      bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    removed      boolean NOT NULL DEFAULT false,
    CHECK (num_nonnulls(plan, status, cycle_anchor) = CASE WHEN version = 0 THEN 0 ELSE 3 END)
);
COMMENT ON TABLE workspaces IS
    'Its row is the lock of eligibility: who decides by plan, status or role holds it FOR SHARE, who changes them FOR NO KEY UPDATE.';

CREATE TABLE members (
    workspace_id text COLLATE "C" NOT NULL,  -- may come before its workspace: no order between keys is relied on
    user_id      text COLLATE "C" NOT NULL CHECK (user_id <> '~pool'),
    role         text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'guest_editor', 'viewer')),
    version      bigint NOT NULL CHECK (version >= 1),
    removed      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (workspace_id, user_id)
);

CREATE TABLE catalogs (
    catalog_version       bigint PRIMARY KEY,
    effective_at          timestamptz NOT NULL,
    free_first_period     bigint NOT NULL CHECK (free_first_period >= 0),
    free                  bigint NOT NULL CHECK (free >= 0),
    pro_editor            bigint NOT NULL CHECK (pro_editor >= 0),
    pro_guest_editor      bigint NOT NULL CHECK (pro_guest_editor >= 0),
    business_editor       bigint NOT NULL CHECK (business_editor >= 0),
    business_guest_editor bigint NOT NULL CHECK (business_guest_editor >= 0)
);

CREATE TABLE action_prices (
    action          text COLLATE "C" NOT NULL,
    catalog_version bigint NOT NULL REFERENCES catalogs,
    credits         bigint NOT NULL CHECK (credits > 0),
    per             bigint NOT NULL CHECK (per > 0),
    PRIMARY KEY (action, catalog_version)
);

GRANT SELECT, INSERT, UPDATE ON workspaces, members TO credit_ledger_worker;
GRANT SELECT, INSERT ON catalogs, action_prices TO credit_ledger_worker;  -- a published version never changes
