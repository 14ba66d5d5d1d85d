-- Up Migration
-- What people are to be told. One row a notice; the same fingerprint again is the same notice.
create table notice (
  id bigint generated always as identity primary key,
  desk text not null, fingerprint text not null, event text not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  title text not null, body text not null, buttons jsonb not null default '[]',
  -- Roles of the desk file; empty: the desk's own chat only.
  audience text[] not null default '{}', approval_id text,
  created timestamptz not null default now(), addressed timestamptz,
  unique (desk, fingerprint)
);
create index notice_to_address on notice (desk, id) where addressed is null;

-- One row for each chat that a notice goes to. `sending`: the request was made and its answer is not known yet.
create table outbox (
  id bigint generated always as identity primary key,
  notice_id bigint not null references notice (id) on delete cascade,
  desk text not null, chat_id text not null,
  state text not null default 'pending' check (state in ('pending', 'sending', 'sent', 'refused', 'given_up')),
  attempts integer not null default 0, next_attempt timestamptz not null default now(),
  -- The newest message id that was known when the request was made; what is looked for lies after it.
  after_message_id bigint, message_id bigint, reason text not null default '',
  buttons_open boolean not null default false,
  finished timestamptz,
  unique (notice_id, chat_id)
);
create index outbox_to_send on outbox (desk, chat_id, id) where state in ('pending', 'sending');
create index outbox_buttons on outbox (desk) where buttons_open;

-- What the bot knows of its own connection: one row a desk.
create table telegram_bot (
  desk text primary key, update_offset bigint not null default 0,
  last_poll timestamptz, last_sent timestamptz, problem text not null default ''
);
create table notice_cursor (
  desk text primary key, incarnation text not null, sequence bigint not null
);

-- People in the chat: linked by a one-time code of which only the hash is kept.
create table person_link (
  desk text not null, telegram_user_id text not null, chat_id text not null, person text not null,
  linked timestamptz not null default now(),
  primary key (desk, telegram_user_id), unique (desk, person)
);
create table link_code (
  code_hash text primary key, desk text not null, person text not null,
  expires timestamptz not null, used timestamptz
);

-- What people are asked to decide. Parameters never change: a change is another approval.
create table approval (
  id text primary key, desk text not null, token text not null unique,
  kind text not null, subject text not null, title text not null,
  -- json, not jsonb: people read the parameters in the order in which they were asked.
  parameters json not null, parameters_hash text not null,
  needed integer not null check (needed between 1 and 10), roles text[] not null, requested_by text not null,
  workflow_id text not null, run_id text not null,
  created timestamptz not null default now(), expires timestamptz not null,
  state text not null default 'open' check (state in ('open', 'approved', 'rejected', 'expired', 'withdrawn')),
  closed timestamptz, outcome text not null default ''
);
create index approval_by_desk on approval (desk, created desc);
create table approval_vote (
  approval_id text not null references approval (id), person text not null,
  choice text not null check (choice in ('approve', 'reject')), via text not null, reason text not null default '',
  decision jsonb not null, voted timestamptz not null default now(),
  primary key (approval_id, person)
);
create trigger approval_vote_append_only before update or delete on approval_vote for each row execute function refuse_change();

grant select, insert, update, delete on
  notice, outbox, telegram_bot, notice_cursor, person_link, link_code
to fermata_app;
grant select, insert, update on approval to fermata_app;
grant select, insert on approval_vote to fermata_app;
