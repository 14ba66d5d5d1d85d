-- Up Migration
-- The ledger connects as this role: without it the first cash record would hold up everything behind it.
grant select, insert on cash_records to fermata_app;

-- Capital that had come in (less what went out) when the sample was taken, counted in its own journal: what equity grew by
-- without it is the return.
alter table equity add column capital_moved numeric not null default 0;
update equity set capital_moved = (
    select sum(amount) from cash_records cash
      where cash.desk = equity.desk and cash.incarnation = equity.incarnation and cash.market <= equity.market
        and cash.kind in ('deposit', 'withdrawal', 'correction'))
  where exists (
    select 1 from cash_records cash
      where cash.desk = equity.desk and cash.incarnation = equity.incarnation and cash.market <= equity.market
        and cash.kind in ('deposit', 'withdrawal', 'correction'));
