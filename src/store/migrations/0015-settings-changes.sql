-- Up Migration
-- Settings that were changed while the desk ran, from the trader's own journal: what, from which value to which, who,
-- why, and who approved it.
create table settings_change (
  desk text not null, incarnation text not null, version integer not null,
  config_hash text not null, changes jsonb not null, changed jsonb not null,
  by_whom text not null, reason text not null, approved_by text[] not null default '{}',
  market timestamptz not null, wall timestamptz not null,
  primary key (desk, incarnation, version)
);
create index settings_change_by_time on settings_change (desk, wall desc);
create trigger settings_change_append_only before update or delete on settings_change for each row execute function refuse_change();
create index audit_by_time on audit (desk, id desc);

grant select, insert on settings_change to fermata_app;
