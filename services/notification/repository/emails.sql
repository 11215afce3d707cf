-- name: add_emails
INSERT INTO emails (notice_id, digest_id, created_at, mail_until, correlation_id, traceparent)
SELECT id, digest_id, %(now)s, mail_until, correlation_id, traceparent
FROM unnest(
    %(notice_ids)s::uuid[], %(digest_ids)s::uuid[], %(mail_untils)s::timestamptz[], %(correlation_ids)s::text[],
    %(traceparents)s::text[]
) AS due (id, digest_id, mail_until, correlation_id, traceparent);

-- name: begin_attempt
UPDATE emails e SET state = 'sending', attempts = attempts + 1
FROM notices n
WHERE e.notice_id = %(notice_id)s AND n.notice_id = e.notice_id AND e.state IN ('pending', 'sending')
RETURNING n.notice_id, n.user_id, n.workspace_id, n.kind, n.wording, n.about_id, n.state, n.facts, n.occurred_at,
    n.settled_at IS NOT NULL AS settled, n.event_source, n.event_id, e.created_at, e.mail_until,
    e.digest_id IS NOT NULL AS in_digest, e.correlation_id, e.traceparent;

-- name: begin_digest
UPDATE emails e SET state = 'sending', attempts = attempts + 1
FROM notices n
WHERE e.digest_id = %(digest_id)s AND n.notice_id = e.notice_id AND e.state IN ('pending', 'sending')
RETURNING n.notice_id, n.user_id, n.workspace_id, n.kind, n.wording, n.about_id, n.state, n.facts, n.occurred_at,
    n.settled_at IS NOT NULL AS settled, n.event_source, n.event_id, e.created_at, e.mail_until,
    e.digest_id IS NOT NULL AS in_digest, e.correlation_id, e.traceparent;

-- name: wait_on
UPDATE emails SET state = 'pending' WHERE notice_id = %(notice_id)s AND state = 'sending';

-- name: end_email
UPDATE emails SET state = %(state)s, failure = %(failure)s, ended_at = %(now)s
WHERE notice_id = %(notice_id)s AND state IN ('pending', 'sending')
RETURNING notice_id;

-- name: list_emails_of_person
SELECT e.notice_id, e.state, e.attempts, e.failure
FROM emails e
JOIN notices n USING (notice_id)
WHERE n.user_id = %(user_id)s
ORDER BY n.occurred_at, e.notice_id;
