/** No entry that could not be protected and sold again: judged at its stop's price, after fees, for what it buys alone. */
import { formatMoney, worth } from '../../domain/money.js';
import type { RiskLimit } from './check.js';

const PPM = 1_000_000;
/** A stop that has to be a limit order asks for so much less than its trigger, and is judged by that: 5 %. */
const BELOW_TRIGGER_PPM = 50_000;

export const protectableLimit: RiskLimit = ({ intent, instrument }) => {
  if (intent.purpose !== 'entry' || intent.protectTicks === null) return null;
  const { minNotional, minQuantityLots, moneyPerTickLot, quote, kind, takerFeePpm } = instrument;
  // On spot the fee of a purchase may be kept in what was bought.
  const feePpm = kind === 'spot' && intent.side === 'buy' ? takerFeePpm : 0;
  const lots = Math.floor((intent.quantityLots * (PPM - feePpm)) / PPM);
  const worstTicks =
    intent.side === 'buy'
      ? Math.floor((intent.protectTicks * (PPM - BELOW_TRIGGER_PPM)) / PPM)
      : intent.protectTicks;
  const value = worth(lots, worstTicks, moneyPerTickLot);
  if (lots >= minQuantityLots && value >= minNotional) return null;
  return {
    limit: 'protectable',
    reason:
      `at its stop, after fees, the position would be worth ${formatMoney(value, 2)} ${quote}, and the venue takes no order ` +
      `below ${formatMoney(minNotional, 2)}: it could be neither protected nor sold`,
  };
};
