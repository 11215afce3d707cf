-- Once per database and audited service: the auditor reads every table that the migrator has made or will ever make there, and
-- writes none.
GRANT USAGE ON SCHEMA {schema} TO {auditor};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {auditor};
ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA {schema} GRANT SELECT ON TABLES TO {auditor};
