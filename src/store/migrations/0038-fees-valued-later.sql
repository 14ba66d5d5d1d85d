-- Up Migration
-- A fee that could only be valued after its fill was recorded stood in the ledger as nothing. Its value is in the journals: as in the
-- engine, that of the oldest fill of its journal which paid this fee and had none yet. If several journals value a fill, the first counts.
with paid as (
  select desk, incarnation, fill ->> 'tradeId' as trade_id, fill ->> 'clientId' as client_id,
    fill -> 'instrument' as instrument, fill -> 'feeIn' ->> 'asset' as asset, fill -> 'feeIn' ->> 'amount' as amount,
    row_number() over (partition by desk, incarnation, fill -> 'instrument', fill -> 'feeIn' ->> 'asset', fill -> 'feeIn' ->> 'amount'
      order by sequence) as place
  from journal_entry cross join lateral (select record -> 'fill' as fill) told
  where type = 'fill' and record @> '{"fill":{"feeIn":{"unvalued":true}}}'
), valued as (
  select desk, incarnation, wall, record -> 'instrument' as instrument, record ->> 'asset' as asset, record ->> 'amount' as amount,
    (record ->> 'fee')::numeric as fee,
    row_number() over (partition by desk, incarnation, record -> 'instrument', record ->> 'asset', record ->> 'amount'
      order by sequence) as place
  from journal_entry where type = 'fee.valued'
), first as (
  select distinct on (desk, trade_id, client_id) desk, trade_id, client_id, fee
  from paid join valued using (desk, incarnation, instrument, asset, amount, place)
  order by desk, trade_id, client_id, wall
)
update fills set fee = round(first.fee / 100000000, 8) from first
  where (fills.desk, fills.trade_id, fills.client_id) = (first.desk, first.trade_id, first.client_id) and fills.fee = 0;

-- A restored journal may have been told of such a fill once more, then with its value.
update fills set fee = round((entry.record -> 'fill' ->> 'fee')::numeric / 100000000, 8)
  from repeated_fills again join journal_entry entry using (desk, incarnation, sequence)
  where (again.desk, again.symbol, again.trade_id) = (fills.desk, fills.symbol, fills.trade_id)
    and fills.fee = 0 and fills.fee_asset is not null and entry.record -> 'fill' ->> 'fee' <> '0';
