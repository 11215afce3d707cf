CREATE TABLE greetings (
    workspace text PRIMARY KEY,
    greeted   boolean NOT NULL DEFAULT false
);
GRANT SELECT, INSERT, UPDATE ON greetings TO billing_worker;
