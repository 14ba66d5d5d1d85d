/** Chat commands that only tell: /status, /incident, /help. */
import type { PositionStatus, TraderStatus } from '../../contracts/trader-status.js';
import { counted, gainText, grouped, signed } from '../../domain/figure-text.js';
import { lacksGoLive } from '../../domain/go-live.js';
import { messageOf } from '../../domain/message-of.js';
import { decidingHalt, headline, resumeWords } from '../../domain/mode.js';
import { reducedSize } from '../../domain/position-size.js';
import { MAY_STOP } from '../../domain/roles.js';
import { acknowledgeButton } from '../../notify/button-notices.js';
import { answer, missingRole, runLines, runOf } from '../bot-context.js';
import { type ChatCommand, sentAgo } from './command.js';

export const statusCommand: ChatCommand = {
  name: 'status',
  description: 'mode, reason, positions, emergency state',
  help: '/status: mode, reason, positions, emergency state',
  run: async (context, _person, { chatId }) => {
    const text = await context.operations.readStatus().then(statusText, (error: unknown) => {
      const why = messageOf(error);
      return `The trader does not answer (${why}). Stops that rest at the venue stay there. /stop is tried in any case.`;
    });
    await answer(context, chatId, text);
  },
};

const POSITIONS_SHOWN = 20;
const REASONS_SHOWN = 5;

/** The answer to /status. */
export function statusText(status: TraderStatus): string {
  const { marketData: market, positions, halts, goLive } = status;
  const needsGoLive = lacksGoLive(goLive);
  const more = positions.length - POSITIONS_SHOWN;
  const size = reducedSize(status);
  const { text, detail } = headline(status);
  const deciding = decidingHalt(halts);
  // With an open position the desk is trading: the text says what holds the next entry back.
  const waiting = status.mode === 'ACTIVE' && positions.length > 0 ? 'Waiting' : 'Not trading';
  return [
    `${status.desk}: ${text} (${status.trading})`,
    detail,
    `Equity ${grouped(status.equity)} ${status.currency}, today ${signed(status.dayPnl)}, drawdown ${status.drawdownPct} %`,
    ...(size === null ? [] : [`Size: ${size}`]),
    positions.length === 0 ? 'No position.' : `${counted(positions.length, 'position')}:`,
    ...positions.slice(0, POSITIONS_SHOWN).flatMap((one) => positionLines(one, status.currency)),
    ...(more > 0 ? [`… and ${more} more`] : []),
    `Entry orders: ${status.entriesWorking}. Close-all: ${status.closeAll}.`,
    // Until the strictest is lifted, none of the others' rules lets the desk trade.
    ...halts.map((halt) =>
      halt === deciding
        ? `Halt: ${halt.cause} by ${halt.by}; trades again ${resumeWords(halt.resume, needsGoLive)}`
        : `Halt: ${halt.cause} by ${halt.by}`,
    ),
    ...status.notTrading
      .slice(0, REASONS_SHOWN)
      .map(({ subject, reason, waitsFor }) => `${waiting} (${subject}): ${reason}; waits for ${waitsFor}`),
    `Prices: ${market.label}, ${market.state}`,
  ].join('\n');
}

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
  run: async (context, person, { chatId, updateId, sentMs, argument }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, chatId, refusal);
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
    await answer(context, chatId, lines.join('\n'), incident === null ? [] : [acknowledgeButton(incident)]);
  },
};

/** Names the commands that a person can write. */
export const helpWith = (commands: readonly ChatCommand[]): ChatCommand => ({
  name: 'help',
  description: 'what you can write',
  help: '/help: this list',
  run: async (context, person, { chatId }) => {
    await answer(
      context,
      chatId,
      [
        `You are ${person.name} (${person.roles.join(', ')}) on the desk ${context.desk.desk}.`,
        ...commands.map(({ help }) => help),
        'Approvals come as messages with buttons.',
      ].join('\n'),
    );
  },
});
