/** A desk's instruments, from its journals. */
import { ofAccountInUse } from './account-in-use.js';

/**
 * Common table expressions; `$1` is the desk. `configured` has each configuration, `steps` the instruments of each
 * journal as last configured. Price times quantity times multiplier is money; the multiplier is 1 except for futures.
 */
export const JOURNAL_INSTRUMENTS = `
  configured as materialized (
    select incarnation, sequence, record -> 'instruments' as instruments
    from journal_entry where desk = $1 and type = 'config' and ${ofAccountInUse()}
  ), steps as (
    select distinct on (1, 2) incarnation, each ->> 'symbol' as symbol, (each ->> 'lotSize')::numeric as lot,
      coalesce((each ->> 'multiplier')::numeric, 1) as multiplier
    from configured, jsonb_array_elements(instruments) each order by 1, 2, sequence desc
  )`;
