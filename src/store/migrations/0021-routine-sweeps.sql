-- Up Migration
-- Up to when the due times of a routine are known to have run, to be missed, or to be nobody's business.
create table routine_sweep (
  desk text not null, routine text not null, swept_until timestamptz not null,
  -- As Temporal's schedule counted them when it was last looked at.
  missed_catchups bigint not null default 0,
  primary key (desk, routine)
);
grant select, insert, update on routine_sweep to fermata_app;
