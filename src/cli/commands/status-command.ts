import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { figuresOf, figureText, notesOf, type StatusNote } from '../../contracts/status-words.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { gainText, grouped, signed } from '../../domain/figure-text.js';
import { headline, headlineLine } from '../../domain/mode.js';
import { moment } from '../../domain/moment.js';
import { CHANNEL_WORDS, channelHealth, type ShownChannel } from '../../home/channel-health.js';
import { type DiskRoom, diskRoom, type FreeBytes, freeBytes } from '../../home/free-space.js';
import { sharesServers } from '../../home/installation.js';
import { type Readiness, readReadiness, readyPct } from '../../home/readiness.js';
import { deskPaths, homePaths, type Runtime } from '../../home/runtime.js';
import { askSupervisor } from '../../home/supervisor-protocol.js';
import { connectTrader, TraderUnavailable } from '../../trader/client.js';
import { CliFailure, failureLines, presentFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { coloured, failureJson, printJson, printLines, section, showInPlace } from '../output.js';
import { endedDesk, requireRuntime, withOperations } from '../running-desk.js';

const TIMEOUT_MS = 5000;

/** Asks the trader itself, which answers while Temporal, Postgres and the web server are down. */
export function statusCommand(command: Command): void {
  command
    .option('-w, --watch [seconds]', 'show it again every second, or every so many', wholeNumber(1, 3600))
    .option('--json', 'for scripts; with --watch one value a line')
    .action(async ({ json, watch }: { json?: boolean; watch?: number | true }) => {
      if (watch === undefined) return show(await readDesk(), json === true);
      const everyMs = (watch === true ? 1 : watch) * 1000;
      for (;;) {
        if (json === true) await printLine();
        else await showAgain();
        await pause(everyMs);
      }
    });
}

interface ReadDesk {
  readonly runtime: Runtime;
  readonly status: TraderStatus;
  readonly alerts: readonly ShownChannel[];
  /** Readiness of the configuration that runs now. Null: not checked yet. */
  readonly readiness: Readiness | null;
  /** What its paper twins have done since it halted, one line each. */
  readonly twins: readonly string[];
  /** Who has decided to resume, where two people have to: one line each. */
  readonly decided: readonly string[];
  readonly disk: DiskRoom;
}

/** `free` finds out how much the disk of FERMATA_HOME still takes. */
export async function readDesk(free: FreeBytes = freeBytes): Promise<ReadDesk> {
  const runtime = requireRuntime();
  const status = await readStatus(runtime);
  const { home, desk } = runtime;
  const found = readReadiness(home, desk);
  const readiness = found?.configHash === status.configHash ? found : null;
  const [twins, decided] = await Promise.all([twinsOf(runtime, status), decidedOf(status)]);
  const [alerts, disk] = [channelHealth(home, desk, Date.now()), await diskRoom(home, free)];
  return { runtime, status, alerts, readiness, twins, decided, disk };
}

/** Loaded, and reads the database, only if a halted desk has other desks next to it. */
async function twinsOf(runtime: Runtime, status: TraderStatus): Promise<readonly string[]> {
  if (status.halts.length === 0 || !sharesServers(runtime.home)) return [];
  const { whatTwinsDid } = await import('../../reports/paper-twins.js');
  return whatTwinsDid(runtime, status, Date.now());
}

const DECIDED_MS = 5_000;

/** Asks Temporal only where two people have to resume; without an answer the status is shown all the same. */
async function decidedOf({ halts }: TraderStatus): Promise<readonly string[]> {
  if (!halts.some(({ resume }) => resume === 'two-people')) return [];
  const read = withOperations((operations) => operations.readDecided('')).catch(() => []);
  return Promise.race([read, pause(DECIDED_MS, [], { ref: false })]);
}

function show(desk: ReadDesk, json: boolean): void {
  if (json) printJson(jsonOf(desk));
  else printLines(coloured(shownLines(desk), headline(desk.status).tone));
}

function jsonOf({ runtime, status, alerts, readiness, twins, decided, disk }: ReadDesk): object {
  const { kind, address, namespace, isolation } = runtime.temporal;
  const { runbook = null } = runtime;
  const temporal = { kind, address, namespace, isolation: isolation ?? null };
  const shown = readiness && { ...readiness, readyPct: readyPct(readiness) };
  return { ...status, alerts, runbook, readiness: shown, temporal, twins, decided, disk };
}

export const shownLines = ({ runtime, status, alerts, readiness, twins, decided, disk }: ReadDesk) => [
  ...statusLines(status, alerts, runtime.runbook && { ...runtime.runbook, readiness }, disk.problem),
  ...section('decided so far; the next one who resumes arms it', decided),
  ...section('beside it on paper', twins),
  ...reachLines(runtime),
];

/** Prints a failure as a value too: a script that reads on gets it until the trader answers again. */
async function printLine(): Promise<void> {
  const value = await readDesk().then(jsonOf, (error: unknown) => failureJson(presentFailure(error)));
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Also shows failures, until the trader answers again. */
async function showAgain(): Promise<void> {
  showInPlace(
    await readDesk().then(
      (desk) => ({ tone: headline(desk.status).tone, lines: shownLines(desk) }),
      (error: unknown) => ({ tone: 'alarm' as const, lines: failureLines(presentFailure(error)) }),
    ),
  );
}

const OPEN_PORTS =
  'Temporal’s ports are open to other users of this machine: they could stop the desk, never decide (docs/SECURITY.md)';

/** Warns if the managed Temporal server could not get its own network. */
function reachLines({ temporal }: Runtime): string[] {
  return temporal.isolation === 'loopback' ? ['', OPEN_PORTS] : [];
}

async function readStatus(runtime: Runtime): Promise<TraderStatus> {
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  try {
    return await trader.call('status', {}, { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof TraderUnavailable)) throw error;
    throw (await endedDesk(runtime)) ?? (await noTrader(runtime, error));
  } finally {
    trader.close();
  }
}

async function noTrader({ home, desk }: Runtime, error: Error): Promise<CliFailure> {
  const processes = await askSupervisor(home, 'processes', {}).catch(() => []);
  const staysDown = processes.some(({ name, state }) => name === 'trader' && state === 'down');
  return new CliFailure(
    `the trader of desk ${desk} does not answer (${staysDown ? 'it ended too often, and stays down' : error.message})`,
    'positions keep the stops that rest at the venue; nothing enters while no trader runs',
    staysDown
      ? 'fermata logs says why it ended; once that is put right: fermata restart trader'
      : 'wait a few seconds where it is being restarted; otherwise: fermata up, and see: fermata logs',
  );
}

const ORDERS_SHOWN_MAX = 20;
const ACTIVITY_SHOWN_MAX = 5;

/** The runbook that the desk follows, and how ready it was found; null: what runs now has not been checked yet. */
export type ShownRunbook = NonNullable<Runtime['runbook']> & { readonly readiness: Readiness | null };

/** One small screen. */
export function statusLines(
  status: TraderStatus,
  alerts: readonly ShownChannel[] = [],
  runbook?: ShownRunbook,
  disk: string | null = null,
): string[] {
  const notes = notesOf(status);
  const last = status.activity.slice(0, ACTIVITY_SHOWN_MAX).map(({ text }) => text);
  return [
    `${status.desk} (${status.trading})  ${headlineLine(status)}`,
    ...figuresOf(status).map((figure) => line(figure.title.toLowerCase(), figureText(figure))),
    ...(disk === null ? [] : [line('disk', disk)]),
    ...alerts.map(alertsLine),
    ...(runbook === undefined ? [] : [runbookLine(runbook)]),
    ...section('positions', positionLines(status)),
    ...noteSections(notes, ({ place }) => place === 'positions'),
    ...section('orders', orderLines(status)),
    ...noteSections(notes, ({ place }) => place !== 'positions'),
    ...section('last', last),
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
  return trade?.r == null ? '' : ` (${signed(trade.r)} R after fees)`;
}

function bare({ withoutStopMs }: TraderStatus['positions'][number]): string {
  return withoutStopMs === null ? '' : `, none known to rest for ${grouped(String(withoutStopMs))} ms`;
}

function orderLines({ orders }: TraderStatus): string[] {
  const lines = orders.slice(0, ORDERS_SHOWN_MAX).map((order) => {
    const { symbol, side, quantity, type, purpose, state, filled } = order;
    const asked = `${symbol} ${side} ${grouped(quantity)} ${type}${orderPrice(order)}`;
    return `${asked} (${purpose}, ${state}, filled ${grouped(filled)})`;
  });
  const more = orders.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

function orderPrice({ price, worstPrice }: TraderStatus['orders'][number]): string {
  if (price === null) return '';
  if (worstPrice === undefined) return ` ${grouped(price)}`;
  return `, triggers at ${grouped(price)}, ${grouped(worstPrice)} at worst`;
}
