/** An entry's gain at its targets must be worth its loss at its stop. */
import { type ExitTarget, WHOLE_TRADE_PPM } from '../domain/exits.js';
import { VALUE } from '../domain/value.js';
import { limit } from './limit.js';

const NAME = 'reward-to-risk';

export const minRewardRiskRatioLimit = limit({
  setting: {
    key: 'minRewardRiskRatio',
    meaning: 'Least reward of an entry for its risk, as a multiple',
    reference:
      'Least reward of an entry, as a multiple of its risk: how far its targets are from its price, each weighted by the part of the trade that it closes, divided by how far its stop is. A part without a target counts as no reward, so an entry without targets is refused. Costs are not counted.',
    unit: 'times the risk',
    whole: false,
    min: 0.1,
    max: 100,
    tighter: 'higher',
    leftOut: 'off',
  },
  name: NAME,
  title: 'Reward for the risk',
  judge: ({ intent, instrument }, least) => {
    const { limitTicks, protectTicks, exits } = intent;
    const refused = (reason: string) => ({ limit: NAME, reason });
    const targets = exits?.targets ?? [];
    if (targets.length === 0 || limitTicks === null || protectTicks === null) {
      return refused(
        `an entry without a target has no reward that could be told, and ${least} times its risk is required`,
      );
    }
    const { moved } = VALUE[instrument.kind];
    const wonAt = (ticks: number): number => moved(limitTicks, ticks - limitTicks, 1);
    const risk = wonAt(protectTicks);
    const reward = weightedReward(targets, wonAt);
    // Compared in whole numbers: 2.2 times 50 ticks are exactly 110.
    if (risk > 0 && reward >= Math.round(least * WHOLE_TRADE_PPM) * risk) return null;
    const found = (reward / WHOLE_TRADE_PPM / risk).toFixed(2);
    return refused(`its targets are worth ${found} times its risk, and ${least} times is required`);
  },
  reading: (_account, value) => ({ value: `at least ${value} times the risk`, now: 'judged at each entry' }),
});

/** Multiplied by parts per million. NaN if a price is no number: such an entry is refused. */
function weightedReward(targets: readonly ExitTarget[], wonAt: (ticks: number) => number): number {
  let [reward, closedBefore] = [0, 0];
  for (const { ticks, closedPpm } of targets) {
    reward += wonAt(ticks) * (closedPpm - closedBefore);
    closedBefore = closedPpm;
  }
  return reward;
}
