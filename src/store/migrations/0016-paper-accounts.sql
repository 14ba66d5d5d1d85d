-- Up Migration
-- Each price source has a paper account of its own, and each account its journals: what one did is no part of another's
-- figures. `''`: written before accounts were told apart.
alter table ledger_cursor add column account text not null default 'paper';

alter table equity add column incarnation text not null default '';
alter table equity drop constraint equity_pkey, add primary key (desk, market, incarnation);

alter table positions add column incarnation text not null default '';
alter table positions drop constraint positions_pkey, add primary key (desk, symbol, incarnation);

alter table halts add column incarnation text not null default '';

-- The journal that the desk writes now.
create view current_journal as
  select distinct on (desk) desk, incarnation, account from ledger_cursor order by desk, updated desc;

-- Journals of accounts that rest.
create view resting_journal as
  select other.desk, other.incarnation from ledger_cursor other
    join current_journal now on now.desk = other.desk and now.account <> other.account;

grant select on current_journal, resting_journal to fermata_app;
