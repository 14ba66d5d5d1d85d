-- Up Migration
-- What each closed trade came to: written once, from the journal's record of it. Risk and r are null where nobody knows what a first
-- stop would have lost.
create table trades (
  desk text not null, incarnation text not null, trade text not null, sequence bigint not null,
  symbol text not null, strategy text not null, side text not null, quantity numeric not null,
  entry_price numeric, exit_price numeric, result numeric not null, fees numeric not null,
  risk numeric, r double precision, why text not null, config_hash text not null,
  opened timestamptz not null, market timestamptz not null, wall timestamptz not null, simulated boolean not null,
  primary key (desk, incarnation, sequence)
);
create index trades_by_time on trades (desk, market desc);
grant select, insert on trades to fermata_app;
