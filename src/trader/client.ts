/** Talks to a trader's control socket. No dependencies, a deadline on every call; reconnects when needed. */
import { connect, type Socket } from 'node:net';
import {
  ANSWER_BYTES_MAX,
  CONTROL_PROTOCOL_VERSION,
  type ControlError,
  type ControlMethod,
  type ControlMethods,
  type FollowedEntry,
} from '../contracts/control.js';
import { messageOf } from '../domain/message-of.js';
import type { JournalEntry } from '../engine/record.js';
import { FrameReader } from '../home/local-socket.js';

export type CallableMethod = Exclude<ControlMethod, 'follow'>;

const TIMEOUT_DEFAULT_MS = 5000;

/** The trader did not answer. */
export class TraderUnavailable extends Error {
  override readonly name = 'TraderUnavailable';
  /** `reached`: the request may have been carried out anyway. Otherwise nobody accepted the connection. */
  constructor(
    message: string,
    readonly reached = true,
  ) {
    super(message);
  }
}

/** The trader answered with an error. */
export class ControlFailure extends Error implements ControlError {
  override readonly name = 'ControlFailure';
  readonly code: string;
  readonly keptSafe: string;
  readonly doThis: string;
  constructor(error: ControlError) {
    super(error.message);
    this.code = error.code;
    this.keptSafe = error.keptSafe;
    this.doThis = error.doThis;
  }
}

export interface TraderClient {
  /** Rejects with `TraderUnavailable` (no answer within `timeoutMs`, 5 s by default) or `ControlFailure`. */
  call<M extends CallableMethod>(
    method: M,
    params: ControlMethods[M]['params'],
    options?: { readonly timeoutMs?: number },
  ): Promise<ControlMethods[M]['result']>;
  /** Durable entries from `fromSequence` on, then live ones, on a connection of its own. `onEnd` is called once. */
  follow(
    fromSequence: number,
    onEntry: (entry: FollowedEntry) => void,
    onEnd: (error: TraderUnavailable | ControlFailure) => void,
  ): { close(): void };
  close(): void;
}

interface Answer {
  readonly id: number | null;
  readonly result?: unknown;
  readonly entry?: JournalEntry;
  /** Belongs to the next entry. */
  readonly group?: string;
  readonly error?: ControlError;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function connectTrader(socketPath: string): TraderClient {
  let line: Line | null = null;
  let closed = false;
  const follows = new Set<{ close(): void }>();
  return {
    call: async (method, params, options) => {
      if (closed) throw new TraderUnavailable('this client was closed');
      if (line === null || line.ended) line = new Line(socketPath);
      return (await line.call(method, params, options?.timeoutMs ?? TIMEOUT_DEFAULT_MS)) as never;
    },
    follow: (fromSequence, onEntry, onEnd) => {
      const handle = followOn(socketPath, fromSequence, onEntry, (error) => {
        follows.delete(handle);
        onEnd(error);
      });
      follows.add(handle);
      return {
        close: () => {
          follows.delete(handle);
          handle.close();
        },
      };
    },
    close: () => {
      closed = true;
      line?.end(new TraderUnavailable('this client was closed'));
      for (const handle of follows) handle.close();
    },
  };
}

/** One connection with any number of pending calls. */
class Line {
  ended = false;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();
  readonly #socket: Socket;

  constructor(readonly socketPath: string) {
    this.#socket = openSocket(
      socketPath,
      (answer) => this.#answered(answer),
      (error) => this.end(error),
    );
  }

  call(method: CallableMethod, params: object, timeoutMs: number): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new TraderUnavailable(`the trader did not answer ${method} within ${timeoutMs} ms`));
      }, timeoutMs);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          this.#waiting.delete(id);
          then(value);
        };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#socket.ref();
      this.#socket.write(requestFrame(id, method, params));
    });
  }

  end(error: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.#socket.destroy();
    for (const waiting of [...this.#waiting.values()]) waiting.reject(error);
  }

  #answered(answer: Answer): void {
    if (answer.id === null && answer.error !== undefined) {
      this.end(new ControlFailure(answer.error));
      return;
    }
    const waiting = this.#waiting.get(answer.id ?? 0);
    if (answer.error !== undefined) waiting?.reject(new ControlFailure(answer.error));
    else waiting?.resolve(answer.result);
    if (this.#waiting.size === 0) this.#socket.unref(); // an idle connection keeps no process alive
  }
}

function followOn(
  socketPath: string,
  fromSequence: number,
  onEntry: (entry: FollowedEntry) => void,
  onEnd: (error: TraderUnavailable | ControlFailure) => void,
): { close(): void } {
  let open = true;
  let groupBytes: string | null = null;
  const take = (entry: JournalEntry): void => {
    const followed = groupBytes === null ? entry : { ...entry, groupBytes };
    groupBytes = null;
    onEntry(followed);
  };
  const end = (error: TraderUnavailable | ControlFailure): void => {
    if (!open) return;
    open = false;
    socket.destroy();
    onEnd(error);
  };
  const socket = openSocket(
    socketPath,
    (answer) => {
      if (answer.error !== undefined) end(new ControlFailure(answer.error));
      else if (answer.group !== undefined) groupBytes = answer.group;
      else if (open && answer.entry !== undefined) take(answer.entry);
    },
    end,
  );
  socket.write(requestFrame(1, 'follow', { fromSequence }));
  return {
    close: () => {
      open = false;
      socket.destroy();
    },
  };
}

function openSocket(
  path: string,
  onAnswer: (answer: Answer) => void,
  onLost: (error: TraderUnavailable) => void,
): Socket {
  const frames = new FrameReader(ANSWER_BYTES_MAX);
  const socket = connect(path);
  let reached = false;
  const lost = (why: string) => onLost(new TraderUnavailable(`the trader can't be reached: ${why}`, reached));
  socket.on('connect', () => {
    reached = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => lost(error.code ?? error.message));
  socket.on('close', () => lost('the connection was closed'));
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const line of frames.push(chunk)) onAnswer(JSON.parse(line) as Answer);
    } catch (error) {
      lost(`its answer could not be read (${messageOf(error)})`);
    }
  });
  return socket;
}

function requestFrame(id: number, method: ControlMethod, params: object): string {
  return `${JSON.stringify({ v: CONTROL_PROTOCOL_VERSION, id, method, params })}\n`;
}
