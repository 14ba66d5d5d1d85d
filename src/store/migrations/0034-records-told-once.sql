-- Up Migration
-- A restored journal is a copy under another name, and its ledger heard all of it again: what an earlier journal recorded
-- is recorded once. Fills that a later journal repeats are named here, since its positions begin with them.
create table repeated_fills (
  desk text not null, incarnation text not null, sequence bigint not null,
  symbol text not null, trade_id text not null,
  primary key (desk, incarnation, sequence)
);
grant select, insert on repeated_fills to fermata_app;
insert into repeated_fills
  select entry.desk, entry.incarnation, entry.sequence, fills.symbol, fills.trade_id
    from journal_entry entry join fills on fills.desk = entry.desk and fills.trade_id = record -> 'fill' ->> 'tradeId'
      and fills.client_id = record -> 'fill' ->> 'clientId'
      and abs(extract(epoch from fills.market) * 1000 - (record -> 'fill' ->> 'marketMs')::numeric) < 1
      and (fills.incarnation, fills.sequence) <> (entry.incarnation, entry.sequence)
    where entry.type = 'fill'
    on conflict do nothing;

delete from trades using trades first, ledger_cursor mine, ledger_cursor other
  where first.desk = trades.desk and first.trade = trades.trade and first.opened = trades.opened
    and mine.desk = trades.desk and mine.incarnation = trades.incarnation
    and other.desk = first.desk and other.incarnation = first.incarnation
    and (other.updated, first.incarnation, first.sequence) < (mine.updated, trades.incarnation, trades.sequence);
create unique index trades_once on trades (desk, trade, opened);

with gone as (
  delete from cash_records using cash_records first, ledger_cursor mine, ledger_cursor other
    where first.desk = cash_records.desk and first.incarnation <> cash_records.incarnation
      and (first.sequence, first.wall, first.market, first.kind, first.currency, first.amount)
        = (cash_records.sequence, cash_records.wall, cash_records.market, cash_records.kind, cash_records.currency,
           cash_records.amount)
      and mine.desk = cash_records.desk and mine.incarnation = cash_records.incarnation
      and other.desk = first.desk and other.incarnation = first.incarnation and other.updated < mine.updated
    returning cash_records.desk, cash_records.incarnation, cash_records.kind, cash_records.amount
), copied as (
  select desk, incarnation, sum(amount) as amount from gone where kind in ('deposit', 'withdrawal', 'correction')
    group by 1, 2
)
update equity set capital_moved = capital_moved - copied.amount from copied
  where copied.desk = equity.desk and copied.incarnation = equity.incarnation;

delete from settings_change using settings_change first
  where first.desk = settings_change.desk and first.incarnation < settings_change.incarnation
    and (first.version, first.config_hash, first.wall) = (settings_change.version, settings_change.config_hash, settings_change.wall);

update orders set state = 'filled' where filled >= quantity and filled > 0 and state not in ('filled', 'rejected', 'denied');
