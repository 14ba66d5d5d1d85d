-- Up Migration
-- Candles of one symbol come from markets that have nothing to do with each other: each price source has its own series.
-- `unknown`: stored before sources were told apart. Which one it was can't be told, so they are part of no series.
alter table bars add column source text not null default 'unknown';
alter table bars alter column source drop default;
alter table bars drop constraint bars_pkey, add primary key (desk, source, symbol, span_seconds, open_time);
