/**
 * Chat commands that stop, close all and resume. /stop never asks for confirmation, however long it waited:
 * a person who wanted the desk stopped did not want it to trade meanwhile.
 */
import type { Message, Update } from 'grammy/types';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { grouped } from '../../domain/figure-text.js';
import { haltWords } from '../../domain/mode.js';
import { APPROVER, MAY_STOP, whyStaysKilled } from '../../domain/people-roles.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/settings-change.js';
import {
  answer,
  type BotContext,
  type ChatCommand,
  missingRole,
  outcomeText,
  sentAgo,
} from '../bot-context.js';
import { confirmButtons, deskReference } from '../taps.js';
import { positionLines } from './status.js';

/**
 * Any form that a phone writes: `/Stop`, `/stop!`, `Stop`. A sentence that only begins with the word doesn't
 * count. In a group the bare word arrives only at a bot that reads all of it (`ChatWatch`).
 */
const STOP = /^\s*(?:\/stop(?:@(?<bot>\w+))?(?!\w)[.!]*(?<why>[\s\S]*)|stop[\s.!]*)$/i;

/** The text after the stop; null if it is not a stop, or is for another bot. */
export function stopArgument(text: string, ownName: string): string | null {
  const found = STOP.exec(text);
  if (found === null) return null;
  const { bot = ownName, why = '' } = found.groups ?? {};
  return bot.toLowerCase() === ownName.toLowerCase() ? why.trim() : null;
}

/**
 * Whether the update is carried out before everything else in its batch. Whoever edits a message into a stop wants one:
 * it was mistyped.
 */
export function isStop({ message, edited_message: edited }: Update): boolean {
  return STOP.test((message ?? edited)?.text ?? '');
}

const STOPS_REMEMBERED_MAX = 200;

/**
 * Stops that were given. Telegram sends a message as edited also where its text is as before, and a stop of hours ago must
 * not halt the desk again then. With other words it counts: in doubt the desk stops.
 */
export class StopsGiven {
  readonly #texts = new Map<string, string>();

  /** False if this message with this text was given before. */
  isNew({ chat, message_id: id, text = '', edit_date: edited }: Message): boolean {
    const key = `${chat.id}:${id}`;
    if (edited !== undefined && this.#texts.get(key) === text) return false;
    this.#texts.set(key, text);
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > STOPS_REMEMBERED_MAX && oldest !== undefined) this.#texts.delete(oldest);
    return true;
  }
}

export const stopCommand: ChatCommand = {
  name: 'stop',
  description: 'halt trading, cancel pending orders; at once',
  help: '/stop: no new entries, resting entries cancelled, positions and their stops kept. At once, without asking',
  run: async (context, person, { place, updateId, sentMs, argument }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, place, refusal);
      return;
    }
    const late = sentAgo(sentMs, context.nowMs());
    const outcome = await context.operations.stopTrading(
      { person: person.name, via: 'telegram' },
      { reason: argument, commandId: `telegram:${context.desk.desk}:${updateId}` },
    );
    const text = outcomeText(context, 'Stop', outcome);
    await answer(context, place, late === null ? text : `Your /stop was ${late}.\n${text}`);
  },
};

export const closeAllCommand: ChatCommand = {
  name: 'closeall',
  description: 'halt trading and close all positions at market (asks first)',
  help: '/closeall: stop and close every position (asks first)',
  run: async (context, person, { place }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, place, refusal);
      return;
    }
    const status = await context.operations.readStatus().catch(() => null);
    const staysKilled = whyStaysKilled(context.desk.people);
    const asking = deskReference(context.desk);
    const lines =
      status === null
        ? ['The trader does not answer: what is open is not known. The command is sent all the same.']
        : [
            `Open: ${status.openPositions}, orders: ${status.openOrders}.`,
            ...status.positions.slice(0, 20).flatMap((one) => positionLines(one, status.currency)),
          ];
    await answer(
      context,
      place,
      [
        `Close ALL positions of ${context.desk.desk} at market (${status?.trading ?? 'unknown'})?`,
        ...lines,
      ].join('\n'),
      [
        ...confirmButtons('closeall', asking, context.nowMs(), 'Close all'),
        ...confirmButtons('kill', asking, context.nowMs(), 'Close all, two people to resume').slice(0, 1),
      ],
      staysKilled === null ? '' : `\n${staysKilled}`,
    );
  },
};

/** /resume, or /resume 50% for a smaller position size. */
export const resumeCommand: ChatCommand = {
  name: 'resume',
  description: 'check everything again and trade (asks first)',
  help: '/resume: trade again (asks first); /resume 50%: at half of the full position size',
  run: async (context, person, { place, argument }) => {
    const refusal = missingRole(person, APPROVER);
    if (refusal !== null) {
      await answer(context, place, refusal);
      return;
    }
    const sizePct = sizeIn(argument);
    if (Number.isNaN(sizePct)) {
      await answer(context, place, `${wrongSize(argument)} Nothing was changed.`);
      return;
    }
    const status = await context.operations.readStatus().catch(() => null);
    if (status === null || status.haltId === null) {
      const why = status === null ? 'The trader does not answer.' : `The desk is ${status.mode} already.`;
      await answer(context, place, `${why} Nothing was changed.`);
      return;
    }
    const [decided, twins] = await Promise.all([decidedOn(context, person.name), twinsOf(context)]);
    const label = sizePct === null ? 'Resume' : `Resume at ${sizePct} %`;
    const { halted, terms } = questionText(status, sizePct);
    await answer(
      context,
      place,
      halted.join('\n'),
      confirmButtons('resume', status.haltId, context.nowMs(), label, sizePct),
      ['', ...terms, ...decided, ...twins].join('\n'),
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

/** `terms` are never cut, however many halts there are. */
function questionText(
  status: TraderStatus,
  sizePct: number | null,
): Record<'halted' | 'terms', readonly string[]> {
  const size =
    sizePct === null
      ? `Position size ${status.sizePct} % of the full size, as it is now; another: /resume 50%`
      : `Position size ${sizePct} % of the full size; now it is ${status.sizePct} %`;
  const halted = [`Trade again on ${status.desk} (${status.trading})?`, ...status.halts.map(haltWords)];
  const terms = [
    `Halt id ${status.haltId}`,
    `Equity ${grouped(status.equity)} ${status.currency}, drawdown ${status.drawdownPct} %, open positions ${status.openPositions}`,
    size,
    'Every check runs again first.',
  ];
  return { halted, terms };
}
