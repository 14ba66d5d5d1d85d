/** Polls the trader's status, four times a second while somebody is watching and once a second otherwise. */
import { figuresOf, notesOf } from '../../contracts/status-words.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { moneyAtStake } from '../../domain/account-name.js';
import { messageOf } from '../../domain/message-of.js';
import { decidingHalt, headline, pricesWord } from '../../domain/mode.js';
import type { ShownChannel } from '../../home/channel-health.js';
import type { ProcessStatus } from '../../home/supervisor-protocol.js';
import type { LiveMessage, ShownStatus } from '../schemas/records.js';

const WATCHED_INTERVAL_MS = 250;
const IDLE_INTERVAL_MS = 1000;
const PROCESSES_INTERVAL_MS = 2000;

/** The state of the desk that a page receives. */
export type LiveState = Omit<Extract<LiveMessage, { readonly type: 'state' }>, 'type' | 'atWallMs'>;

interface StatusWatchSource {
  readonly readTrader: () => Promise<TraderStatus>;
  readonly readProcesses: () => Promise<readonly ProcessStatus[] | null>;
  readonly readAlerts: () => readonly ShownChannel[];
  readonly nowMs: () => number;
}

export class StatusWatch {
  readonly equity = new EquityHistory();
  readonly #listeners = new Set<(state: LiveState) => void>();
  #state: LiveState;
  #timer: NodeJS.Timeout | null = null;
  #running = false;
  /** By a clock that nobody sets. */
  #processesReadMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly source: StatusWatchSource) {
    this.#state = {
      trader: { reachable: false, sinceWallMs: source.nowMs(), problem: 'not asked yet' },
      status: null,
      statusWallMs: null,
      processes: null,
      alerts: [],
    };
  }

  get state(): LiveState {
    return this.#state;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#tick();
  }

  stop(): void {
    this.#running = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Calls the listener after every poll of the trader. Returns a function that ends this. */
  listen(listener: (state: LiveState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #tick(): Promise<void> {
    await this.#look();
    if (!this.#running) return;
    for (const listener of this.#listeners) listener(this.#state);
    const wait = this.#listeners.size > 0 ? WATCHED_INTERVAL_MS : IDLE_INTERVAL_MS;
    this.#timer = setTimeout(() => void this.#tick(), wait);
  }

  async #look(): Promise<void> {
    const processes = await this.#processes();
    const { alerts } = this.#state;
    const wasReachable = this.#state.trader.reachable;
    try {
      const status = await this.source.readTrader();
      const now = this.source.nowMs();
      this.equity.observe(status);
      const sinceWallMs = wasReachable ? this.#state.trader.sinceWallMs : now;
      this.#state = {
        trader: { reachable: true, sinceWallMs, problem: null },
        status: shownStatus(status),
        statusWallMs: now,
        processes,
        alerts,
      };
    } catch (error) {
      const sinceWallMs = wasReachable ? this.source.nowMs() : this.#state.trader.sinceWallMs;
      const problem = messageOf(error);
      this.#state = { ...this.#state, trader: { reachable: false, sinceWallMs, problem }, processes };
    }
  }

  async #processes(): Promise<readonly ProcessStatus[] | null> {
    const now = performance.now();
    if (now - this.#processesReadMs < PROCESSES_INTERVAL_MS) return this.#state.processes;
    this.#processesReadMs = now;
    this.#state = { ...this.#state, alerts: this.source.readAlerts() };
    return this.source.readProcesses().catch(() => null);
  }
}

export function shownStatus(status: TraderStatus): ShownStatus {
  return {
    ...status,
    money: moneyAtStake(status.trading, status.account.name),
    headline: headline(status),
    haltCause: decidingHalt(status.halts)?.cause ?? null,
    pricesWord: pricesWord(status.marketData.kind),
    figures: [...figuresOf(status)],
    notes: notesOf(status).map((note) => ({ ...note, lines: [...note.lines] })),
  };
}

const POINTS_MAX = 1440;

/** Decimal text in the desk's currency. */
export interface EquityPoint {
  readonly marketMs: number;
  readonly equity: string;
  /** From which the drawdown counted then: it follows capital that moved. */
  readonly peak: string;
}

/**
 * Equity as seen by this process, at most one point for each market minute. The page shows it while the
 * ledger is away.
 */
class EquityHistory {
  readonly #points: EquityPoint[] = [];

  points(): readonly EquityPoint[] {
    return this.#points;
  }

  observe(status: TraderStatus): void {
    const { marketMs } = status.marketData;
    const point = { marketMs, equity: status.equity, peak: status.peakEquity };
    const last = this.#points.at(-1);
    if (last !== undefined && marketMs < last.marketMs) this.#points.length = 0;
    if (last !== undefined && this.#points.length > 0 && minute(last.marketMs) === minute(marketMs)) {
      this.#points[this.#points.length - 1] = point;
      return;
    }
    this.#points.push(point);
    if (this.#points.length > POINTS_MAX) this.#points.shift();
  }
}

const minute = (ms: number): number => Math.floor(ms / 60_000);
