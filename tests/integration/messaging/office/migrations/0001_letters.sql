CREATE TABLE letters (
    ref     text PRIMARY KEY,
    state   text NOT NULL DEFAULT 'written',
    handled integer NOT NULL DEFAULT 0  -- how often a handler's effect on it was committed
);
GRANT SELECT, INSERT, UPDATE ON letters TO billing_worker;
