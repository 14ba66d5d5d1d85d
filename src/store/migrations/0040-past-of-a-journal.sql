-- Up Migration
-- A journal that is first seen after another one was read, as a restored one is, comes with a past. Its entries up to the sequence that
-- it had then are news only if they were written since the other one was read, over however many connections they are read.
alter table notice_cursor add column past_sequence bigint not null default 0, add column past_until timestamptz;
