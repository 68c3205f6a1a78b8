-- Once, as a superuser: one role owns the tables, another serves the portal.
-- psql -v owner_password=... -v web_password=... -f deploy/database.sql
CREATE ROLE portal_owner LOGIN NOSUPERUSER PASSWORD :'owner_password';
CREATE ROLE portal_web LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'web_password';
CREATE DATABASE portal OWNER portal_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE portal TO portal_web;
