/** Chat commands that only tell: /status, /incident, /help. */

import { figuresOf, figureText, notesOf } from '../../contracts/status-words.js';
import type { PositionStatus, TraderStatus } from '../../contracts/trader-status.js';
import { gainText, grouped } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { headline } from '../../domain/mode.js';
import { MAY_STOP } from '../../domain/people-roles.js';
import { acknowledgeButton } from '../../notify/button-notices.js';
import { answer, type ChatCommand, missingRole, runLines, runOf, sentAgo } from '../bot-context.js';

export const statusCommand: ChatCommand = {
  name: 'status',
  description: 'mode, reason, positions, emergency state',
  help: '/status: mode, reason, positions, emergency state',
  run: async (context, _person, { place }) => {
    const text = await context.operations.readStatus().then(statusText, (error: unknown) => {
      const why = messageOf(error);
      return `The trader does not answer (${why}). Stops that rest at the venue stay there. /stop is tried in any case.`;
    });
    await answer(context, place, text);
  },
};

const POSITIONS_SHOWN = 20;
const LINES_SHOWN = 5;

/** The answer to /status. */
export function statusText(status: TraderStatus): string {
  const { positions } = status;
  const { text, detail } = headline(status);
  return [
    `${status.desk}: ${text} (${status.trading})`,
    detail,
    ...figuresOf(status).map((figure) => `${figure.title}: ${figureText(figure)}`),
    ...positions.slice(0, POSITIONS_SHOWN).flatMap((one) => positionLines(one, status.currency)),
    ...moreThan(POSITIONS_SHOWN, positions),
    ...notesOf(status)
      .filter(({ isOnPhone }) => isOnPhone)
      .flatMap(({ title, lines }) => [
        ...lines.slice(0, LINES_SHOWN).map((line) => `${title}: ${line}`),
        ...moreThan(LINES_SHOWN, lines),
      ]),
  ].join('\n');
}

const moreThan = (shown: number, { length }: readonly unknown[]): string[] =>
  length > shown ? [`… and ${length - shown} more`] : [];

/** The venue's position and, below it, the part of each strategy if there are several. */
export function positionLines({ parts = [], ...position }: PositionStatus, currency: string): string[] {
  const { symbol, side, quantity, unrealised, protection } = position;
  return [
    `${symbol} ${side} ${grouped(quantity)}, open result ${gainText(unrealised, currency)}, stop ${protection}`,
    ...(parts.length > 1 ? parts.map((part) => partLine(part, side)) : []),
  ];
}

type PartStatus = NonNullable<PositionStatus['parts']>[number];

function partLine(
  { strategy, side, quantity, protection }: PartStatus,
  whole: PositionStatus['side'],
): string {
  const stop = protection === 'dust' ? 'dust, no stop can rest' : `stop ${protection}`;
  return `– ${strategy} ${side ?? whole} ${grouped(quantity)}, ${stop}`;
}

/** /incident TITLE: a person reports what no check has seen. Further lines are the description. */
const HOW_TO_WRITE =
  'Write it so: /incident Withdrawals are slow\nMore lines say what was seen. One of the desk’s own kinds: /incident kind:NAME TITLE';

export const incidentCommand: ChatCommand = {
  name: 'incident',
  description: 'report that something is wrong: /incident TITLE',
  help: '/incident TITLE: report that something is wrong; more lines say what was seen',
  run: async (context, person, { place, updateId, sentMs, argument }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, place, refusal);
      return;
    }
    const [first = '', ...seen] = argument.split(/\s*[\r\n]+\s*/);
    const [, kind, title = ''] = /^(?:kind:(\S+)\s*)?(.*)$/u.exec(first) ?? [];
    const detail = [seen.join(' '), sentAgo(sentMs, context.nowMs()) ?? ''].filter(Boolean).join('; ');
    const opened = await context.operations.openIncident(
      { person: person.name, via: 'telegram' },
      // An update that is read again, because the bot was killed before confirming it, is the same report.
      {
        ...(kind === undefined ? {} : { kind }),
        title,
        detail,
        commandId: `telegram:${context.desk.desk}:${updateId}`,
      },
    );
    const { ok, incident, problems } = opened;
    const lines = [
      `${ok ? '✅' : '❌'} ${opened.detail}`,
      ...problems.map((problem) => `! ${problem}`),
      ...runLines(runOf(context, opened)),
    ];
    if (!ok) lines.push(HOW_TO_WRITE);
    await answer(context, place, lines.join('\n'), incident === null ? [] : [acknowledgeButton(incident)]);
  },
};

/** Names the commands that a person can write. */
export const helpWith = (commands: readonly ChatCommand[]): ChatCommand => ({
  name: 'help',
  description: 'what you can write',
  help: '/help: this list',
  run: async (context, person, { place }) => {
    await answer(
      context,
      place,
      [
        `You are ${person.name} (${person.roles.join(', ')}) on the desk ${context.desk.desk}.`,
        ...commands.map(({ help }) => help),
        'Approvals come as messages with buttons.',
      ].join('\n'),
    );
  },
});
