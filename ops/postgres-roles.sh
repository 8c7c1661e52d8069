#!/bin/sh
# Run once by the PostgreSQL image on an empty data folder. Two logins: the owner builds the tables, the
# application's owns nothing and is bound by row level security.
set -eu
psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres \
    -v owner_password="$(cat /run/secrets/database_owner)" -v app_password="$(cat /run/secrets/database_app)" <<'SQL'
CREATE ROLE mingjian LOGIN NOSUPERUSER PASSWORD :'owner_password';
CREATE ROLE mingjian_app LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS PASSWORD :'app_password';
GRANT mingjian_app TO mingjian;
CREATE DATABASE mingjian OWNER mingjian;
REVOKE ALL ON DATABASE mingjian FROM PUBLIC;
GRANT CONNECT ON DATABASE mingjian TO mingjian_app;
SQL
