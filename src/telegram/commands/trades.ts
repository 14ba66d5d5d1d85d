/** /trades 5: the trades that were closed last. */
import { answer } from '../answer.js';
import { countIn, resultsOr, tripText } from '../results-text.js';
import type { ChatCommand } from './command.js';

const TRADES = { unless: 5, most: 20 };
/** As far back as the results on the page go. */
const ALL_DAYS = 3_650;

export const tradesCommand: ChatCommand = {
  name: 'trades',
  description: 'the round trips that were closed last: /trades 5',
  run: async (context, _person, { chatId, argument }) => {
    const listMax = countIn(argument, TRADES);
    if (Number.isNaN(listMax)) {
      await answer(
        context,
        chatId,
        `Trades: expected a whole number from 1 to ${TRADES.most}, found "${argument.slice(0, 50)}". Write it so: /trades 5.`,
      );
      return;
    }
    const found = await resultsOr(context, chatId, { by: 'month', days: ALL_DAYS, listMax });
    if (found === null) return;
    const { roundTrips, total, currency } = found;
    const counted = `The newest ${roundTrips.length} of ${total.trips}. Percent of what was paid; R: result over what the first stop would have lost.`;
    await answer(
      context,
      chatId,
      roundTrips.length === 0
        ? 'No position was closed yet.'
        : [...roundTrips.map((trip) => tripText(trip, currency)), counted].join('\n'),
    );
  },
};
