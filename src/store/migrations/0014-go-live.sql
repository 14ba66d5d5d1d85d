-- Up Migration
-- Attempts to trade real money. A workflow id is only guarded while its run is retained: that there is one attempt at a
-- time, and each number once, is held here.
create table golive_attempt (
  desk text not null, release text not null, attempt integer not null check (attempt > 0),
  workflow_id text not null, asked_by text not null, reason text not null,
  state text not null default 'open' check (state in ('open', 'live', 'completed', 'refused', 'ended')),
  detail text not null default '',
  started timestamptz not null default now(), finished timestamptz,
  primary key (desk, release, attempt)
);
create unique index golive_one_at_a_time on golive_attempt (desk) where finished is null;
grant select, insert, update on golive_attempt to fermata_app;
