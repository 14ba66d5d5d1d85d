-- Up Migration
-- Whether two journals with one account name are of one account. A paper account that was reset leaves its name to the next one, whose
-- journal has a beginning of its own; a restored journal begins with the first entry of the journal that it copies. At a venue the
-- account stays the same whatever becomes of its journals.
create function same_account(of_desk text, account text, one text, other text) returns boolean language sql stable as $$
  select account !~ '^paper(/|$)' or exists (
    select from journal_entry first join journal_entry others using (desk, sequence, wall, record)
      where desk = of_desk and sequence = 1 and first.incarnation = one and others.incarnation = other)
$$;

-- Journals of accounts that rest.
create or replace view resting_journal as
  select other.desk, other.incarnation from ledger_cursor other
    join current_journal now on now.desk = other.desk and now.incarnation <> other.incarnation
    where now.account <> other.account or not same_account(now.desk, now.account, now.incarnation, other.incarnation);
