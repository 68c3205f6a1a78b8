-- Once, as a superuser: one role owns the tables, another serves the portal.
-- psql -v owner_password=... -v web_password=... -f deploy/database.sql
CREATE ROLE portal_owner LOGIN NOSUPERUSER PASSWORD :'owner_password';
CREATE ROLE portal_web LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'web_password';
CREATE DATABASE portal OWNER portal_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE portal TO portal_web;
-- What the database refuses it quotes, words of a case too: the statement, the row, the text that it
-- could not read. That stays out of its log; the portal's own says what was refused, without.
ALTER ROLE portal_owner SET log_min_error_statement = panic;
ALTER ROLE portal_owner SET log_error_verbosity = terse;
ALTER ROLE portal_owner SET log_min_messages = log;
ALTER ROLE portal_web SET log_min_error_statement = panic;
ALTER ROLE portal_web SET log_error_verbosity = terse;
ALTER ROLE portal_web SET log_min_messages = log;
