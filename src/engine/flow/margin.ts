/** The margin of what is held on paper. */
import { PAPER_ACCOUNT } from '../../domain/account.js';
import { formatMoney } from '../../domain/money.js';
import { type Core, note } from '../core.js';
import { openLots } from '../state.js';

/** Told once each time equity has fallen below it: the paper account opens nothing then, and liquidates nothing. */
export function tellOfMaintenance(core: Core): void {
  const { config, state, market } = core;
  // At a broker, its own margins count.
  if ((config.account ?? PAPER_ACCOUNT) !== PAPER_ACCOUNT) return;
  const needed = state.positions.reduce((sum, position) => {
    const { lotMargin } = config.instruments[position.instrument] ?? {};
    return sum + (lotMargin?.maintenance ?? 0) * Math.abs(openLots(position));
  }, 0);
  const isBelow = market.equity < needed;
  if (isBelow && !core.belowMaintenance)
    note(
      core,
      'alarm',
      `equity ${formatMoney(market.equity, 2)} is below the maintenance margin of ${formatMoney(needed, 2)}: ` +
        'nothing is opened until it is above that, or less is held',
    );
  core.belowMaintenance = isBelow;
}
