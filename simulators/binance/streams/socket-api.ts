/** The WebSocket API (`/ws-api/v3`): requests by name, sessions that are logged on, and the account's own events. */
import { createPublicKey } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import type { ApiKey } from '../accounts.js';
import {
  authenticate,
  authenticateSession,
  type Security,
  socketPayload,
} from '../requests/authentication.js';
import { endpointNamed } from '../requests/endpoints.js';
import { run } from '../requests/http-answer.js';
import { Refusal } from '../requests/refusal.js';
import { inMicroseconds, readTimeUnit } from '../requests/time-unit.js';
import type { Simulation } from '../simulation.js';

interface Session {
  readonly socket: WebSocket;
  readonly connectedMs: number;
  readonly timeUnit: string | undefined;
  /** From the query of the address that opened the session. */
  readonly returnRateLimits: boolean;
  apiKey: string | null;
  authorizedMs: number | null;
  subscribed: number;
}

interface Subscription {
  readonly id: number;
  readonly account: string;
  readonly session: Session;
  /** Ends when the session logs out. */
  readonly bySession: boolean;
}

interface Frame {
  readonly id: string | number | null;
  readonly method: string;
  readonly values: ReadonlyMap<string, string>;
}

export type EventFault = 'swallow' | 'duplicate' | 'swap';

const SUBSCRIPTIONS_EVER_MAX = 65_535;
const SUBSCRIBE_WEIGHT = 2;
const ID = /^[A-Za-z0-9\-_]{1,36}$/;

type SessionMethod = (session: Session, frame: Frame) => unknown;

/** Every user stream of the simulator. */
export class SocketApi {
  readonly #simulation: Simulation;
  readonly #subscriptions = new Set<Subscription>();
  readonly #methods: ReadonlyMap<string, SessionMethod>;
  readonly #faults: EventFault[] = [];
  #held: { account: string; event: Record<string, unknown> } | null = null;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.exchange.onAccountEvent = (account, event) => this.#publish(account, event);
    this.#methods = new Map<string, SessionMethod>([
      ['session.logon', (session, frame) => this.#logOn(session, frame)],
      ['session.status', (session) => this.#status(session)],
      ['session.logout', (session) => this.#logOut(session)],
      ['session.subscriptions', (session) => this.#listed(session)],
      ['userDataStream.subscribe', (session) => this.#subscribeSession(session)],
      ['userDataStream.subscribe.signature', (session, frame) => this.#subscribeSigned(session, frame)],
      ['userDataStream.unsubscribe', (session, frame) => this.#unsubscribe(session, frame)],
    ]);
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Spoils the next executions on user streams, one fault each. */
  spoilEvents(faults: readonly EventFault[]): void {
    this.#faults.push(...faults);
  }

  /** The venue ends every user stream but keeps the sockets. */
  terminate(): void {
    for (const one of [...this.#subscriptions]) this.#end(one);
  }

  accept(socket: WebSocket, query: string): void {
    const options = new URLSearchParams(query);
    const session: Session = {
      socket,
      connectedMs: this.#simulation.exchange.nowMs(),
      timeUnit: options.get('timeUnit') ?? undefined,
      returnRateLimits: options.get('returnRateLimits') !== 'false',
      apiKey: null,
      authorizedMs: null,
      subscribed: 0,
    };
    socket.on('message', (data) => this.#onMessage(session, data));
    socket.on('close', () => {
      for (const one of this.#subscriptions) if (one.session === session) this.#subscriptions.delete(one);
    });
  }

  #onMessage(session: Session, data: RawData): void {
    const { socket } = session;
    const frame = readFrame(String(data));
    if (frame instanceof Refusal) {
      socket.send(
        JSON.stringify({ id: null, status: 400, error: frame.body, rateLimits: this.#rates(null) }),
      );
      return;
    }
    this.#simulation.see('WS', frame.method, frame.values);
    const fault = this.#simulation.faults.take('WS', frame.method);
    const effect = fault?.effect;
    if (effect?.kind === 'drop') {
      socket.terminate();
      return;
    }
    if (effect?.kind === 'hang') return;
    if (effect?.kind === 'answer') {
      socket.send(JSON.stringify({ id: frame.id, status: effect.status, error: effect.body }));
      return;
    }
    const { account, ...answer } = this.#answer(session, frame);
    const wanted = frame.values.get('returnRateLimits') ?? String(session.returnRateLimits);
    const rates = wanted === 'false' ? {} : { rateLimits: this.#rates(account) };
    const text = JSON.stringify({ id: frame.id, ...answer, ...rates });
    setTimeout(
      () => socket.send(text, () => {}),
      this.#simulation.latencyMs + (effect?.kind === 'delay' ? effect.ms : 0),
    );
  }

  /** Order limits are only in answers to requests that place orders. */
  #rates(account: string | null): object[] {
    const { exchange, limits } = this.#simulation;
    return [...(account === null ? [] : exchange.orderCounts.shown(account)), limits.shown()];
  }

  #answer(session: Session, frame: Frame): { readonly account: string | null; readonly status: number } {
    try {
      if (this.#simulation.maintenance) throw new Refusal(-1016, 'This service is no longer available.', 503);
      const method = this.#methods.get(frame.method);
      if (method !== undefined) {
        this.#simulation.limits.count(SUBSCRIBE_WEIGHT);
        return { account: null, status: 200, ...{ result: method(session, frame) } };
      }
      return this.#run(session, frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { account: null, status: error.status, ...{ error: error.body } };
    }
  }

  #run(session: Session, frame: Frame): { readonly account: string | null; readonly status: number } {
    const endpoint = endpointNamed(frame.method);
    if (endpoint === undefined) throw unknownMethod();
    const {
      status,
      body,
      account = null,
    } = run(this.#simulation, endpoint, {
      values: frame.values,
      timeUnit: session.timeUnit,
      authenticate: () => this.#key(session, frame, endpoint.security),
    });
    const shown = endpoint.placesOrders ? account : null;
    return { account: shown, status, ...(status === 200 ? { result: body } : { error: body }) };
  }

  /** The request's own key if it names one, otherwise the session's. */
  #key(session: Session, frame: Frame, security: Security): ApiKey {
    const { exchange } = this.#simulation;
    if (session.apiKey !== null && !frame.values.has('apiKey'))
      return authenticateSession(exchange, session.apiKey, frame.values, security);
    return authenticate(exchange, signed(frame), security);
  }

  #logOn(session: Session, frame: Frame): unknown {
    const key = authenticate(this.#simulation.exchange, signed(frame), 'read');
    if (key.publicKey === undefined || !isEd25519(key.publicKey))
      throw new Refusal(-4056, 'HMAC_SHA256 API key is not supported.', 400);
    session.apiKey = key.apiKey;
    session.authorizedMs = this.#simulation.exchange.nowMs();
    return this.#status(session);
  }

  #logOut(session: Session): unknown {
    session.apiKey = null;
    session.authorizedMs = null;
    for (const one of [...this.#subscriptions]) if (one.session === session && one.bySession) this.#end(one);
    return this.#status(session);
  }

  #status(session: Session): unknown {
    const status = {
      apiKey: session.apiKey,
      authorizedSince: session.authorizedMs,
      connectedSince: session.connectedMs,
      returnRateLimits: session.returnRateLimits,
      serverTime: this.#simulation.exchange.nowMs(),
      userDataStream: this.#of(session).length > 0,
    };
    return readTimeUnit(session.timeUnit) ? inMicroseconds(status) : status;
  }

  #of(session: Session): Subscription[] {
    return [...this.#subscriptions].filter((one) => one.session === session);
  }

  #listed(session: Session): unknown {
    return this.#of(session).map(({ id }) => ({ subscriptionId: id }));
  }

  #subscribeSession(session: Session): unknown {
    const key = session.apiKey === null ? undefined : this.#simulation.exchange.keys.get(session.apiKey);
    if (key === undefined) throw new Refusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
    return this.#subscribe(session, key.account, true);
  }

  #subscribeSigned(session: Session, frame: Frame): unknown {
    const key = authenticate(this.#simulation.exchange, signed(frame), 'read');
    return this.#subscribe(session, key.account, false);
  }

  /** One subscription for each account on a connection; a second would send everything twice, and is refused. */
  #subscribe(session: Session, account: string, bySession: boolean): unknown {
    if (this.#of(session).some((one) => one.account === account))
      throw new Refusal(-2035, 'User Data Stream subscription already active.');
    if (session.subscribed >= SUBSCRIPTIONS_EVER_MAX)
      throw new Refusal(-2042, 'Maximum subscription ID reached for this connection.');
    const id = session.subscribed;
    session.subscribed += 1;
    this.#subscriptions.add({ id, account, session, bySession });
    return { subscriptionId: id };
  }

  #unsubscribe(session: Session, frame: Frame): unknown {
    const wanted = frame.values.get('subscriptionId');
    const found = this.#of(session).filter(({ id }) => wanted === undefined || wanted === String(id));
    if (wanted !== undefined && found.length === 0)
      throw new Refusal(-2036, 'User Data Stream subscription not active.');
    for (const one of found) this.#end(one);
    return {};
  }

  #end(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
    const event = { e: 'eventStreamTerminated', E: this.#simulation.exchange.nowMs() };
    subscription.session.socket.send(JSON.stringify({ subscriptionId: subscription.id, event }), () => {});
  }

  #publish(account: string, event: Record<string, unknown>): void {
    const fault = event.x === 'TRADE' ? this.#faults.shift() : undefined;
    if (fault === 'swallow') return;
    if (fault === 'swap') {
      this.#held = { account, event };
      return;
    }
    this.#send(account, event);
    if (fault === 'duplicate') this.#send(account, event);
    const held = this.#held;
    if (held !== null && event.x === 'TRADE') {
      this.#held = null;
      this.#send(held.account, held.event);
    }
  }

  #send(account: string, event: Record<string, unknown>): void {
    for (const { id, account: theirs, session } of this.#subscriptions) {
      if (theirs !== account) continue;
      const shown = readTimeUnit(session.timeUnit) ? inMicroseconds(event) : event;
      const text = JSON.stringify({ subscriptionId: id, event: shown });
      this.#simulation.travel('event', () => session.socket.send(text, () => {}));
    }
  }
}

function isEd25519(pem: string): boolean {
  return createPublicKey(pem).asymmetricKeyType === 'ed25519';
}

function unknownMethod(): Refusal {
  return new Refusal(-1000, 'Unknown method.', 404);
}

function signed(frame: Frame) {
  return { apiKey: frame.values.get('apiKey'), payload: socketPayload(frame.values), values: frame.values };
}

/** Lists of symbols come as JSON here and as text over REST; both are read the same way. */
function readFrame(text: string): Frame | Refusal {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return new Refusal(-1135, 'Invalid JSON Request');
  }
  if (frame === null || typeof frame !== 'object' || !('method' in frame))
    return new Refusal(-1135, 'Invalid JSON Request');
  const { id = null, method, params = {} } = frame as { id?: unknown; method: unknown; params?: object };
  const known = id === null || Number.isSafeInteger(id) || (typeof id === 'string' && ID.test(id));
  if (!known) {
    return new Refusal(
      -1100,
      "Illegal characters found in parameter 'id'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
    );
  }
  const values = new Map(
    Object.entries(params ?? {}).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
  return { id: id as Frame['id'], method: String(method), values };
}
