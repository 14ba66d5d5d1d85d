/** How many instruments may have a position, or a live entry, at the same time. */
import { limit } from './limit.js';

export const openPositionsLimit = limit({
  setting: {
    key: 'maxConcurrentPositions',
    meaning: 'Most positions open at a time',
    reference: 'Most positions open at a time.',
    unit: '',
    whole: true,
    min: 1,
    max: 1000,
    tighter: 'lower',
    leftOut: 'refused',
  },
  name: 'open-positions',
  title: 'Open positions',
  judge: ({ otherOpenPositions }, most) => {
    if (otherOpenPositions < most) return null;
    return {
      limit: 'open-positions',
      reason: `positions or entries open: ${otherOpenPositions}; at most ${most} may be`,
    };
  },
  waits: ({ openPositions }, most) => {
    if (openPositions < most) return [];
    const reason = `${openPositions} of ${most} allowed positions are open`;
    return [{ subject: 'desk', reason, waitsFor: 'one of them to be closed' }];
  },
  reading: ({ openPositions }, value) => ({ value: String(value), now: String(openPositions) }),
});
