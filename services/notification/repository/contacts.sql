-- name: put_contacts
INSERT INTO contacts (user_id, name, email, language, version)
SELECT * FROM unnest(
    %(user_ids)s::text[], %(names)s::text[], %(emails)s::text[], %(languages)s::text[], %(versions)s::bigint[]
) AS changed (person, name, email, language, version)
ORDER BY person
ON CONFLICT (user_id) DO UPDATE
SET name = excluded.name, email = excluded.email, language = excluded.language, version = excluded.version
WHERE excluded.version > contacts.version;

-- name: erase_contact
INSERT INTO contacts (user_id, version) VALUES (%(user_id)s, 0)
ON CONFLICT (user_id) DO UPDATE SET name = NULL, email = NULL, language = NULL;

-- name: find_contact
SELECT name, email, language FROM contacts WHERE user_id = %(user_id)s;

-- name: find_names
SELECT user_id, name FROM contacts WHERE user_id = ANY (%(user_ids)s) AND name IS NOT NULL;
