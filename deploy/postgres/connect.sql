-- Once per database and role. Not copied with a template database, so granted after every copy.
GRANT CONNECT ON DATABASE {database} TO {role};
