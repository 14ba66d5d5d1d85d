-- Up Migration
-- Who was removed and is back votes again; the vote of before stays as it was.
alter table approval_vote drop constraint approval_vote_pkey, add primary key (approval_id, person, voted);
