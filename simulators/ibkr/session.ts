/**
 * One connection of a client: greeting, startApi, then requests, each parsed by its table and answered by its
 * handler.
 */

import type { Socket } from 'node:net';
import { DateTime } from 'luxon';
import { FARMS, type Farm, farmNotice, STILL_BROKEN } from './link.js';
import { Outlet } from './outlet.js';
import { Pace } from './pace.js';
import { type Refused, refused } from './refusal.js';
import { HANDLERS } from './requests/handlers.js';
import type { Simulation } from './simulation.js';
import { Subscriptions } from './subscriptions.js';
import {
  type Field,
  Malformed,
  type Message,
  readMessage,
  type ValuesOf,
  writeMessage,
} from './wire/fields.js';
import { BrokenFrame, encodeFrame, FrameReader, type Greeting } from './wire/frames.js';
import {
  CANCEL_ORDER,
  PLACE_ORDER,
  REQ_ALL_OPEN_ORDERS,
  REQ_AUTO_OPEN_ORDERS,
  REQ_COMPLETED_ORDERS,
  REQ_CURRENT_TIME,
  REQ_GLOBAL_CANCEL,
  REQ_IDS,
  REQ_MANAGED_ACCTS,
  REQ_OPEN_ORDERS,
  START_API,
} from './wire/from-client.js';
import { ERR_MSG, MANAGED_ACCTS, NEXT_VALID_ID } from './wire/to-client.js';
import { OLDEST_VERSION } from './wire/versions.js';

/** The id in a message that is about no request. */
export const NO_ID = -1;

const GOOD_CONTRACTS = { code: 2158, text: 'Sec-def data farm connection is OK:secdefnj' };
/** Requests that TWS answers without the broker's servers: time, ids, accounts. */
const LOCAL_REQUESTS: readonly number[] = [REQ_CURRENT_TIME.id, REQ_IDS.id, REQ_MANAGED_ACCTS.id];
/** Requests that TWS refuses while its API is read-only: all about orders, lists of them included. */
const NEED_WRITING: readonly number[] = [
  ...[PLACE_ORDER.id, CANCEL_ORDER.id, REQ_GLOBAL_CANCEL.id, REQ_OPEN_ORDERS.id, REQ_ALL_OPEN_ORDERS.id],
  ...[REQ_AUTO_OPEN_ORDERS.id, REQ_COMPLETED_ORDERS.id],
];
const READ_ONLY = refused.validating('The API interface is currently in Read-Only mode.');
const CLIENT_ID_IN_USE = {
  code: 326,
  text: 'Unable to connect as the client id is already in use. Retry with a unique client id.',
};

export class Session {
  readonly simulation: Simulation;
  readonly subscriptions: Subscriptions;
  /** Null until startApi was accepted. */
  clientId: number | null = null;
  #version: number | null = null;
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #pace = new Pace();
  readonly #outlet: Outlet;

  constructor(simulation: Simulation, socket: Socket) {
    this.simulation = simulation;
    this.#socket = socket;
    this.subscriptions = new Subscriptions(this);
    this.#outlet = new Outlet(socket, {
      effectOn: (id) => simulation.faults.ofAnswer(this.clientId ?? NO_ID, id),
      pieceBytes: () => simulation.pieceBytes,
      latencyMs: () => simulation.latencyMs,
    });
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#ended());
  }

  get version(): number {
    return this.#version ?? OLDEST_VERSION;
  }

  send<Fields extends readonly Field[]>(
    table: Message<Fields>,
    values: Parameters<typeof writeMessage<Fields>>[2],
  ): void {
    if (this.#socket.writable)
      this.#outlet.send(table.id, (said) => writeMessage(table, this.version, { ...values, ...said }));
  }

  error(id: number | null, { code, text }: Refused): void {
    this.send(ERR_MSG, { id: id ?? NO_ID, code, text });
  }

  sendAccounts(): void {
    this.send(MANAGED_ACCTS, { accounts: [...this.simulation.accounts.keys()].join(',') });
  }

  sendNextOrderId(): void {
    this.send(NEXT_VALID_ID, { orderId: this.simulation.nextOrderIds.get(this.clientId ?? 0) ?? 1 });
  }

  /** The connection stays open, but nothing passes any more. */
  die(): void {
    this.#outlet.dead = true;
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#outlet.dead) return;
    try {
      const { greeting, frames } = this.#reader.push(chunk);
      if (greeting !== null) this.#greet(greeting);
      for (const frame of frames) if (!this.#socket.destroyed) this.#request(frame);
    } catch (error) {
      if (!(error instanceof BrokenFrame))
        process.stderr.write(`simulator: ${error instanceof Error ? error.stack : String(error)}\n`);
      this.#socket.destroy();
    }
  }

  #greet({ oldest, newest }: Greeting): void {
    const version = Math.min(newest, this.simulation.serverVersion);
    if (version < oldest || version < OLDEST_VERSION) throw new BrokenFrame('no version in common');
    this.#version = version;
    const { zone } = this.simulation;
    const now = DateTime.fromMillis(this.simulation.nowMs(), { zone });
    this.#socket.write(encodeFrame([String(version), now.toFormat("yyyyMMdd HH:mm:ss '") + zone]));
  }

  #request([id = '', ...fields]: readonly string[]): void {
    try {
      // Messages before startApi are ignored.
      if (this.clientId !== null) this.#answer(id, fields);
      else if (id === String(START_API.id)) this.#start(readMessage(START_API, this.version, fields));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.error(NO_ID, refused.reading(error.message));
    }
  }

  #answer(id: string, fields: readonly string[]): void {
    const over = this.#pace.over();
    if (over !== null) {
      this.error(NO_ID, over);
      if (this.#pace.exhausted) this.#socket.end();
      return;
    }
    const handler = /^\d{1,4}$/.test(id) ? HANDLERS.get(Number(id)) : undefined;
    if (handler === undefined) throw new Malformed(`Unknown message id ${id}`);
    if (this.simulation.readOnly && NEED_WRITING.includes(handler.id)) {
      this.error(handler.about(this, fields), READ_ONLY);
      return;
    }
    const effect = this.simulation.faults.ofRequest(this.clientId ?? NO_ID, handler.id);
    if (effect?.kind === 'lose') return;
    if (effect?.kind === 'refuse') {
      this.error(handler.about(this, fields), effect);
      return;
    }
    const answer = () => this.#handle(() => handler.answer(this, fields), effect?.kind === 'silence');
    if (LOCAL_REQUESTS.includes(handler.id)) answer();
    else this.simulation.link.through(answer);
  }

  #handle(answer: () => void, silent: boolean): void {
    this.#outlet.silent = silent;
    try {
      answer();
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.error(NO_ID, refused.reading(error.message));
    } finally {
      this.#outlet.silent = false;
    }
  }

  #start({ clientId }: ValuesOf<typeof START_API.fields>): void {
    if (clientId === null || clientId < 0) throw new Malformed('clientId is missing');
    if (this.simulation.clients.has(clientId)) {
      this.error(NO_ID, CLIENT_ID_IN_USE);
      this.#socket.end();
      return;
    }
    this.clientId = clientId;
    this.simulation.clients.set(clientId, this);
    this.sendAccounts();
    this.sendNextOrderId();
    const { link, farms } = this.simulation;
    if (link.broken) {
      this.error(NO_ID, STILL_BROKEN);
      return;
    }
    for (const farm of Object.keys(FARMS) as Farm[]) this.error(NO_ID, farmNotice(farm, farms[farm]));
    this.error(NO_ID, GOOD_CONTRACTS);
  }

  #ended(): void {
    if (this.clientId !== null && this.simulation.clients.get(this.clientId) === this)
      this.simulation.clients.delete(this.clientId);
  }
}
