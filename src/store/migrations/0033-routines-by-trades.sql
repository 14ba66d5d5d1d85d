-- Up Migration
-- Up to which of the desk's closed trades a routine that is due by their count has begun, or was passed over.
create table routine_trades (
  desk text not null, routine text not null, trades bigint not null,
  primary key (desk, routine)
);
grant select, insert, update on routine_trades to fermata_app;
