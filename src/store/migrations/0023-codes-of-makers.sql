-- Up Migration
-- Rows that make somebody a person carry a code of the process that made them; without it they count as absent.
alter table sign_in_token add column mac text;
alter table link_code add column mac text;
alter table person_link add column mac text;
-- They live for minutes. Links of accounts stay, and get their codes once, at the start that follows.
delete from sign_in_token where used is null;
delete from link_code where used is null;
