/**
 * Keeps one process alive: restarts it when it dies, after growing pauses, and gives up if it dies too often.
 * No library: what counts is how often it died lately, not how often a call failed.
 */
import { type Backoff, backoffMs } from '../domain/backoff.js';
import { messageOf } from '../domain/message-of.js';
import type { ProcessState, ProcessStatus } from '../home/supervisor-protocol.js';
import type { ManagedProcess } from './managed-process.js';

const DEATHS_MAX = 5;
const DEATHS_WINDOW_MS = 120_000;
const BACKOFF = { firstMs: 250, mostMs: 5_000 };
/** What is used in its place may be a rest of it, or end like it did. */
const REFUSED_AGAIN = { firstMs: 5_000, mostMs: 60_000 };
/** Positions may wait for it. */
const NOT_YET_AGAIN = { firstMs: 2_000, mostMs: 15_000 };

export interface Running {
  readonly process: ManagedProcess;
  stop(hurry?: AbortSignal): Promise<void>;
}

/** Nothing was started, because something else is used in its place: no death. `why` it was not, and what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';

  constructor(
    readonly why: string,
    doThis: string,
  ) {
    super(`${why}. ${doThis}`);
  }
}

/** It can't start for now, and that is not its own doing: no death, and it is tried until it starts. */
export class NotYet extends StartRefused {
  constructor(why: string) {
    super(why, '');
    this.message = why;
  }
}

export type KeeperNews =
  | { readonly kind: 'died'; readonly how: string; readonly lastLines: readonly string[] }
  | { readonly kind: 'restarting'; readonly inMs: number }
  /** Its host process came to an orderly end: it is started elsewhere. */
  | { readonly kind: 'moves' }
  | { readonly kind: 'running-again' }
  /** Something else is used in its place. `isAwaited`: it ran before, and is tried again; told once. */
  | { readonly kind: 'refused'; readonly refusal: StartRefused; readonly isAwaited: boolean }
  /** Five deaths in two minutes. */
  | { readonly kind: 'stays-down' };

interface KeeperOptions {
  readonly name: string;
  /**
   * Resolves when it is ready; rejects if it can't be started, and then leaves nothing running: with `StartRefused` if
   * nothing was to be.
   */
  readonly start: () => Promise<Running>;
  readonly onNews: (news: KeeperNews) => void;
  /** Pauses between two starts of what is refused now. */
  readonly refusedAgain?: Backoff;
}

export class ProcessKeeper {
  readonly name: string;
  #state: ProcessState = 'stopped';
  #running: Running | null = null;
  #restarts = 0;
  /** By a clock that nobody sets. */
  #deaths: number[] = [];
  #blamed: string | null = null;
  #lastDeath: { readonly how: string; readonly atMs: number } | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** How often in a row it was refused since it died; 0: it is not tried again after a refusal. */
  #refusals = 0;
  /** The current operation: starts and stops of one process never overlap. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: KeeperOptions) {
    this.name = options.name;
  }

  get status(): ProcessStatus {
    const { pid = null, startedWallMs = null } = this.#running?.process ?? {};
    const { name } = this;
    return {
      name,
      state: this.#state,
      pid,
      restarts: this.#restarts,
      startedWallMs,
      lastDeath: this.#lastDeath,
    };
  }

  get process(): ManagedProcess | null {
    return this.#running?.process ?? null;
  }

  /** The first start; the caller handles a failure. */
  start(): Promise<void> {
    return this.#inTurn(() => this.#launch('starting'));
  }

  /** It stays stopped afterwards. */
  stop(hurry?: AbortSignal): Promise<void> {
    this.#state = 'stopping';
    this.#refusals = 0;
    this.#cancelRestart();
    return this.#inTurn(() => this.#end(hurry));
  }

  /** A requested restart doesn't count as a death, and also revives a process that stayed down. */
  restart(): Promise<void> {
    this.#cancelRestart();
    return this.#inTurn(async () => {
      this.#state = 'stopping';
      await this.#end();
      this.#deaths = [];
      this.#restarts += 1;
      await this.#relaunch();
    });
  }

  /** Why it is about to be killed; added to the reason for its end. */
  blame(why: string): void {
    this.#blamed = why;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.#turn.then(work);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async #end(hurry?: AbortSignal): Promise<void> {
    this.#cancelRestart();
    this.#state = 'stopping';
    const running = this.#running;
    this.#running = null;
    await running?.stop(hurry);
    this.#state = 'stopped';
  }

  async #launch(state: ProcessState): Promise<void> {
    this.#state = state;
    try {
      const running = await this.options.start();
      this.#running = running;
      // An earlier blame no longer applies: its process came to an orderly end before it could be killed.
      this.#blamed = null;
      // `stop` was requested meanwhile: it runs next.
      if (this.#state === state) this.#state = 'running';
      void running.process.exited.then((exit) => {
        if (exit.moved) this.#moved(running);
        else this.#died(running, exit.how ?? exit.signal ?? `exit code ${exit.code}`);
      });
    } catch (error) {
      if (this.#state === state) this.#state = 'stopped';
      throw error;
    }
  }

  #moved(running: Running): void {
    if (this.#running !== running) return;
    this.#running = null;
    if (this.#state === 'stopping') return;
    this.#state = 'restarting';
    this.options.onNews({ kind: 'moves' });
    this.#bringBack();
  }

  #died(running: Running, how: string): void {
    if (this.#running !== running) return;
    this.#running = null;
    const why = this.#blamed;
    this.#blamed = null;
    if (this.#state === 'stopping') return;
    this.#countDeath(why === null ? how : `${how}: ${why}`, running.process.lastLines());
  }

  #countDeath(how: string, lastLines: readonly string[]): void {
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WINDOW_MS), now];
    this.#lastDeath = { how, atMs: Date.now() };
    this.options.onNews({ kind: 'died', how, lastLines });
    if (this.#deaths.length >= DEATHS_MAX) {
      this.#state = 'down';
      this.options.onNews({ kind: 'stays-down' });
      return;
    }
    this.#state = 'restarting';
    // The first restart is immediate: a desk without its trader is unwatched.
    const inMs = backoffMs(this.#deaths.length - 1, BACKOFF);
    this.#timer = setTimeout(() => this.#bringBack(), inMs);
    this.options.onNews({ kind: 'restarting', inMs });
  }

  #bringBack(): void {
    this.#timer = null;
    void this.#inTurn(async () => {
      if (this.#state !== 'restarting') return;
      if (this.#refusals === 0) this.#restarts += 1;
      await this.#relaunch(true).catch(() => undefined);
    });
  }

  /** `alone`: nobody asked for it. */
  async #relaunch(alone = false, state: ProcessState = 'restarting'): Promise<void> {
    try {
      await this.#launch(state);
      this.#refusals = 0;
      if (this.#state === 'running') this.options.onNews({ kind: 'running-again' });
    } catch (error) {
      // Otherwise `stop` came in between, and the failure no longer matters.
      if (this.status.state === 'stopped') {
        if (error instanceof NotYet) this.#await(error);
        else if (error instanceof StartRefused) this.#refuse(error, alone);
        else this.#countDeath(messageOf(error), []);
      }
      throw error;
    }
  }

  #await(refusal: NotYet): void {
    if (this.#refusals === 0) this.options.onNews({ kind: 'refused', refusal, isAwaited: true });
    this.#refusals += 1;
    this.#state = 'restarting';
    const inMs = backoffMs(this.#refusals, this.options.refusedAgain ?? NOT_YET_AGAIN);
    this.#timer = setTimeout(() => this.#bringBack(), inMs);
  }

  /** What a person asked for is told that person; what ran before is wanted until somebody stops it. */
  #refuse(refusal: StartRefused, alone: boolean): void {
    const isAwaited = alone || this.#refusals > 0;
    const isTold = alone && this.#refusals > 0;
    if (!isTold) this.options.onNews({ kind: 'refused', refusal, isAwaited });
    if (!isAwaited) return;
    this.#refusals += 1;
    const inMs = backoffMs(this.#refusals, this.options.refusedAgain ?? REFUSED_AGAIN);
    this.#timer = setTimeout(() => this.#tryRefused(), inMs);
  }

  /** It counts as stopped meanwhile: something else is used in its place. */
  #tryRefused(): void {
    this.#timer = null;
    void this.#inTurn(async () => {
      if (this.#state === 'stopped' && this.#refusals > 0)
        await this.#relaunch(true, 'stopped').catch(() => undefined);
    });
  }

  #cancelRestart(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
