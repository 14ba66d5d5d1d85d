-- Up Migration
-- The page lists backups and restore drills by their evidence, which is seldom among all of it.
create index evidence_of_backups on evidence (desk, id desc) where routine in ('backup', 'restore-drill');
