/** The WebSocket API (`/ws-api/v3`): requests by name, and the account's own events. */
import type { RawData, WebSocket } from 'ws';
import { authenticate, socketPayload } from './authentication.js';
import { endpointNamed } from './endpoints.js';
import { run } from './http-answer.js';
import { Refusal } from './refusal.js';
import type { Simulation } from './simulation.js';

interface Subscription {
  readonly id: number;
  readonly account: string;
  readonly socket: WebSocket;
}

interface Frame {
  readonly id: string | number | null;
  readonly method: string;
  readonly values: ReadonlyMap<string, string>;
}

export type EventFault = 'swallow' | 'duplicate' | 'swap';

/** Every user stream of the simulator. */
export class SocketApi {
  readonly #simulation: Simulation;
  readonly #subscriptions = new Map<number, Subscription>();
  #nextId = 0;
  #faults: EventFault[] = [];
  #held: { account: string; event: Record<string, unknown> } | null = null;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.exchange.onAccountEvent = (account, event) => this.#publish(account, event);
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Spoils the next executions on user streams, one each. */
  spoilEvents(faults: readonly EventFault[]): void {
    this.#faults.push(...faults);
  }

  /** The venue ends every user stream but keeps the sockets. */
  terminate(): void {
    for (const one of this.#subscriptions.values()) {
      const event = { e: 'eventStreamTerminated', E: this.#simulation.exchange.nowMs() };
      one.socket.send(JSON.stringify({ subscriptionId: one.id, event }));
    }
    this.#subscriptions.clear();
  }

  accept(socket: WebSocket): void {
    socket.on('message', (data) => this.#onMessage(socket, data));
    socket.on('close', () => {
      for (const one of this.#subscriptions.values()) {
        if (one.socket === socket) this.#subscriptions.delete(one.id);
      }
    });
  }

  #onMessage(socket: WebSocket, data: RawData): void {
    const frame = readFrame(String(data));
    if (frame === null) {
      socket.send(JSON.stringify({ id: null, status: 400, error: { code: -32700, msg: 'Parse error' } }));
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
    const answer = this.#answer(socket, frame);
    const text = JSON.stringify({ id: frame.id, ...answer, rateLimits: [] });
    setTimeout(
      () => socket.send(text),
      this.#simulation.latencyMs + (effect?.kind === 'delay' ? effect.ms : 0),
    );
  }

  #answer(socket: WebSocket, frame: Frame): object {
    try {
      if (this.#simulation.maintenance) throw new Refusal(-1016, 'This service is no longer available.', 503);
      if (frame.method === 'userDataStream.subscribe.signature') return this.#subscribe(socket, frame);
      if (frame.method === 'userDataStream.unsubscribe') return this.#unsubscribe(socket, frame);
      const endpoint = endpointNamed(frame.method);
      if (endpoint === undefined)
        throw new Refusal(-1099, 'Not found, unauthenticated, or unauthorized.', 404);
      const { status, body } = run(this.#simulation, endpoint, signed(frame));
      return status === 200 ? { status, result: body } : { status, error: body };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, error: { code: error.code, msg: error.message } };
    }
  }

  #subscribe(socket: WebSocket, frame: Frame): object {
    const key = authenticate(this.#simulation.exchange, signed(frame), 'read');
    const id = this.#nextId;
    this.#nextId += 1;
    this.#subscriptions.set(id, { id, account: key.account, socket });
    return { status: 200, result: { subscriptionId: id } };
  }

  #unsubscribe(socket: WebSocket, frame: Frame): object {
    const wanted = frame.values.get('subscriptionId');
    for (const one of this.#subscriptions.values()) {
      if (one.socket !== socket) continue;
      if (wanted === undefined || wanted === String(one.id)) this.#subscriptions.delete(one.id);
    }
    return { status: 200, result: {} };
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
    for (const one of this.#subscriptions.values()) {
      if (one.account !== account) continue;
      const text = JSON.stringify({ subscriptionId: one.id, event });
      setTimeout(() => one.socket.send(text, () => {}), this.#simulation.latencyMs / 2);
    }
  }
}

function signed(frame: Frame) {
  return { apiKey: frame.values.get('apiKey'), payload: socketPayload(frame.values), values: frame.values };
}

function readFrame(text: string): Frame | null {
  try {
    const frame: unknown = JSON.parse(text);
    if (frame === null || typeof frame !== 'object' || !('method' in frame)) return null;
    const { id, method, params } = frame as { id?: string | number; method: unknown; params?: object };
    const values = new Map(Object.entries(params ?? {}).map(([name, value]) => [name, String(value)]));
    return { id: id ?? null, method: String(method), values };
  } catch {
    return null;
  }
}
