-- Up Migration
-- What paper validations came to. Append-only: going live demands a GO from here, for the same configuration.
create table validation_report (
  id bigint generated always as identity primary key,
  desk text not null, validation_id text not null, config_hash text not null,
  recommendation text not null check (recommendation in ('GO','NO-GO')),
  -- May stand for real money: real prices of all that is traded, and criteria no looser than the desk file's.
  qualifies boolean not null,
  hash text not null, seal text not null,
  -- As it was signed: text, since jsonb would not give it back as it was.
  report text not null,
  created timestamptz not null, recorded timestamptz not null default now(),
  unique (desk, validation_id)
);
create index validation_report_by_config on validation_report (desk, config_hash, id desc);
grant select, insert on validation_report to fermata_app;
grant usage, select on all sequences in schema public to fermata_app;
create trigger validation_report_append_only before update or delete on validation_report for each row execute function refuse_change();
