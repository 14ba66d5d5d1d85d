-- Up Migration
-- Null: the source of the candle's prices tells no volume. Candles of before have 0 there.
alter table bars alter column volume drop not null;
