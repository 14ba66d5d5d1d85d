-- Up Migration
-- A fee may be paid in the coin that was bought or in an asset kept for fees: `fee` is its worth, these say what was taken.
-- Null: it was paid in the quote currency.
alter table fills add column fee_asset text, add column fee_amount numeric;
-- What changed the cash of a desk without a trade.
create table cash_records (
  desk text not null, incarnation text not null, sequence bigint not null,
  kind text not null, currency text not null, amount numeric not null,
  booked_by text not null, source text not null, movement_id text, reason text not null,
  market timestamptz not null, wall timestamptz not null, simulated boolean not null,
  primary key (desk, incarnation, sequence)
);
create index cash_records_by_time on cash_records (desk, market desc);
