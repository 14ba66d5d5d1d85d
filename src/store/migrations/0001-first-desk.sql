-- Up Migration
-- Ledger: written by the ledger role from the trader's sequenced stream, exactly once by (incarnation, sequence).
create table ledger_cursor (
  desk text not null,
  incarnation text not null,
  sequence bigint not null,
  chain text not null,
  updated timestamptz not null default now(),
  primary key (desk, incarnation)
);
create table journal_entry (
  desk text not null, incarnation text not null, sequence bigint not null,
  wall timestamptz not null, type text not null, record jsonb not null, chain text not null,
  primary key (desk, incarnation, sequence)
);
create index journal_entry_type on journal_entry (desk, type, wall desc);
create table orders (
  desk text not null, client_id text not null, venue_id text, symbol text not null, side text not null,
  type text not null, purpose text not null, strategy text not null, state text not null,
  quantity numeric not null, filled numeric not null default 0, price numeric, reason text not null default '',
  simulated boolean not null, created_market timestamptz not null, created timestamptz not null, updated timestamptz not null,
  primary key (desk, client_id)
);
create table fills (
  desk text not null, symbol text not null, trade_id text not null, client_id text not null,
  side text not null, quantity numeric not null, price numeric not null, fee numeric not null, liquidity text not null,
  purpose text not null, strategy text not null, realised numeric not null,
  simulated boolean not null, caught_up boolean not null default false,
  market timestamptz not null, wall timestamptz not null,
  incarnation text not null, sequence bigint not null,
  primary key (desk, symbol, trade_id)
);
create index fills_by_time on fills (desk, market desc, sequence desc);
create table positions (
  desk text not null, symbol text not null, quantity numeric not null, average_price numeric not null,
  realised numeric not null, simulated boolean not null, updated timestamptz not null,
  primary key (desk, symbol)
);
create table equity (
  desk text not null, market timestamptz not null, equity numeric not null, peak numeric not null,
  cash numeric not null, unrealised numeric not null, simulated boolean not null,
  primary key (desk, market)
);
create table bars (
  desk text not null, symbol text not null, open_time timestamptz not null, span_seconds integer not null,
  open numeric not null, high numeric not null, low numeric not null, close numeric not null, volume numeric not null,
  simulated boolean not null,
  primary key (desk, symbol, span_seconds, open_time)
);
create table halts (
  desk text not null, halt_id text not null, mode text not null, scope text not null, cause text not null,
  by_whom text not null, reason text not null, resume text not null, market timestamptz not null, wall timestamptz not null,
  lifted timestamptz, lifted_by text,
  primary key (desk, halt_id)
);

-- Evidence: append-only, hash-chained per desk.
create table evidence (
  id bigint generated always as identity primary key,
  desk text not null, workflow_id text not null, first_run_id text not null, run_id text not null,
  routine text not null, step_key text not null, attempt_group integer not null default 0,
  name text not null, kind text not null check (kind in ('check','action','report','human','decision')),
  verdict text not null check (verdict in ('pass','warn','fail','not_run')),
  observed text not null, expected text not null,
  started timestamptz not null, finished timestamptz not null, market timestamptz,
  person text, reference text, simulated boolean not null,
  previous_hash text not null, hash text not null,
  unique (workflow_id, first_run_id, step_key, attempt_group)
);
create index evidence_by_desk on evidence (desk, id desc);
create table routine_run (
  desk text not null, workflow_id text not null, first_run_id text not null, routine text not null, title text not null,
  nominal timestamptz not null, started timestamptz not null, finished timestamptz,
  verdict text check (verdict in ('pass','warn','fail','not_run','missed')), cause text not null,
  primary key (workflow_id, first_run_id)
);
create index routine_run_by_desk on routine_run (desk, started desc);
create table run_missed (
  desk text not null, routine text not null, nominal timestamptz not null, reason text not null,
  recorded timestamptz not null default now(),
  primary key (desk, routine, nominal)
);
create table schedule_state (
  desk text not null, schedule_id text not null, routine text not null, paused boolean not null, note text not null default '',
  spec_hash text not null, updated timestamptz not null default now(),
  primary key (desk, schedule_id)
);
create table audit (
  id bigint generated always as identity primary key,
  desk text not null, wall timestamptz not null default now(), person text not null, via text not null,
  action text not null, parameters jsonb not null default '{}', outcome text not null, idempotency_key text,
  unique (desk, idempotency_key)
);
create table idempotency (
  desk text not null, key text not null, person text not null, request_hash text not null,
  status integer, answer jsonb, created timestamptz not null default now(),
  primary key (desk, key, person)
);
create table settings_version (
  desk text not null, version integer not null, config_hash text not null, content text not null,
  by_whom text not null, reason text not null, recorded timestamptz not null default now(),
  primary key (desk, version)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger evidence_append_only before update or delete on evidence for each row execute function refuse_change();
create trigger audit_append_only before update or delete on audit for each row execute function refuse_change();
create trigger journal_entry_append_only before update or delete on journal_entry for each row execute function refuse_change();
