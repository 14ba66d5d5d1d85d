-- Up Migration
-- Runs that Temporal had open when it was last looked at: should it forget them, nothing else would say that they were.
create table run_seen (
  desk text not null, workflow_id text not null, first_run_id text not null, run_id text not null,
  type text not null, routine text not null, started timestamptz not null, seen timestamptz not null,
  primary key (desk, workflow_id, first_run_id)
);
grant select, insert, update, delete on run_seen to fermata_app;
