/**
 * Reads everything that the monitor shows, on a terminal or as a check, each part independently: a part that doesn't
 * answer is named, and hides nothing else.
 */
import type { TraderStatus } from '../contracts/trader-status.js';
import { messageOf } from '../domain/message-of.js';
import type { DeskCalendar } from '../domain/trading-day.js';
import { datesOf } from '../domain/zone-offset.js';
import { channelHealth, type ShownChannel } from '../home/channel-health.js';
import { homePaths, type Runtime } from '../home/runtime.js';
import { askSupervisor, type ProcessStatus } from '../home/supervisor-protocol.js';
import { type DiskSizes, diskSizes, type StoredSizes } from '../reports/sizes.js';
import { ERROR_LOG, TRADING_LOG } from '../supervisor/log/desk-log.js';
import {
  datedLog,
  LogReader,
  type LogSource,
  processLogs,
  tradingLine,
} from '../supervisor/log/log-lines.js';
import { residentBytesOf } from '../supervisor/process-table.js';

/** A part that could not be read, with the reason. */
export interface Missing {
  readonly missing: string;
}

export interface ProcessShown extends Pick<ProcessStatus, 'name' | 'state' | 'pid' | 'restarts'> {
  readonly upMs: number | null;
  readonly memoryBytes: number | null;
}

export interface MonitorShown {
  readonly atMs: number;
  readonly desk: string;
  readonly status: TraderStatus | Missing;
  readonly alerts: readonly ShownChannel[];
  readonly processes: readonly ProcessShown[] | Missing;
  /** In bytes. */
  readonly stored: StoredSizes | Missing;
  readonly disk: DiskSizes | Missing;
  /** Number of errors in the desk's day so far. */
  readonly errorsToday: number;
  /** Lines of the logs, unchanged, newest last. */
  readonly errors: readonly string[];
  readonly setups: readonly string[];
  readonly tail: readonly string[];
}

interface MonitorQuery {
  /** How many of the newest lines to read of each. */
  readonly errors: number;
  readonly setups: number;
  readonly tail: number;
}

/** Including the last setups and lines: `fermata monitor --full`. */
export const FULL_MONITOR: MonitorQuery = { errors: 10, setups: 10, tail: 20 };
export const QUICK_MONITOR: MonitorQuery = { errors: 3, setups: 0, tail: 0 };

/** The desk that is monitored, and readers for the parts that need a connection. */
export interface MonitorSources extends Pick<Runtime, 'home' | 'desk'> {
  readonly calendar: DeskCalendar;
  readonly status: () => Promise<TraderStatus>;
  readonly stored: () => Promise<StoredSizes>;
}

export const isMissing = (part: object): part is Missing => 'missing' in part;

export async function readMonitor(sources: MonitorSources, query: MonitorQuery): Promise<MonitorShown> {
  const atMs = Date.now();
  const { home, desk } = sources;
  const [status, processes, stored, disk] = await Promise.all([
    orMissing(sources.status()),
    orMissing(readProcesses(home, atMs)),
    orMissing(sources.stored()),
    orMissing(diskSizes(home)),
  ]);
  return {
    ...{ atMs, desk, status, processes, stored, disk },
    alerts: channelHealth(home, desk, atMs),
    ...readLogs(sources, query, atMs),
  };
}

const orMissing = <T>(part: Promise<T>): Promise<T | Missing> =>
  part.catch((error: unknown) => ({ missing: messageOf(error) }));

async function readProcesses(home: string, nowMs: number): Promise<readonly ProcessShown[]> {
  const [{ pid, startedWallMs }, started] = await Promise.all([
    askSupervisor(home, 'who', {}),
    askSupervisor(home, 'processes', {}),
  ]);
  const supervisor = { name: 'supervisor', state: 'running' as const, pid, restarts: 0, startedWallMs };
  return Promise.all(
    [supervisor, ...started].map(async ({ name, state, pid, restarts, startedWallMs = null }) => ({
      ...{ name, state, pid, restarts },
      upMs: startedWallMs === null ? null : nowMs - startedWallMs,
      memoryBytes: pid === null ? null : await residentBytesOf(pid),
    })),
  );
}

function readLogs(
  { home, calendar }: MonitorSources,
  { errors, setups, tail }: MonitorQuery,
  atMs: number,
): Pick<MonitorShown, 'errorsToday' | 'errors' | 'setups' | 'tail'> {
  const { logs } = homePaths(home);
  const dateOf = datesOf(calendar);
  const today = dateOf(atMs);
  const isToday = (line: string): boolean => {
    const found = tradingLine(line);
    return found !== null && dateOf(Date.parse(found.time)) === today;
  };
  const isSetup = (line: string): boolean => tradingLine(line)?.kind === 'setup';
  const everything = Number.POSITIVE_INFINITY;
  const newest = (name: string, count: number, isWanted: (line: string) => boolean): readonly string[] =>
    count === 0 ? [] : readOnce(datedLog(logs, name), (reader) => reader.newest(count, isWanted, everything));
  return {
    errorsToday: readOnce(datedLog(logs, ERROR_LOG, today), (reader) => reader.count(isToday, everything)),
    errors: newest(ERROR_LOG, errors, () => true),
    setups: newest(TRADING_LOG, setups, isSetup),
    tail: tail === 0 ? [] : readOnce(processLogs(logs), (reader) => reader.newest(tail, () => true)),
  };
}

function readOnce<T>(source: LogSource, read: (reader: LogReader) => T): T {
  const reader = new LogReader(source);
  try {
    return read(reader);
  } finally {
    reader.close();
  }
}
