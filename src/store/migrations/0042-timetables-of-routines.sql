-- Up Migration
-- What the desk file said of a routine's times when they were last checked. Null: an earlier version did not remember it. Empty: the
-- desk file had no such routine.
alter table routine_sweep add column timetable text;
-- Since when that applies, without a pause. Null: as far back as is known.
alter table routine_sweep add column applies_since timestamptz;
-- After how many trades it was due when its count was last looked at. Null: an earlier version did not remember it.
alter table routine_trades add column every integer;
