/** The fall from the highest equity ever recorded, unrealised results included. */
import { formatMoney } from '../../domain/money.js';
import type { RiskLimit } from './check.js';

export const drawdownLimit: RiskLimit = ({ intent, equity, drawdownFloor, risk, instrument }) => {
  if (intent.purpose !== 'entry') return null;
  if (equity > drawdownFloor) return null;
  return {
    limit: 'drawdown',
    reason:
      `equity ${formatMoney(Math.round(equity), 2)} ${instrument.quote} is ` +
      `${risk.maxDrawdownPct} % or more below its peak`,
  };
};
