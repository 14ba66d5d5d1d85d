-- Up Migration
-- What a person is asked to do: by a step of a routine, an incident, a go-live. The same source asks once.
create table task (
  id bigint generated always as identity primary key,
  desk text not null, source text not null,
  title text not null, detail text not null,
  due timestamptz not null, created timestamptz not null default now(),
  state text not null default 'open' check (state in ('open', 'done', 'withdrawn')),
  finished timestamptz, done_by text, note text,
  -- Whose evidence its end belongs to; null where a task stands for itself.
  workflow_id text, first_run_id text, step_key text, routine text, simulated boolean not null default false,
  unique (desk, source)
);
create index task_open on task (desk, due) where state = 'open';

-- Backups that were verified, file by file, after they were written. The manifest beside the files says the rest.
create table backup (
  desk text not null, id text not null, folder text not null,
  taken timestamptz not null, verified timestamptz not null,
  bytes bigint not null, table_rows bigint not null, manifest_sha256 text not null,
  -- Removed from the disk because newer ones took its place.
  pruned timestamptz,
  primary key (desk, id)
);
-- Every restore that was tried, and what it proved.
create table restore_drill (
  desk text not null, workflow_id text not null, first_run_id text not null, backup_id text not null,
  verdict text not null check (verdict in ('pass', 'fail')), detail text not null,
  finished timestamptz not null, took_ms bigint not null,
  primary key (workflow_id, first_run_id)
);
create index restore_drill_by_desk on restore_drill (desk, finished desc);

create index bars_by_time on bars (desk, span_seconds, open_time desc);

grant select, insert, update on task, backup to fermata_app;
grant select, insert on restore_drill to fermata_app;
