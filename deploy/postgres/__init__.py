"""The roles, schemas and rights in PostgreSQL: who may do what in which schema."""
