-- Up Migration
-- Approved, and overtaken by another change before it was carried out: nothing was done with it.
alter table approval drop constraint approval_state_check,
  add constraint approval_state_check
  check (state in ('open', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded'));
