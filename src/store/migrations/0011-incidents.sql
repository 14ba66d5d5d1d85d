-- Up Migration
-- One row a run of an incident. Its timeline is in evidence, by workflow and first run.
create table incident (
  desk text not null, workflow_id text not null, first_run_id text not null,
  -- Short name for people and buttons.
  id text not null unique,
  fingerprint text not null, kind text not null, subject text not null default '',
  severity text not null check (severity in ('critical', 'high', 'medium', 'low')),
  title text not null, detail text not null,
  state text not null check (state in ('open', 'acknowledged', 'resolved')),
  phase text not null default '',
  opened timestamptz not null, respond_by timestamptz not null, escalations integer not null default 0,
  acknowledged timestamptz, acknowledged_by text,
  resolved timestamptz, resolved_by text, outcome text not null default '',
  simulated boolean not null,
  -- Writes may overtake each other: the highest counts.
  revision integer not null,
  primary key (workflow_id, first_run_id)
);
create index incident_by_desk on incident (desk, opened desc);
create index incident_open on incident (desk, fingerprint) where state <> 'resolved';

-- Every symptom that was seen, once by its key; seen again it is counted. The workflow hears only of those that open one.
create table incident_alert (
  desk text not null, fingerprint text not null, key text not null,
  source text not null, detail text not null,
  first_seen timestamptz not null default now(), last_seen timestamptz not null default now(),
  times integer not null default 1,
  -- Its incident has it, or it came while one was open that is resolved by now.
  settled boolean not null default false,
  primary key (desk, fingerprint, key)
);
create index incident_alert_recent on incident_alert (desk, fingerprint, last_seen desc);

-- What is too long for evidence, which names its hash: the last lines of a log.
create table incident_file (
  workflow_id text not null, first_run_id text not null, name text not null,
  content text not null, sha256 text not null, recorded timestamptz not null default now(),
  primary key (workflow_id, first_run_id, name)
);
create trigger incident_file_append_only before update or delete on incident_file for each row execute function refuse_change();

grant select, insert, update on incident, incident_alert to fermata_app;
grant select, insert on incident_file to fermata_app;
