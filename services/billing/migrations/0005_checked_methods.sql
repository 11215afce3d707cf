-- A method that the buyer named is checked to be the workspace's own in a step of its own, before its charge may be sent.

ALTER TABLE payment_attempts ADD COLUMN method_checked boolean NOT NULL DEFAULT false;

-- Found unusable, or the check refused for good: nothing was sent for the attempt.
INSERT INTO transitions (entity, from_state, to_state) VALUES
    ('payments', 'created', 'declined'),
    ('payments', 'created', 'parked');

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (method_checked) ON payment_attempts TO %I', current_schema() || '_worker');
END
$$;
