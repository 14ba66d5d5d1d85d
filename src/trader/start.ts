/**
 * Starts the trader of one desk: journal (which locks), control socket, then everything else. It answers status
 * requests and accepts a stop from the first moment. It always comes up HALTED.
 */
import { join } from 'node:path';
import { ordersLeave, unfitPrices } from '../desk/desk-venue.js';
import type { LoadedDesk } from '../desk/load.js';
import { freeBytes } from '../home/free-space.js';
import {
  type DeskPaths,
  deskPaths,
  homePaths,
  type Role,
  type Runtime,
  writtenFileOf,
} from '../home/runtime.js';
import { loadDesk } from '../venue/load-desk.js';
import { openPaperVenue, type PaperVenue, type PaperVenueOptions } from '../venue/paper/paper-venue.js';
import { type AccountInUse, rulesToTakeOverFrom, useAccount } from './accounts/paper-accounts.js';
import { type ControlServer, listenForControl } from './control/control-server.js';
import { createHandlers } from './control/requests.js';
import type { DeskTrader } from './desk-trader.js';
import { endOrderly, guardDesk } from './guard-desk.js';
import {
  beginAnew,
  beginHalted,
  copiedFrom,
  entriesMissing,
  finishBeginningAnew,
  journalEnds,
  keepJournalEnd,
  keepPlace,
} from './journal/begin-anew.js';
import type { Journal } from './journal/journal.js';
import { openJournal } from './journal/open-journal.js';
import { listSegments } from './journal/segments.js';
import { type Log, openLog } from './log.js';
import { type OpenedTrader, openTrader } from './open-trader.js';
import { type Clock, systemClock } from './running/clock.js';
import { StartRefused } from './running/runner.js';
import { startingStatus } from './status/build-status.js';
import { HaltedDays } from './status/market-watch.js';

/** A hanging disk must not keep the process of a broken engine alive. */
const BROKEN_END_MS_MAX = 2000;

export function startTrader(runtime: Runtime): Promise<Role> {
  return startTraderOn(runtime, openPaperVenue);
}

/**
 * Like `startTrader`, on a paper venue that the caller provides. Rejects with a clear message, and then
 * leaves nothing open.
 */
export async function startTraderOn(
  runtime: Runtime,
  openPaper: (options: PaperVenueOptions) => PaperVenue,
): Promise<Role> {
  const log = openLog('trader');
  const loaded = loadCheckedDesk(runtime);
  const paths = deskPaths(homePaths(runtime.home), runtime.desk);
  const isReal = ordersLeave(loaded.desk);
  const journal = await openKnownJournal(paths, systemClock.wallMs(), log, { isReal });
  const start = new Start(loaded, journal, systemClock, log);
  try {
    await start.listen(paths.controlSocket, runtime.home);
    await start.open({ runtime, paths, openPaper });
    return start;
  } catch (error) {
    await start.abort(error);
    throw error;
  }
}

/** Preconditions that are checked before anything is opened. Throws `DeskFileError` or `StartRefused`. */
function loadCheckedDesk(runtime: Runtime): LoadedDesk {
  const loaded = loadDesk(runtime.deskFile);
  if (loaded.desk.desk !== runtime.desk) {
    throw new StartRefused(
      `${writtenFileOf(runtime)} is about the desk ${loaded.desk.desk}, not ${runtime.desk}. Nothing was started. ` +
        'Stop Fermata and start it with the desk that you mean (fermata up --desk NAME).',
    );
  }
  if (loaded.configHash !== runtime.configHash) {
    throw new StartRefused(
      `${runtime.deskFile} was changed since Fermata started. Nothing was started with a mix of old and new. ` +
        'Stop Fermata (fermata down) and start it again to trade with the new file, or undo the change.',
    );
  }
  const unfit = unfitPrices(loaded.desk, runtime.market.kind);
  if (unfit !== null) {
    const { problem, startIt } = unfit;
    throw new StartRefused(`${writtenFileOf(runtime)} ${problem}. No order was sent. Start it ${startIt}.`);
  }
  return loaded;
}

class Start implements Role {
  readonly #startedWallMs: number;
  #journal: Journal;
  #doing = 'opening the journal';
  #control: ControlServer | null = null;
  #opened: OpenedTrader | null = null;
  #guard: ReturnType<typeof guardDesk> | null = null;
  #ending: Promise<void> | null = null;
  #settle: { resolve: (trader: DeskTrader) => void; reject: (error: unknown) => void } | null = null;
  readonly #started: Promise<DeskTrader>;

  constructor(
    readonly loaded: LoadedDesk,
    journal: Journal,
    readonly clock: Clock,
    readonly log: Log,
  ) {
    this.#journal = journal;
    this.#startedWallMs = clock.wallMs();
    this.#started = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#started.catch(() => undefined); // callers on the socket get the error; nobody else needs it
  }

  async listen(socketPath: string, home: string): Promise<void> {
    const handlers = createHandlers({
      started: this.#started,
      now: () => this.#opened?.trader ?? null,
      startingStatus: () => this.#startingStatus(),
      freeBytes: () => freeBytes(home),
      onHeartbeat: (from) => this.#guard?.heard(from),
    });
    this.#control = await listenForControl(socketPath, handlers);
  }

  async open(
    place: Pick<Parameters<typeof openTrader>[0], 'runtime' | 'paths' | 'openPaper'>,
  ): Promise<void> {
    const { loaded, clock, log } = this;
    const haltedDays = new HaltedDays();
    const opened = await openTrader({
      ...place,
      loaded,
      journal: this.#journal,
      useAccount: (account) => this.#useAccount(account, place.paths),
      clock,
      log,
      startedWallMs: this.#startedWallMs,
      onProgress: (doing) => {
        this.#doing = doing;
      },
      onFeedEnded: (files) => {
        const detail = `the recording has ended: ${files}; positions are kept${haltedDays.words}`;
        if (place.runtime.market.exitAtEnd && process.connected) process.send?.({ type: 'ended', detail });
      },
      onBroken: (error) => this.#endBroken(error),
    });
    this.#opened = opened;
    this.#guard = guardDesk({ opened, desk: loaded.desk, clock, log, end: () => this.stop() });
    this.#settle?.resolve(opened.trader);
    const { exitAtEnd } = place.runtime.market;
    opened.feed.start(exitAtEnd ? haltedDays.of(opened.trader) : opened.trader.onMarket, opened.trader.wants);
  }

  async #useAccount(account: string, paths: DeskPaths): Promise<AccountInUse> {
    const open = (wasTraded: boolean) =>
      openKnownJournal(paths, this.clock.wallMs(), this.log, { wasTraded });
    const used = await useAccount(this.#journal, account, paths, open);
    this.#journal = used.journal;
    return used;
  }

  /** Cancels entries, keeps positions and stops, and flushes the journal. */
  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async abort(error: unknown): Promise<void> {
    this.#settle?.reject(error);
    await this.#control?.close();
    await this.#journal.close();
  }

  async #end(): Promise<void> {
    this.#guard?.close();
    if (this.#opened !== null)
      await endOrderly(this.#opened, this.#journal, this.loaded.desk.resume.startup, this.log);
    await this.#control?.close();
  }

  /** A bug: no trader is better than one in an untrusted state. The next comes up HALTED and reconciles. */
  #endBroken(error: Error): void {
    const { message, stack } = error;
    const why = `the engine failed: ${message}. Positions keep their stops; the trader restarts HALTED`;
    this.log('error', why, { stack });
    const exit = (): never => process.exit(1);
    setTimeout(exit, BROKEN_END_MS_MAX);
    this.#journal.close().finally(exit);
  }

  #startingStatus() {
    return startingStatus({
      loaded: this.loaded,
      incarnation: this.#journal.incarnation,
      sequence: this.#journal.lastSequence,
      startedWallMs: this.#startedWallMs,
      nowMs: this.clock.wallMs(),
      doing: this.#doing,
    });
  }
}

/**
 * Opens the journal as every start does: one that was set back begins anew, and in the place of one that is gone a new
 * one begins halted. So does one in a home that was copied, if its orders leave Fermata (`isReal`): on paper a copy
 * disturbs nobody. `wasTraded`: this account has a past. Throws like `openJournal`.
 */
async function openKnownJournal(
  place: DeskPaths,
  wallMs: number,
  log: Log,
  { isReal = false, wasTraded = false },
): Promise<Journal> {
  const { journal: directory, journalEnds: ends, journalPlace } = place;
  finishBeginningAnew(directory);
  const { journal: opened, created, torn } = await openJournal({ directory });
  if (torn !== null) log('warn', `the last write before the crash was cut off: ${torn.why}`, { torn });
  const missing = entriesMissing(ends, opened);
  const from = isReal && opened.lastSequence > 0 ? copiedFrom(journalPlace) : null;
  const isSame = missing === 0 && from === null;
  const journal = isSame ? opened : await beginAnew(opened, { missing, copiedFrom: from }, wallMs);
  if (isReal) keepPlace(journalPlace);
  const { incarnation, lastSequence } = journal;
  log('info', `journal ${incarnation}`, { created, missing, copiedFrom: from, lastSequence });
  keepJournalEnd(ends, journal);
  if (lastSequence === 0 && (wasTraded || isGone(place)))
    await beginHalted(journal, journalEnds(ends), wallMs);
  return journal;
}

/**
 * Whether the journal that this desk wrote last is gone, where an empty one is in its place. What is set aside on
 * purpose (other prices, a reset, a restore) leaves its rules, with their journal, for the next account.
 */
function isGone({ journalEnds: ends, ...place }: DeskPaths): boolean {
  if (Object.keys(journalEnds(ends)).length === 0) return false;
  const from = rulesToTakeOverFrom(place);
  return from === null || listSegments(join(place.restingAccounts, from, 'journal')).length === 0;
}
