/** One connection of a client: greeting, startApi, then requests, each read by its table and answered by its handler. */

import type { Socket } from 'node:net';
import { DateTime } from 'luxon';
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
import { START_API } from './wire/from-client.js';
import { ERR_MSG, MANAGED_ACCTS, NEXT_VALID_ID } from './wire/to-client.js';
import { OLDEST_VERSION } from './wire/versions.js';

/** A message that is about no request. */
export const NO_ID = -1;

/** What a client hears when it has started: data is there. */
const GOOD_FARMS: readonly Refused[] = [
  { code: 2104, text: 'Market data farm connection is OK:usfuture' },
  { code: 2106, text: 'HMDS data farm connection is OK:ushmds' },
  { code: 2158, text: 'Sec-def data farm connection is OK:secdefnj' },
];
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

  constructor(simulation: Simulation, socket: Socket) {
    this.simulation = simulation;
    this.#socket = socket;
    this.subscriptions = new Subscriptions(this);
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
    if (!this.#socket.writable) return;
    this.#socket.write(encodeFrame(writeMessage(table, this.version, values)));
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

  #take(chunk: Buffer): void {
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
      // Before startApi nobody listens.
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
    handler.answer(this, fields);
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
    for (const farm of GOOD_FARMS) this.error(NO_ID, farm);
  }

  #ended(): void {
    if (this.clientId !== null && this.simulation.clients.get(this.clientId) === this)
      this.simulation.clients.delete(this.clientId);
  }
}
