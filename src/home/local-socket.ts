/** Unix sockets that speak the control protocol: a request is `{v:1,id,method,params}`, answered by one line. */
import { chmodSync, rmSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

export class FrameTooLarge extends Error {
  override readonly name = 'FrameTooLarge';
}

/** The framing of all our sockets: lines. Never buffers more than one frame's worth of an unfinished line. */
export class FrameReader {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(readonly charactersMax: number) {}

  /** Whole lines without their line ends. Throws `FrameTooLarge`; after that the stream is unusable. */
  push(chunk: Buffer): readonly string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > this.charactersMax || lines.some((line) => line.length > this.charactersMax)) {
      throw new FrameTooLarge(`a frame is larger than ${this.charactersMax} characters`);
    }
    return lines.filter((line) => line.trim() !== '');
  }
}

/**
 * Calls `onLine` for each line. A sender of a longer line is disconnected, unless `onTooLong` does something
 * else.
 */
export function readLines(
  socket: Socket,
  charactersMax: number,
  onLine: (line: string) => void,
  onTooLong: () => void = () => socket.destroy(),
): void {
  const frames = new FrameReader(charactersMax);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const line of frames.push(chunk)) onLine(line);
    } catch (error) {
      if (!(error instanceof FrameTooLarge)) throw error;
      onTooLong();
    }
  });
}

const ANSWER_CHARS_MAX = 1024 * 1024;

/** Nobody answered. The request may or may not have been carried out. */
export class SocketSilent extends Error {
  override readonly name = 'SocketSilent';
}

/** The answer was an error. */
export class SocketRefusal extends Error {
  override readonly name = 'SocketRefusal';
  constructor(
    readonly code: string,
    message: string,
    readonly keptSafe: string,
    readonly doThis: string,
  ) {
    super(message);
  }
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { code: string; message: string; keptSafe: string; doThis: string };
}

/** Rejects with SocketSilent or SocketRefusal. */
export function askSocket(path: string, method: string, params: object, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const silent = (why: string): void =>
      end(() => reject(new SocketSilent(`no answer to ${method}: ${why}`)));
    const timer = setTimeout(() => silent(`nothing within ${timeoutMs} ms`), timeoutMs);
    socket.on('connect', () => socket.write(`${JSON.stringify({ v: 1, id: 1, method, params })}\n`));
    socket.on('error', (error: NodeJS.ErrnoException) => silent(error.code ?? error.message));
    socket.on('close', () => silent('the connection was closed'));
    readLines(
      socket,
      ANSWER_CHARS_MAX,
      (line) => {
        try {
          const { result, error } = JSON.parse(line) as Answer;
          end(() =>
            error
              ? reject(new SocketRefusal(error.code, error.message, error.keptSafe, error.doThis))
              : resolve(result),
          );
        } catch {
          silent('the answer is not JSON');
        }
      },
      () => silent('the answer is too long'),
    );
  });
}

/**
 * Closes a server without waiting for its connections. Some of them ask again and again whether this process
 * has ended, so a wait would never end.
 */
export async function closeAtOnce(server: Server, connected: Iterable<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of connected) socket.destroy();
  await closed;
}

/**
 * Listens for this user only. Removes an existing socket file: a killed process left it, since the caller
 * knows that nobody listens. Rejects if listening fails.
 */
export async function listenAtSocket(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
}
