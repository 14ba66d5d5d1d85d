/** /profit, or /profit week: the result of trading after fees. */
import type { Period } from '../../operations/results/results.js';
import { answer } from '../answer.js';
import { clockNote, resultsOr, sumsText } from '../results-text.js';
import type { ChatCommand } from './command.js';

interface ProfitSpan {
  readonly asked: string;
  readonly label: string;
  readonly by: Period;
  readonly days: number;
}

/** As far back as the results on the page go. */
const ALL_DAYS = 3_650;

const SPANS: readonly ProfitSpan[] = [
  { asked: 'day', label: 'Today', by: 'day', days: 0 },
  { asked: 'week', label: 'This week', by: 'week', days: 0 },
  { asked: 'month', label: 'This month', by: 'month', days: 0 },
  { asked: 'all', label: 'All', by: 'month', days: ALL_DAYS },
];

export const profitCommand: ChatCommand = {
  name: 'profit',
  description: 'result after fees: /profit, or /profit day, week, month, all',
  run: async (context, _person, { chatId, argument }) => {
    const spans = SPANS.filter(({ asked }) => argument === '' || asked === argument.toLowerCase());
    if (spans.length === 0) {
      const expected = SPANS.map(({ asked }) => asked).join(', ');
      await answer(
        context,
        chatId,
        `Profit: expected one of ${expected}, or nothing for all of them, found "${argument.slice(0, 50)}". Write it so: /profit week.`,
      );
      return;
    }
    const lines: string[] = [];
    let notes: readonly string[] = [];
    for (const { label, by, days } of spans) {
      const found = await resultsOr(context, chatId, { by, days, listMax: 0, drawdown: true });
      if (found === null) return;
      notes = clockNote(found);
      const drawdown =
        found.maxDrawdownPct === null ? '' : `, largest drawdown ${found.maxDrawdownPct.toFixed(2)} %`;
      lines.push(`${label}: ${sumsText(found.total, found.currency)}${drawdown}`);
    }
    const { desk, timezone, dayBoundary } = context.desk;
    const ground = `Results of ${desk} after fees. Days begin at ${dayBoundary}, ${timezone}; weeks on Monday.`;
    await answer(context, chatId, [...lines, ground, ...notes].join('\n'));
  },
};
