-- Up Migration
-- What a person has to tick before a task is done, in this order; empty: the note alone is asked for.
alter table task add column items text[] not null default '{}';
