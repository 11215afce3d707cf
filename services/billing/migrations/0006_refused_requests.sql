-- A refused request id keeps its refusal, as a purchase id does (B7, A5): by workspace, so that nobody can spoil an id of
-- another one.
CREATE TABLE refused_requests (
    workspace_id text        NOT NULL,
    request_id   uuid        NOT NULL,
    content_hash bytea       NOT NULL CHECK (length(content_hash) = 32),
    reason       text        NOT NULL,
    detail       text        NOT NULL,
    refused_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, request_id)
);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON refused_requests TO %I', current_schema() || '_worker');
END
$$;
