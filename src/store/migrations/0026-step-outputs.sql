-- Up Migration
-- What programs and addresses of routines' steps answered, secrets taken out. Append-only: evidence refers to it by id and hash.
create table step_output (
  id bigint generated always as identity primary key,
  desk text not null, workflow_id text not null, first_run_id text not null, run_id text not null,
  step_key text not null, attempt_group integer not null,
  output text not null,
  -- There was more than is kept.
  cut boolean not null,
  -- Hex SHA-256 of the output as UTF-8.
  hash text not null,
  recorded timestamptz not null default now()
);
create index step_output_by_run on step_output (desk, workflow_id, first_run_id);
grant select, insert on step_output to fermata_app;
grant usage, select on all sequences in schema public to fermata_app;
create trigger step_output_append_only before update or delete on step_output for each row execute function refuse_change();
