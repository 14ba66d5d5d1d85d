/** /daily 7: one line for each of the last days, newest first. */
import { answer } from '../answer.js';
import { clockNote, countIn, resultsOr, sumsText } from '../results-text.js';
import type { ChatCommand } from './command.js';

const DAYS = { unless: 7, most: 31 };

export const dailyCommand: ChatCommand = {
  name: 'daily',
  description: 'result after fees, a line for each of the last days: /daily 7',
  run: async (context, _person, { chatId, argument }) => {
    const days = countIn(argument, DAYS);
    if (Number.isNaN(days)) {
      await answer(
        context,
        chatId,
        `Days: expected a whole number from 1 to ${DAYS.most}, found "${argument.slice(0, 50)}". Write it so: /daily 7.`,
      );
      return;
    }
    // One day more than shown: a day on which clocks go back is longer than 24 hours.
    const found = await resultsOr(context, chatId, { by: 'day', days, listMax: 0 });
    if (found === null) return;
    const sums = new Map(found.periods.map((period) => [period.date, period]));
    const lines = found.begins
      .slice(-days)
      .reverse()
      .map(({ date }) => `${date}: ${sumsText(sums.get(date) ?? NOTHING, found.currency)}`);
    const { dayBoundary, timezone } = context.desk;
    const ground = [`Days begin at ${dayBoundary}, ${timezone}.`, ...clockNote(found)];
    await answer(context, chatId, [...lines, ...ground].join('\n'));
  },
};

const NOTHING = { trips: 0, wins: 0, net: '0', fees: '0' };
