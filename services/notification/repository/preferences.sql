-- name: set_preference
INSERT INTO preferences (user_id, kind, by_email) VALUES (%(user_id)s, %(kind)s, %(by_email)s)
ON CONFLICT (user_id, kind) DO UPDATE SET by_email = excluded.by_email;

-- name: wants_email
SELECT coalesce((SELECT by_email FROM preferences WHERE user_id = %(user_id)s AND kind = %(kind)s), true);

-- name: make_token
INSERT INTO unsubscribe_tokens (user_id) VALUES (%(user_id)s) ON CONFLICT DO NOTHING;

-- name: find_token
SELECT token FROM unsubscribe_tokens WHERE user_id = %(user_id)s;
