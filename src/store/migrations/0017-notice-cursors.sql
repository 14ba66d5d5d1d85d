-- Up Migration
-- Each journal is read from where it was left, also after another account's was read meanwhile.
alter table notice_cursor drop constraint notice_cursor_pkey, add primary key (desk, incarnation);
alter table notice_cursor add column updated timestamptz not null default now();
