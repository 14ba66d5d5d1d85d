-- Up Migration
-- One row for each address that a notice is mailed to. `sending`: handed to the server, whose answer is not known yet.
create table mail_outbox (
  id bigint generated always as identity primary key,
  notice_id bigint not null references notice (id) on delete cascade,
  desk text not null, address text not null,
  state text not null default 'pending' check (state in ('pending', 'sending', 'sent', 'refused', 'given_up')),
  -- `next_attempt` of a `sending` row is when it is taken for lost.
  attempts integer not null default 0, next_attempt timestamptz not null default now(), tried timestamptz,
  -- Why it was not taken, or what the server said when it took it.
  reply text not null default '',
  finished timestamptz,
  unique (notice_id, address)
);
create index mail_to_send on mail_outbox (desk, next_attempt) where state in ('pending', 'sending');
create index mail_by_address on mail_outbox (desk, address, tried);
create index notice_by_time on notice (desk, created);
grant select, insert, update, delete on mail_outbox to fermata_app;
