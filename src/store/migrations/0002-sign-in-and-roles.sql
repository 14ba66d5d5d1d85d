-- Up Migration
-- One-time sign-in links: only the hash of a token is kept.
create table sign_in_token (
  token_hash text primary key, person text not null, expires timestamptz not null,
  used timestamptz, created timestamptz not null default now()
);

-- What the open quantity cost, in the quote currency, signed like the quantity: the average price is rounded, this is not.
alter table positions add column cost numeric not null default 0;

-- The role that the product's processes connect as. Evidence, audit, journal entries and settings are append-only by
-- grant as well as by trigger: the owner of the tables is nobody's connection but the migration's.
grant usage on schema public to fermata_app;
grant select, insert, update, delete on
  ledger_cursor, orders, fills, positions, equity, bars, halts, routine_run, run_missed, schedule_state,
  idempotency, sign_in_token
to fermata_app;
grant select, insert on evidence, audit, journal_entry, settings_version to fermata_app;
grant usage, select on all sequences in schema public to fermata_app;
revoke create on schema public from public;
create trigger settings_version_append_only before update or delete on settings_version for each row execute function refuse_change();
