/** `fermata status` for people: one small screen. */
import { figuresOf, figureText, notesOf, type StatusNote } from '../contracts/status-words.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { gainText, grouped, signed } from '../domain/figure-text.js';
import { headlineLine } from '../domain/mode.js';
import { moment } from '../domain/moment.js';
import { CHANNEL_WORDS, type ShownChannel } from '../home/channel-health.js';
import { type Readiness, readyPct } from '../home/readiness.js';

const ORDERS_SHOWN_MAX = 20;
const ACTIVITY_SHOWN_MAX = 5;

/** The runbook that the desk follows, and how ready it was found. */
export interface ShownRunbook {
  readonly version: string;
  readonly updated: string;
  /** Null: what runs now has not been checked yet. */
  readonly readiness: Readiness | null;
}

export function statusLines(
  status: TraderStatus,
  alerts: readonly ShownChannel[] = [],
  runbook?: ShownRunbook,
): string[] {
  const notes = notesOf(status);
  return [
    `${status.desk} (${status.trading})  ${headlineLine(status)}`,
    ...figuresOf(status).map((figure) => line(figure.title.toLowerCase(), figureText(figure))),
    ...alerts.map(alertsLine),
    ...(runbook === undefined ? [] : [runbookLine(runbook)]),
    ...section('positions', positionLines(status)),
    ...noteSections(notes, ({ place }) => place === 'positions'),
    ...section('orders', orderLines(status)),
    ...noteSections(notes, ({ place }) => place !== 'positions'),
    ...section(
      'last',
      status.activity.slice(0, ACTIVITY_SHOWN_MAX).map(({ text }) => text),
    ),
  ];
}

const noteSections = (notes: readonly StatusNote[], isShown: (note: StatusNote) => boolean): string[] =>
  notes.filter(isShown).flatMap(({ title, lines }) => section(title.toLowerCase(), lines));

const LABEL_WIDTH = 17;

const line = (label: string, text: string): string => `${label.padEnd(LABEL_WIDTH)}${text}`;

function alertsLine({ channel, state, problem, why }: ShownChannel): string {
  if (problem !== null) return line('alerts', `✗ ${problem}`);
  if (state === 'off') return line('alerts', `off: ${why}`);
  return line('alerts', `arrive ${CHANNEL_WORDS[channel]}${why === null ? '' : `; ${why}`}`);
}

const READY = {
  pass: 'ready for production',
  warn: 'ready for production, with warnings',
  fail: 'not ready for production',
} as const;

function runbookLine({ version, updated, readiness }: ShownRunbook): string {
  const runbook = line('runbook', `${version} of ${updated}`);
  if (readiness === null) return `${runbook}; how ready is not known: fermata preflight`;
  const { verdict, passed, looked, atMs } = readiness;
  return `${runbook}; ${READY[verdict]} (${readyPct(readiness)} %): ${passed} of ${looked} of the pre-flight passed, ${moment(atMs)}`;
}

/** Empty if there are no lines. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

/** The multiple of its risk and the exits are a trade's: a position of several has none of its own. */
function positionLines({ positions, currency }: TraderStatus): string[] {
  return positions.flatMap((position) => {
    const isOneTrade = (position.parts?.length ?? 0) <= 1;
    return [
      `${position.symbol} ${position.side} ${grouped(position.quantity)} at ${grouped(position.averagePrice)}, now ${grouped(position.markPrice ?? 'unknown')}, ` +
        `${gainText(position.unrealised, currency)}${isOneTrade ? multiple(position) : ''}, stop ${grouped(position.stopPrice ?? 'none')} (${position.protection}${bare(position)})`,
      ...(isOneTrade ? exitsLine(position) : partLines(position)),
    ];
  });
}

/** If several strategies hold the position: each one's part, with its own stop. */
function partLines({ parts = [] }: TraderStatus['positions'][number]): string[] {
  return parts.flatMap((part) => [
    `  ${part.strategy} ${part.side === undefined ? '' : `${part.side} `}${grouped(part.quantity)}${part.averagePrice === undefined ? '' : ` at ${grouped(part.averagePrice)}`}${multiple({ trade: part })}, stop ${grouped(part.stopPrice ?? 'none')} (${part.protection})`,
    ...exitsLine({ trade: part }).map((line) => `  ${line}`),
  ]);
}

/** The exits of its trade other than the stop; older traders don't report them. */
function exitsLine({ trade }: Partial<TraderStatus['positions'][number]>): string[] {
  return trade?.exits === undefined ? [] : [`  exits: ${trade.exits.words.join(', ')}`];
}

/** The result as a multiple of what its trade risked; older traders don't report trades. */
function multiple({ trade }: Partial<TraderStatus['positions'][number]>): string {
  return trade?.r == null ? '' : ` (${signed(trade.r)} R)`;
}

function bare({ withoutStopMs }: TraderStatus['positions'][number]): string {
  return withoutStopMs === null ? '' : `, none known to rest for ${grouped(String(withoutStopMs))} ms`;
}

function orderLines({ orders }: TraderStatus): string[] {
  const lines = orders
    .slice(0, ORDERS_SHOWN_MAX)
    .map(
      (order) =>
        `${order.symbol} ${order.side} ${grouped(order.quantity)} ${order.type}${orderPrice(order)} ` +
        `(${order.purpose}, ${order.state}, filled ${grouped(order.filled)})`,
    );
  const more = orders.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

function orderPrice({ price, worstPrice }: TraderStatus['orders'][number]): string {
  if (price === null) return '';
  return worstPrice === undefined
    ? ` ${grouped(price)}`
    : `, triggers at ${grouped(price)}, ${grouped(worstPrice)} at worst`;
}
