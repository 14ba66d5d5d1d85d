/** /resume, or /resume 50% for a smaller position size. */
import type { TraderStatus } from '../../contracts/trader-status.js';
import { grouped } from '../../domain/figure-text.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/position-size.js';
import { APPROVER } from '../../domain/roles.js';
import { answer, type BotContext, missingRole } from '../bot-context.js';
import { confirmButtons } from '../taps.js';
import type { ChatCommand } from './command.js';

export const resumeCommand: ChatCommand = {
  name: 'resume',
  description: 'check everything again and trade (asks first)',
  help: '/resume: trade again (asks first); /resume 50%: at half of the full position size',
  run: async (context, person, { chatId, argument }) => {
    const refusal = missingRole(person, APPROVER);
    if (refusal !== null) {
      await answer(context, chatId, refusal);
      return;
    }
    const sizePct = sizeIn(argument);
    if (Number.isNaN(sizePct)) {
      await answer(context, chatId, `${wrongSize(argument)} Nothing was changed.`);
      return;
    }
    const status = await context.operations.readStatus().catch(() => null);
    if (status === null || status.haltId === null) {
      const why = status === null ? 'The trader does not answer.' : `The desk is ${status.mode} already.`;
      await answer(context, chatId, `${why} Nothing was changed.`);
      return;
    }
    const [decided, twins] = await Promise.all([decidedOn(context, person.name), twinsOf(context)]);
    const label = sizePct === null ? 'Resume' : `Resume at ${sizePct} %`;
    await answer(
      context,
      chatId,
      [...questionText(status, sizePct), ...decided, ...twins].join('\n'),
      confirmButtons('resume', status.haltId, context.nowMs(), label, sizePct),
    );
  },
};

/** A person can decide without these lines. */
const decidedOn = ({ operations }: BotContext, person: string): Promise<readonly string[]> =>
  operations.readDecided(person).catch(() => []);

const twinsOf = ({ operations }: BotContext): Promise<readonly string[]> =>
  operations.readTwins().catch(() => []);

/** Null: no size given. NaN: not a valid size. */
function sizeIn(argument: string): number | null {
  if (argument === '') return null;
  const pct = Number(/^(\d{1,3}) ?%?$/.exec(argument)?.[1]);
  return pct >= SIZE_PCT_MIN && pct <= SIZE_PCT_MAX ? pct : Number.NaN;
}

const wrongSize = (found: string): string =>
  `Position size: expected a whole number from ${SIZE_PCT_MIN} to ${SIZE_PCT_MAX}, percent of the full size, found "${found.slice(0, 50)}". Write it so: /resume 50%.`;

function questionText(status: TraderStatus, sizePct: number | null): string[] {
  const size =
    sizePct === null
      ? `Position size ${status.sizePct} % of the full size, as it is now; another: /resume 50%`
      : `Position size ${sizePct} % of the full size; now it is ${status.sizePct} %`;
  return [
    `Trade again on ${status.desk} (${status.trading})?`,
    ...status.halts.map(({ cause, by, reason }) => `Halt: ${cause} by ${by}: ${reason}`),
    `Halt id ${status.haltId}`,
    `Equity ${grouped(status.equity)} ${status.currency}, drawdown ${status.drawdownPct} %, open positions ${status.openPositions}`,
    size,
    'Every check runs again first.',
  ];
}
