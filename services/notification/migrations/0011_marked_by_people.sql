-- People mark their notices; that a matter is settled is another thing than that somebody has put a notice aside.
ALTER TABLE notices ADD COLUMN settled_at timestamptz;
UPDATE notices SET settled_at = handled_at WHERE state = 'handled';
ALTER TABLE notices ADD CHECK (settled_at IS NULL OR state = 'handled');

DROP INDEX notices_still_open;
CREATE INDEX notices_not_settled ON notices (workspace_id, about_id) WHERE settled_at IS NULL;

GRANT UPDATE (settled_at) ON notices TO notification_worker;
