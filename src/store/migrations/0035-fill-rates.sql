-- Up Migration
-- What the quote currency of a converted instrument was worth in the desk's as it was filled. Null: nothing is converted.
alter table fills add column rate numeric;
