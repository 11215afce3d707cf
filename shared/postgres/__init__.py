"""PostgreSQL as the workers use it: connections, transactions, named queries, migrations. It knows no business noun."""
