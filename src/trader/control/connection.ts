/** One client of the control socket: reads requests, bounds how many are pending, writes answers. */
import type { Socket } from 'node:net';
import {
  ANSWER_BYTES_MAX,
  CONTROL_PROTOCOL_VERSION,
  type ControlError,
  type ControlMethod,
  type ControlMethods,
  FRAME_BYTES_MAX,
} from '../../contracts/control.js';
import { messageOf } from '../../domain/message-of.js';
import { badRequest, ControlRefusal } from './control-refusal.js';
import { FrameReader } from './frame-reader.js';
import { checkParams, isControlMethod } from './params.js';

export type AnsweredMethod = Exclude<ControlMethod, 'follow'>;

export type AnsweredHandlers = {
  readonly [M in AnsweredMethod]: (
    params: ControlMethods[M]['params'],
  ) => Promise<ControlMethods[M]['result']>;
};

export interface ControlHandlers extends AnsweredHandlers {
  /** Takes over the connection until it closes. Throws `ControlRefusal`. */
  readonly follow: (socket: Socket, id: unknown, params: ControlMethods['follow']['params']) => void;
}

/** These never wait behind other requests. */
const NEVER_QUEUED: ReadonlySet<ControlMethod> = new Set(['stop', 'halt', 'closeAll', 'kill', 'status']);
const UNDER_WAY_MAX = 16;
/** Most bytes of answers that a client has not read. */
const UNREAD_BYTES_MAX = 4 * ANSWER_BYTES_MAX;

export class Connection {
  underWay = 0;
  following = false;
  lastUsed = 0;
  #refused = false;
  readonly #frames = new FrameReader(FRAME_BYTES_MAX);

  constructor(
    readonly socket: Socket,
    readonly handlers: ControlHandlers,
    readonly uses: () => number,
  ) {
    this.lastUsed = uses();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Answers with an error, accepts nothing more and closes. */
  refuse(error: ControlError): void {
    this.#refused = true;
    this.socket.end(`${JSON.stringify({ id: null, error })}\n`);
  }

  #read(chunk: Buffer): void {
    if (this.#refused) return;
    this.lastUsed = this.uses();
    try {
      for (const line of this.#frames.push(chunk)) void this.#request(line);
    } catch {
      this.refuse(badRequest(`expected frames of at most ${FRAME_BYTES_MAX} bytes`).answer);
    }
  }

  async #request(line: string): Promise<void> {
    let id: unknown = null;
    try {
      const request = parseRequest(line);
      id = request.id;
      if (this.underWay >= UNDER_WAY_MAX && !NEVER_QUEUED.has(request.method)) throw tooMany();
      this.underWay += 1;
      try {
        const result = await this.#carryOut(request);
        if (result !== undefined) this.#write({ id, result });
      } finally {
        this.underWay -= 1;
      }
    } catch (error) {
      this.#write({ id, error: answerOf(error) });
    }
  }

  async #carryOut(request: Request): Promise<unknown> {
    if (request.method !== 'follow') return await answer(this.handlers, request.method, request.params);
    if (this.following) throw badRequest('expected one follow per connection, found a second');
    this.handlers.follow(this.socket, request.id, checkParams('follow', request.params));
    this.following = true;
    return undefined;
  }

  #write(frame: object): void {
    if (this.socket.destroyed) return;
    this.socket.write(`${JSON.stringify(frame)}\n`);
    if (this.socket.writableLength > UNREAD_BYTES_MAX) this.socket.destroy();
  }
}

interface Request {
  readonly id: string | number;
  readonly method: ControlMethod;
  readonly params: unknown;
}

function answer<M extends AnsweredMethod>(
  handlers: AnsweredHandlers,
  method: M,
  params: unknown,
): Promise<unknown> {
  return handlers[method](checkParams(method, params));
}

function parseRequest(line: string): Request {
  let frame: { v?: unknown; id?: unknown; method?: unknown; params?: unknown } | null;
  try {
    frame = JSON.parse(line);
  } catch {
    throw badRequest('expected one JSON object a line');
  }
  if (typeof frame !== 'object' || frame === null) throw badRequest('expected one JSON object a line');
  if (frame.v !== CONTROL_PROTOCOL_VERSION)
    throw badRequest(`v: expected ${CONTROL_PROTOCOL_VERSION}, found ${String(frame.v)}`);
  if (typeof frame.id !== 'string' && typeof frame.id !== 'number')
    throw badRequest('id: expected text or a number');
  if (!isControlMethod(frame.method))
    throw badRequest(`method: ${JSON.stringify(frame.method) ?? 'nothing'} is not one of the trader's`);
  return { id: frame.id, method: frame.method, params: frame.params };
}

function tooMany(): ControlRefusal {
  return new ControlRefusal({
    code: 'busy',
    message: `more than ${UNDER_WAY_MAX} requests are under way on this connection`,
    keptSafe: 'Nothing was changed. Stop, close-all, kill and status are always taken.',
    doThis: 'Wait for an answer before the next request.',
  });
}

function answerOf(error: unknown): ControlError {
  if (error instanceof ControlRefusal) return error.answer;
  return {
    code: 'internal',
    message: messageOf(error),
    keptSafe: 'Positions and their stops were not touched by this request.',
    doThis: 'Look at the trader log; if in doubt, send stop.',
  };
}
