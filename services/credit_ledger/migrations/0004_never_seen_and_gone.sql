-- A ledger that starts anew may find of a member only that he is gone: the log is compacted. That is kept too, so that
-- what is reported of him is refused at once, as that of one who left before its eyes.

ALTER TABLE members
    ALTER COLUMN role DROP NOT NULL,
    DROP CONSTRAINT members_version_check,
    ADD CONSTRAINT a_member_has_a_role_once_he_was_seen CHECK (version >= 0 AND (role IS NULL) = (version = 0)),
    ADD CONSTRAINT who_was_never_seen_is_gone CHECK (version > 0 OR removed);
