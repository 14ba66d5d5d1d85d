-- Up Migration
-- Passkeys that people sign in with: the public half, and a code of the process that made the row.
create table passkey (
  desk text not null, credential_id text not null, person text not null, name text not null,
  algorithm integer not null, public_key text not null, rp_id text not null,
  -- Of the authenticator's signatures; it only goes up.
  counter bigint not null,
  mac text not null,
  created timestamptz not null, used timestamptz,
  primary key (desk, credential_id)
);
create index passkey_by_person on passkey (desk, person);
grant select, insert, update, delete on passkey to fermata_app;
