/** Losses in a row, across all strategies: nothing more is entered on a day that goes wrong. */
import { limit } from './limit.js';

export const lossStreakLimit = limit({
  setting: {
    key: 'maxLossesInARow',
    meaning: 'Losses in a row after which nothing is entered on that day',
    reference:
      'Losing trades in a row, over all strategies, after which nothing is entered until the desk’s next day or a winning trade.',
    unit: '',
    whole: true,
    min: 1,
    max: 1000,
    tighter: 'lower',
    leftOut: 'off',
  },
  name: 'loss-streak',
  title: 'Losses in a row today',
  judge: ({ lossesInARow }, most) => {
    if (lossesInARow < most) return null;
    return {
      limit: 'loss-streak',
      reason: `${streakText(lossesInARow, most)}: nothing is entered before the next`,
    };
  },
  waits: ({ lossesInARow }, most) => {
    if (lossesInARow < most) return [];
    const reason = streakText(lossesInARow, most);
    return [{ subject: 'desk', reason, waitsFor: 'the next day of the desk' }];
  },
  reading: ({ lossesInARow }, value) => ({ value: String(value), now: String(lossesInARow) }),
});

const streakText = (losses: number, most: number): string =>
  `losses in a row today: ${losses}; the day ends at ${most}`;
