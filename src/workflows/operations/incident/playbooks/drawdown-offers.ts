/** What people may do about a large drawdown. */
import type { Offer } from './offer.js';
import { switchOff } from './switch-off.js';

export const smallerPositions: Offer = {
  key: 'smaller-size',
  title: 'Trade with smaller positions',
  describe: async ({ input }, facts) => {
    const sizePct = Math.max(1, (facts.sizePct * input.settings.offerSizePct) / 100);
    return sizePct < facts.sizePct ? { positionSizePct: sizePct, nowPct: facts.sizePct } : null;
  },
  accept: async ({ trader, name }, { positionSizePct }, by) => {
    const result = await trader?.resize.executeWithOptions(
      { summary: `Position size ${positionSizePct} %` },
      [
        {
          commandId: `${name}:smaller-size`,
          by,
          reason: 'large drawdown: smaller positions',
          sizePct: Number(positionSizePct),
          decisions: [],
        },
      ],
    );
    return result?.detail ?? 'no trader is known';
  },
};

export const strategiesOff = switchOff(
  'Switch the losing strategies off',
  'large drawdown: losing strategies off',
  ({ strategies }) =>
    strategies.filter(({ enabled, realised }) => enabled && Number(realised) < 0).map(({ name }) => name),
);
