-- Up Migration
-- When it happened, where that is not when the notice arrived: a journal is read later, and a spooled notice is stored later. Null: it
-- happened when it arrived. What depends on a notice's age goes by its arrival.
alter table notice add column occurred timestamptz;
