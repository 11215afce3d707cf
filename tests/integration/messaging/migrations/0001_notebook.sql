-- What the handlers of these tests write down: one line for every message that had an effect.
CREATE TABLE notebook (
    line         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic        text   NOT NULL,
    partition    integer NOT NULL,
    record_offset bigint NOT NULL,
    element      integer NOT NULL,
    entity       text   NOT NULL,
    note         text   NOT NULL
);
CREATE TABLE known (workspace text PRIMARY KEY);
DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON notebook, known TO %I', current_schema() || '_worker');
END
$$;
