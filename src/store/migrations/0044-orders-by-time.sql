-- Up Migration
-- Pages of the export in the order in which they are read: without it each sorted every order of the desk.
create index orders_by_time on orders (desk, created_market, client_id);
