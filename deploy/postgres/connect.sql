-- Once per database and role. Not copied with a template database, so granted after every copy.
REVOKE ALL ON DATABASE {database} FROM {role};
GRANT CONNECT ON DATABASE {database} TO {role};
