"""A post office for the tests of timed work: letters that lie in PostgreSQL until their time comes."""
