/**
 * One connection to TWS or IB Gateway. The library speaks the protocol; this file decides when to dial, when
 * a connection is ready and whether it is still alive. Each attempt has its own library object: an old one
 * keeps requests made while it was disconnected and would send them on reconnecting.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventName, IBApi } from '@stoqey/ib';
import { type Backoff, jitteredMs } from '../../domain/backoff.js';
import { VenueUnavailable } from '../port.js';
import { Unbelievable } from './decode.js';
import { IN_USE, isReadOnly, linkAfter, UNREADABLE } from './outcomes.js';
import { type GatewayAddress, IBKR_RATE } from './settings.js';

export interface GatewayTimes {
  /** From dialling until accounts and the next order id are known. */
  readonly readyMs: number;
  readonly questionMs: number;
  /**
   * Interval between two requests for the Gateway's time, and the time limit of the answer: a half-open
   * connection shows no sign by itself.
   */
  readonly heartbeatMs: number;
  readonly heartbeatAnswerMs: number;
  readonly reconnect: Backoff;
  /** Pause before the next attempt while another program uses our client id, or the API is read-only. */
  readonly inUseMs: number;
}

export const GATEWAY_TIMES: GatewayTimes = {
  readyMs: 10_000,
  questionMs: 10_000,
  heartbeatMs: 5_000,
  heartbeatAnswerMs: 5_000,
  reconnect: { firstMs: 500, mostMs: 30_000 },
  inUseMs: 60_000,
};

/** What is known once the connection is ready; "connected" only means that a version was agreed on. */
export interface Session {
  readonly api: IBApi;
  readonly accounts: readonly string[];
  readonly nextOrderId: number;
}

export interface GatewayOptions extends GatewayAddress {
  /** The same after every start: only the client id that placed an order can cancel it. */
  readonly clientId: number;
  readonly times: GatewayTimes;
  readonly onReady: (session: Session) => void | Promise<void>;
  /** The connection has ended or could not be made. */
  readonly onLost: (cause: string) => void;
  /** For notices that belong to no request: the link to the broker, data farms, client ids. */
  readonly onNotice?: (code: number, text: string) => void;
  /** Every event while the connection is ready. */
  readonly onEvent?: (event: EventName, args: readonly unknown[]) => void;
  /** A random number in [0, 1). */
  readonly random?: () => number;
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A request, and how its answer is collected. */
export interface Question<T> {
  readonly name: string;
  send(api: IBApi, id: number): void;
  /** If it throws `Unbelievable`, the answer is at fault. */
  hear(event: EventName, args: readonly unknown[], id: number, done: (answer: T) => void): void;
  /** Stops updates that would go on after the answer. */
  cancel?(api: IBApi, id: number): void;
  /** Its answers carry no id: one question of this name at a time; the next waits until the last has ended. */
  readonly alone?: boolean;
  /** Answered by the Gateway itself, even while it can't reach the broker. */
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
  /** Part of the answer may be missing; the rest of it still comes. */
  spoilt(cause: string): void;
  lost(cause: string): void;
  /** The Gateway can reach the broker again. */
  linkBack(): void;
}

interface Ended {
  readonly wasReady: boolean;
  /** Nothing changes until a person acts. */
  readonly needsPerson: boolean;
}

export class Gateway {
  /** Null while not ready. */
  session: Session | null = null;
  /** The Gateway has reported that it can't reach the broker. */
  linkBroken = false;
  /** Resolves when the first attempt is ready or has failed. */
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

  /**
   * Rejects with `VenueUnavailable`: not ready, refused, connection lost, no answer in time, or an answer that can't
   * be believed.
   */
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

  /**
   * Repeats `begin` until it succeeds or the connection has ended. `outcome`: of each time, null: it has succeeded.
   */
  async untilDone(
    session: Session,
    begin: (session: Session) => Promise<void>,
    outcome: (problem: string | null) => void,
  ): Promise<void> {
    const pauseMs = this.#options.times.reconnect.firstMs;
    for (; this.session === session; await sleep(pauseMs, undefined, { ref: false })) {
      const problem = await begin(session).then(
        () => null,
        (error: unknown) => {
          if (!(error instanceof VenueUnavailable)) throw error;
          return error.message;
        },
      );
      if (this.session !== session) return;
      outcome(problem);
      if (problem === null) return;
    }
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

  /** `ended` resolves when no more of the answer can come. */
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
        linkBack: () => {
          if (isOwed) cancelTimer = after(timeoutMs, late);
          isOwed = false;
        },
      };
      const late = () => {
        fail(`no answer within ${timeoutMs} ms`);
        // A late answer without an id could be mistaken for another question's, so the connection is dropped.
        // If the link to the broker is down, the answer comes when the link is back, and the next question
        // waits for it, but not for ever: the request may have been lost with the link.
        isOwed = question.alone === true && this.linkBroken && !local;
        if (isOwed) return;
        end();
        if (question.alone) this.#drop(`${name} was not answered within ${timeoutMs} ms`);
        // An abandoned request still counts at the Gateway, which allows two account summaries at a time.
        else if (this.session === session) question.cancel?.(session.api, id);
      };
      let isOwed = false;
      let cancelTimer = after(timeoutMs, late);
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
      const { wasReady, needsPerson } = await this.#connectOnce();
      this.#began();
      failures = wasReady ? 0 : failures + 1;
      if (signal.aborted) return;
      const afterMs = needsPerson ? times.inUseMs : jitteredMs(failures + 1, times.reconnect, random);
      await pause(afterMs, signal);
    }
  }

  /** Resolves when the connection has ended. */
  #connectOnce(): Promise<Ended> {
    const { host, port, clientId, times, onNotice, onEvent } = this.#options;
    const api = new IBApi({ host, port, clientId, maxReqPerSec: IBKR_RATE.limit });
    this.linkBroken = false;
    return new Promise((resolve) => {
      let over = false;
      let needsPerson = false;
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
        // Resolves before the listeners are notified: a new connection is made whatever they do.
        resolve({ wasReady, needsPerson });
        for (const waiting of [...this.#waiting]) waiting.lost(cause);
        if (!this.#closing.signal.aborted) this.#options.onLost(cause);
      };
      this.#drop = end;
      const cancelDeadline = after(times.readyMs, () => end(notReady(this.#options)));
      const failed = (error: unknown) =>
        end(
          `a message of the Gateway could not be handled: ${error instanceof Error ? error.message : error}`,
        );
      // An exception while reading a message would end the whole process. Anything in flight on this
      // connection is then unknown.
      guardReading(api, failed);
      const hear = (event: EventName, args: readonly unknown[]) => {
        if (over) return;
        if (event === EventName.info || (event === EventName.error && args[2] === NO_REQUEST)) {
          const [said, code] = args;
          const text = said instanceof Error ? said.message : String(said);
          lastCause = text;
          const stopped =
            Number(code) === IN_USE
              ? inUseCause(this.#options)
              : isReadOnly(Number(code), text)
                ? readOnlyCause(this.#options)
                : null;
          if (stopped !== null) {
            needsPerson = true;
            end(stopped);
            return;
          }
          const wasBroken = this.linkBroken;
          this.linkBroken = linkAfter(Number(code)) ?? wasBroken;
          if (wasBroken && !this.linkBroken) for (const waiting of [...this.#waiting]) waiting.linkBack();
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
        // An invalid address throws at once, while the caller's listeners are still being constructed.
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

/** The library misreads completed orders of older versions. */
const OLDEST_VERSION = 177;
const NO_REQUEST = -1;
/** Far above the ids of orders: errors name only an id, whether of an order or of a question. */
const FIRST_QUESTION = 1_000_000_000;
const TIME_QUESTION = 'time';

/** Milliseconds since 1970; the Gateway reports whole seconds. */
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

/**
 * If the process itself was suspended, messages that came meanwhile must be read before an answer counts as
 * late.
 */
const STOOD_STILL_MS = 250;
const READ_FIRST_MS = 1000;

/** Calls `then` after `ms` milliseconds. The returned function cancels the call. */
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

function readOnlyCause(options: GatewayOptions): string {
  return `the API of IB Gateway at ${at(options)} is read-only (321): take the tick of Read-Only API away in its settings`;
}

interface Reader {
  onData(data: Buffer): void;
}

/**
 * The library parses in its socket's listener, where nobody catches an exception, such as one caused by a reject
 * that is not JSON. Throws TypeError if the library's reader has another shape: its exceptions would end the
 * process.
 */
function guardReading(api: IBApi, failed: (error: unknown) => void): void {
  const { socket } = (api as unknown as { controller: { socket: Partial<Reader> } }).controller;
  const { onData } = socket;
  if (onData === undefined)
    throw new TypeError('the library of the TWS protocol reads otherwise than expected');
  socket.onData = (data) => {
    try {
      onData.call(socket, data);
    } catch (error) {
      failed(error);
    }
  };
}
