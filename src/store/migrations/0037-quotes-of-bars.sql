-- Up Migration
-- The best prices that strategies were shown with the candle. Null: not known, as of candles of before.
alter table bars add column bid numeric, add column ask numeric;
