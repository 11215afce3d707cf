-- The worker may change the columns that its queries change, and no others. Whom a row is about stays as it was written.
REVOKE UPDATE ON workspaces, members, contacts, requests, purchases FROM notification_worker;
GRANT UPDATE (name, version, removed) ON workspaces TO notification_worker;
GRANT UPDATE (role, version, removed) ON members TO notification_worker;
GRANT UPDATE (name, email, version) ON contacts TO notification_worker;
GRANT UPDATE (facts, resolved_at) ON requests TO notification_worker;
GRANT UPDATE (paid_source, paid_event_id, paid_at, paid_facts, credited_at) ON purchases TO notification_worker;
