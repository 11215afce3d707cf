-- Once per database: nobody enters unless granted, nobody makes temporary tables, and nobody uses the schema public.
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
