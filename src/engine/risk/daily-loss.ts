/** The loss since the start of the desk's trading day, on equity including unrealised results. */
import { formatMoney } from '../../domain/money.js';
import type { RiskLimit } from './check.js';

export const dailyLossLimit: RiskLimit = ({ intent, equity, dailyFloor, risk, instrument }) => {
  if (intent.purpose !== 'entry') return null;
  if (equity > dailyFloor) return null;
  return {
    limit: 'daily-loss',
    reason:
      `equity ${formatMoney(Math.round(equity), 2)} ${instrument.quote} has lost today's ` +
      `${risk.dailyLossLimitPct} %`,
  };
};
