-- In which language a person is written to. Null: erased, or known from before this was kept; then English.
ALTER TABLE contacts ADD COLUMN language text;
GRANT UPDATE (language) ON contacts TO notification_worker;
