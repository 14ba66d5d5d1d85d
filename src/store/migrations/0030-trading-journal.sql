-- Up Migration
-- The desk's trading journal: the figures of each of its days, positions that were entered, and what people noted.
create table trading_journal (
  id bigint generated always as identity primary key,
  desk text not null,
  -- One of the desk's own days.
  day date not null,
  kind text not null check (kind in ('day', 'position', 'note')),
  -- What it is about, each once: of a day its date, of a position what names it. A note stands by itself.
  about text check ((about is null) = (kind = 'note')),
  figures jsonb not null default '{}',
  text text not null default '',
  -- Whoever noted it.
  person text check ((person is null) = (kind <> 'note')),
  written timestamptz not null default now(),
  unique (desk, kind, about)
);
create index trading_journal_by_day on trading_journal (desk, day desc);
-- The figures of a day are written again where its routine runs again.
grant select, insert, update on trading_journal to fermata_app;
grant usage, select on all sequences in schema public to fermata_app;
