-- A command appended to the log before the request's time was up is decided as of then, also when the clock work came
-- first: what is decided does not depend on when that runs.
INSERT INTO transitions (entity, from_state, to_state) VALUES
    ('requests', 'expired', 'claimed'),
    ('requests', 'expired', 'declined'),
    ('requests', 'expired', 'cancelled');
