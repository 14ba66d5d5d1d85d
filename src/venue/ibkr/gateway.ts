/**
 * One connection to TWS or IB Gateway. The library speaks the protocol; when to dial, when a connection is ready and
 * whether it still stands is judged here. Each attempt has a library object of its own: an old one keeps what was asked
 * of it while it was away, and would send it when it is back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventName, IBApi } from '@stoqey/ib';
import { VenueUnavailable } from '../port.js';
import { backoffMs } from '../retry.js';
import { Unbelievable } from './decode.js';
import { guardReading } from './guard.js';
import { IN_USE, linkAfter, UNREADABLE } from './notices.js';

export interface GatewayTimes {
  /** From dialling until accounts and the next order id are known. */
  readonly readyMs: number;
  readonly questionMs: number;
  /** Between two questions for its time, and how long the answer may take: a half-open connection says nothing by itself. */
  readonly heartbeatMs: number;
  readonly heartbeatAnswerMs: number;
  readonly reconnect: { readonly baseMs: number; readonly capMs: number };
  /** While another program has our client id. */
  readonly inUseMs: number;
}

export const GATEWAY_TIMES: GatewayTimes = {
  readyMs: 10_000,
  questionMs: 10_000,
  heartbeatMs: 5_000,
  heartbeatAnswerMs: 5_000,
  reconnect: { baseMs: 500, capMs: 30_000 },
  inUseMs: 60_000,
};

export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
}

/** What is known once it is ready: "connected" alone says that a version was agreed on. */
export interface Session {
  readonly api: IBApi;
  readonly accounts: readonly string[];
  readonly nextOrderId: number;
}

export interface GatewayOptions extends GatewayAddress {
  /** The same after each start: only the id that placed an order can cancel it. */
  readonly clientId: number;
  readonly times: GatewayTimes;
  readonly onReady: (session: Session) => void | Promise<void>;
  /** Ended, or could not be made. */
  readonly onLost: (cause: string) => void;
  /** About no request: the way to the broker, farms, client ids. */
  readonly onNotice?: (code: number, text: string) => void;
  /** Everything that is told while it is ready. */
  readonly onEvent?: (event: EventName, args: readonly unknown[]) => void;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Something that is asked, and all that belongs to its answer. */
export interface Question<T> {
  readonly name: string;
  send(api: IBApi, id: number): void;
  /** What it throws is the answer's fault. */
  hear(event: EventName, args: readonly unknown[], id: number, done: (answer: T) => void): void;
  /** Ends what goes on after the answer. */
  cancel?(api: IBApi, id: number): void;
  /** Its answers carry no id: one of the name at a time, and the next one waits for the end of the last. */
  readonly alone?: boolean;
  /** Answered by the Gateway itself, also while it can't reach the broker. */
  readonly local?: boolean;
}

/** The Gateway has refused a question. */
export class Refused extends VenueUnavailable {
  constructor(
    readonly code: number,
    text: string,
  ) {
    super(`${code} ${text}`);
  }
}

interface Waiting {
  hear(event: EventName, args: readonly unknown[]): void;
  /** A part of its answer may be missing. What is left of that still comes. */
  spoilt(cause: string): void;
  lost(cause: string): void;
}

interface Ended {
  readonly wasReady: boolean;
  readonly inUse: boolean;
}

export class Gateway {
  /** Null: not ready. */
  session: Session | null = null;
  /** The Gateway has told that it can't reach the broker. */
  linkBroken = false;
  /** Settles when the first attempt is ready or has failed. */
  readonly started: Promise<void>;
  readonly #options: GatewayOptions;
  readonly #waiting = new Set<Waiting>();
  readonly #lanes = new Map<string, Promise<unknown>>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #began: () => void = () => {};
  #drop: (cause: string) => void = () => {};
  #nextId = FIRST_QUESTION;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.started = new Promise((resolve) => {
      this.#began = resolve;
    });
    this.#running = this.#run();
  }

  /** Rejects with `VenueUnavailable`: not ready, refused, lost meanwhile, no answer in time, none that can be believed. */
  async ask<T>(question: Question<T>, timeoutMs = this.#options.times.questionMs): Promise<T> {
    const before = question.alone ? this.#lanes.get(question.name) : undefined;
    const asked =
      before === undefined ? this.#put(question, timeoutMs) : this.#after(before, question, timeoutMs);
    if (question.alone) {
      const ended = asked.then((put) => put.ended, ignore);
      this.#lanes.set(question.name, Promise.all([before, ended]));
    }
    return (await asked).answer;
  }

  /** Ends the connection; a new one is made. */
  drop(cause: string): void {
    this.#drop(cause);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#drop('closed');
    await this.#running;
  }

  async #after<T>(before: Promise<unknown>, question: Question<T>, timeoutMs: number) {
    const over = new AbortController();
    const inTime = await Promise.race([
      before.then(() => true),
      sleep(timeoutMs, false, { signal: over.signal, ref: false }).catch(() => false),
    ]);
    over.abort();
    if (!inTime) throw new VenueUnavailable(`${question.name}: the one before it has no answer yet`);
    return this.#put(question, timeoutMs);
  }

  /** `ended` settles when nothing more of the answer can come. */
  async #put<T>(
    question: Question<T>,
    timeoutMs: number,
  ): Promise<{ readonly answer: Promise<T>; readonly ended: Promise<void> }> {
    const { name, local = false } = question;
    const { session } = this;
    if (session === null) throw new VenueUnavailable(`${name}: not connected to the Gateway`);
    if (this.linkBroken && !local)
      throw new VenueUnavailable(`${name}: the Gateway has no connection to the broker`);
    const id = this.#nextId++;
    let finish: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const answer = new Promise<T>((resolve, reject) => {
      const end = () => {
        cancelTimer();
        this.#waiting.delete(waiting);
        finish();
      };
      const fail = (cause: string) => reject(new VenueUnavailable(`${name}: ${cause}`));
      const waiting: Waiting = {
        hear: (event, args) => {
          if (event === EventName.error && args[2] === id && question.alone !== true) {
            end();
            reject(new Refused(Number(args[1]), String((args[0] as Error).message)));
            return;
          }
          try {
            question.hear(event, args, id, (result) => {
              end();
              resolve(result);
              if (this.session === session) question.cancel?.(session.api, id);
            });
          } catch (error) {
            if (!(error instanceof Unbelievable)) throw error;
            fail(error.message);
          }
        },
        spoilt: fail,
        lost: (cause) => {
          end();
          fail(cause);
        },
      };
      const late = () => {
        fail(`no answer within ${timeoutMs} ms`);
        // Held back on the way to the broker, it comes when that is back. Else what carries no id could be taken for another's.
        if (question.alone && this.linkBroken && !local) return;
        end();
        if (question.alone) this.#drop(`${name} was not answered within ${timeoutMs} ms`);
      };
      const cancelTimer = after(timeoutMs, late);
      this.#waiting.add(waiting);
      question.send(session.api, id);
    });
    answer.catch(ignore);
    return { answer, ended };
  }

  async #run(): Promise<void> {
    const { times, random = Math.random, pause = pauseFor } = this.#options;
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; ) {
      const { wasReady, inUse } = await this.#connectOnce();
      this.#began();
      failures = wasReady ? 0 : failures + 1;
      if (signal.aborted) return;
      await pause(inUse ? times.inUseMs : backoffMs(failures, { ...times.reconnect, random }), signal);
    }
  }

  /** Resolves when it has ended. */
  #connectOnce(): Promise<Ended> {
    const { host, port, clientId, times, onNotice, onEvent } = this.#options;
    const api = new IBApi({ host, port, clientId, maxReqPerSec: REQUESTS_A_SECOND });
    this.linkBroken = false;
    return new Promise((resolve) => {
      let over = false;
      let inUse = false;
      let accounts: readonly string[] | null = null;
      let nextOrderId: number | null = null;
      let lastCause = '';
      const end = (cause: string) => {
        if (over) return;
        over = true;
        cancelDeadline();
        const wasReady = this.session !== null;
        this.session = null;
        api.removeAllListeners();
        api.disconnect();
        // Whatever the listeners make of it, it is made anew.
        resolve({ wasReady, inUse });
        for (const waiting of [...this.#waiting]) waiting.lost(cause);
        if (!this.#closing.signal.aborted) this.#options.onLost(cause);
      };
      this.#drop = end;
      const cancelDeadline = after(times.readyMs, () => end(notReady(this.#options)));
      const failed = (error: unknown) =>
        end(
          `a message of the Gateway could not be handled: ${error instanceof Error ? error.message : error}`,
        );
      // What is thrown at a message would end the whole process; what was under way on this connection is unknown then.
      guardReading(api, failed);
      const hear = (event: EventName, args: readonly unknown[]) => {
        if (over) return;
        if (event === EventName.info || (event === EventName.error && args[2] === NO_REQUEST)) {
          const [said, code] = args;
          const text = said instanceof Error ? said.message : String(said);
          lastCause = text;
          if (Number(code) === IN_USE) {
            inUse = true;
            end(inUseCause(this.#options));
            return;
          }
          this.linkBroken = linkAfter(Number(code)) ?? this.linkBroken;
          if (Number(code) === UNREADABLE)
            for (const waiting of [...this.#waiting])
              waiting.spoilt(`a message of the Gateway could not be read (${text})`);
          onNotice?.(Number(code), text);
        }
        if (event === EventName.disconnected) {
          end(this.session === null ? notMade(this.#options, lastCause) : 'the Gateway ended the connection');
          return;
        }
        if (event === EventName.managedAccounts) accounts = String(args[0]).split(',').filter(Boolean);
        if (event === EventName.nextValidId) nextOrderId = Number(args[0]);
        if (this.session !== null) {
          for (const waiting of [...this.#waiting]) waiting.hear(event, args);
          onEvent?.(event, args);
        } else if (accounts !== null && nextOrderId !== null) {
          if (api.serverVersion < OLDEST_VERSION) {
            end(tooOld(this.#options, api.serverVersion));
            return;
          }
          cancelDeadline();
          this.session = { api, accounts, nextOrderId };
          this.#began();
          Promise.resolve(this.#options.onReady(this.session)).catch(failed);
          void this.#listenForLife(this.session);
        }
      };
      api.on(EventName.all, (name, args) => {
        try {
          hear(name as EventName, args as readonly unknown[]);
        } catch (error) {
          failed(error);
        }
      });
      try {
        api.connect();
      } catch (error) {
        // An address that no socket takes is thrown at once, while whoever listens is still being made.
        const cause = error instanceof Error ? error.message : String(error);
        queueMicrotask(() => end(notMade(this.#options, cause)));
      }
    });
  }

  async #listenForLife(session: Session): Promise<void> {
    const { times } = this.#options;
    while (this.session === session) {
      await sleep(times.heartbeatMs, undefined, { signal: this.#closing.signal, ref: false }).catch(ignore);
      if (this.session === session) await this.ask(currentTime(), times.heartbeatAnswerMs).catch(ignore);
    }
  }
}

/**
 * Below the 50 that the Gateway takes; what is more it answers by ending the connection. The library sends a tenth of it each
 * tenth of a second, rounded up.
 */
const REQUESTS_A_SECOND = 40;
/** Below it the library misreads completed orders. */
const OLDEST_VERSION = 177;
const NO_REQUEST = -1;
/** Far above the ids of orders: what is refused is told by id alone. */
const FIRST_QUESTION = 1_000_000_000;
const TIME_QUESTION = 'time';

/** Milliseconds; it knows whole seconds. */
export function currentTime(): Question<number> {
  return {
    name: TIME_QUESTION,
    alone: true,
    local: true,
    send: (api) => api.reqCurrentTime(),
    hear(event, [seconds], _id, done) {
      if (event === EventName.currentTime) done(Number(seconds) * 1000);
    },
  };
}

/** A process that stood still itself first has to read what came meanwhile. */
const STOOD_STILL_MS = 250;
const READ_FIRST_MS = 1000;

/** Calls it when the time is over. Ends it: what is given back. */
export function after(ms: number, then: () => void): () => void {
  const dueMs = performance.now() + ms;
  let timer = setTimeout(() => {
    if (performance.now() - dueMs < STOOD_STILL_MS) then();
    else timer = setTimeout(then, READ_FIRST_MS);
  }, ms);
  return () => clearTimeout(timer);
}

const pauseFor = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false }).catch(ignore);

function ignore(): void {}

const at = ({ host, port }: GatewayAddress): string => `${host}:${port}`;

function notMade(options: GatewayOptions, cause: string): string {
  return `no connection to IB Gateway at ${at(options)}${cause === '' ? '' : ` (${cause})`}: it must run, be logged in and take API clients on that port`;
}

function notReady(options: GatewayOptions): string {
  return `IB Gateway at ${at(options)} told no accounts and no order id within ${options.times.readyMs} ms: it must be logged in`;
}

function tooOld(options: GatewayOptions, version: number): string {
  return `IB Gateway at ${at(options)} speaks version ${version} of the protocol, and its completed orders can be read from ${OLDEST_VERSION} on: update it`;
}

function inUseCause(options: GatewayOptions): string {
  return `client id ${options.clientId} is in use at ${at(options)} (326): another desk or program has it; end that one, or give this desk another`;
}
