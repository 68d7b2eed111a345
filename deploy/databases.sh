#!/bin/bash
# Run once by PostgreSQL's image: a database and a role for each service, which reads no other's.
set -eu
for name in ${BANYAN_DATABASES:-users catalog inventory orders payments testbank move}; do
    psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" <<SQL
CREATE ROLE banyan_$name LOGIN PASSWORD '$BANYAN_DATABASE_PASSWORD';
CREATE DATABASE banyan_$name OWNER banyan_$name ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE banyan_$name FROM PUBLIC;
SQL
done
