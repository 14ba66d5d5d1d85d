/** Hosts roles of other desks in this process, each while its desk's supervisor is connected. */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { inSurroundings, takeOwnSurroundings } from '../desk/desk-environment.js';
import { messageOf } from '../domain/message-of.js';
import { forDesk } from '../home/desk-in-process.js';
import type { FileLock } from '../home/file-lock.js';
import { sharesServers } from '../home/installation.js';
import { listenAtSocket, readLines } from '../home/local-socket.js';
import type { Role, Runtime } from '../home/runtime.js';
import { type FromHost, type Joining, lockOnceFree, STOP_LINE } from '../home/shared-process.js';
import { createKnownRedactor, knownSecrets } from '../supervisor/redact.js';

const JOINED_MAX = 16;
/** An environment is longer than most lines. */
const LINE_CHARS_MAX = 4 * 1024 * 1024;
const UNREAD_BYTES_MAX = 4 * 1024 * 1024;
/** How long a connection may be silent before it says who joins. */
const SILENT_MS = 5_000;
/** A supervisor that stopped reading must not hold up the end. */
const LAST_WORDS_MS = 1_000;

export interface SharedProcess {
  /** Tells the joined roles' supervisors that this process ends, and stops those roles. */
  close(): Promise<void>;
}

type Start = (runtime: Runtime) => Promise<Role>;

/** What no line from this process may contain, whichever desk it is about: of each desk in it. */
const secrets = new Map<object, readonly string[]>();
let redact = createKnownRedactor([]);

function keepSecret(of: object, values: readonly string[]): void {
  if (values.length === 0) secrets.delete(of);
  else secrets.set(of, values);
  redact = createKnownRedactor([...secrets.values()].flat());
}

/**
 * Call before anything of this process's own desk is loaded: from here on its keys are in no place that is everybody's, and no
 * line leaves with a key of any desk. Returns what its own role must be started with.
 */
export function separateDesks(home: string): <T>(work: () => T) => T {
  const own = takeOwnSurroundings();
  const asOwn = <T>(work: () => T): T => inSurroundings(own, work);
  keepSecret(
    own,
    asOwn(() => knownSecrets(home)),
  );
  for (const stream of [process.stdout, process.stderr]) {
    const { write } = stream;
    stream.write = (chunk: string | Uint8Array, ...rest: never[]): boolean =>
      write.call(stream, redact(Buffer.from(chunk).toString('utf8')), ...rest);
  }
  // Node itself would write it past those streams.
  process.on('uncaughtException', (error) => {
    console.error(error);
    process.exit(1);
  });
  return asOwn;
}

/** Rejects if nothing can listen there. */
export async function shareProcess(path: string, sharing: string, start: Start): Promise<SharedProcess> {
  const joined = new Set<JoinedRole>();
  let closing = false;
  const server = createServer((socket) => {
    const silent = setTimeout(() => socket.destroy(), SILENT_MS);
    let isFirst = true;
    let role: JoinedRole | null = null;
    const ask = (line: string): void => {
      clearTimeout(silent);
      const joining = joiningOf(line, sharing);
      const why = closing ? 'this process ends' : joining;
      if (typeof why === 'string') {
        refuse(socket, why);
        return;
      }
      const begun = new JoinedRole(socket, why, start);
      role = begun;
      joined.add(begun);
      socket.once('close', () => {
        void begun.stop().finally(() => joined.delete(begun));
      });
    };
    readLines(socket, LINE_CHARS_MAX, (line) => {
      // Only the first line may ask to join: a refused supervisor must connect again.
      if (isFirst) ask(line);
      else if (line === STOP_LINE) void role?.stop();
      isFirst = false;
    });
  });
  server.maxConnections = JOINED_MAX;
  await listenAtSocket(server, path);
  return {
    close: async () => {
      closing = true;
      server.close();
      await Promise.all([...joined].map((role) => role.end()));
    },
  };
}

class JoinedRole {
  readonly #ending = new AbortController();
  readonly #starting: Promise<Role>;
  #stopping: Promise<void> | null = null;
  readonly #output = { write: (line: string) => this.#say({ type: 'line', line: redact(line.trimEnd()) }) };
  #lock: FileLock | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly joining: Joining,
    start: Start,
  ) {
    this.#say({ type: 'joined', pid: process.pid });
    const { surroundings } = joining;
    this.#starting = (async () => {
      const runtime = JSON.parse(readFileSync(joining.runtimeFile, 'utf8')) as Runtime;
      keepSecret(
        this,
        inSurroundings(surroundings, () => knownSecrets(runtime.home)),
      );
      const named = () => (sharesServers(runtime.home) ? runtime.desk : null);
      const desk = { surroundings, output: this.#output, named, ending: this.#ending.signal };
      // The role's earlier process may still be ending, and the supervisor that asked may have disconnected by now.
      this.#lock = await lockOnceFree(joining.lockFile, `what ran for ${runtime.desk}`, this.#ending.signal);
      if (this.#lock === null || socket.readableEnded) throw new Error('it was stopped before it began');
      const role = await forDesk(desk, () => start(runtime));
      collectGarbage();
      return { stop: () => forDesk(desk, () => role.stop()) };
    })();
    this.#starting.then(
      () => this.#stopping ?? this.#say({ type: 'ready' }),
      (error: unknown) => this.#say({ type: 'failed', message: redact(messageOf(error)) }),
    );
  }

  /** The process ends in order: the role's supervisor starts it elsewhere. */
  end(): Promise<void> {
    this.#say({ type: 'ends' });
    return this.stop();
  }

  /** Stops once; the role may still be starting. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // Whatever blocks the stop, no role may keep running for a desk that has ended. The other roles here are
    // restarted.
    const late = setTimeout(() => {
      console.error(`what ran for ${this.joining.runtimeFile} here did not stop in time: this process ends`);
      process.exit(1);
    }, this.joining.stopMs);
    this.#ending.abort();
    try {
      const role = await this.#starting.catch(() => null);
      await role?.stop();
    } catch (error) {
      this.#output.write(`it did not stop in order: ${messageOf(error)}`);
    } finally {
      clearTimeout(late);
      this.#lock?.release();
    }
    this.#say({ type: 'stopped' });
    keepSecret(this, []);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, LAST_WORDS_MS).unref();
      this.socket.once('close', () => resolve());
      this.socket.end(() => resolve());
      if (this.socket.destroyed) resolve();
    });
  }

  #say(message: FromHost): void {
    // A stopped supervisor reads nothing: log lines for it are not buffered without limit.
    if (message.type === 'line' && this.socket.writableLength > UNREAD_BYTES_MAX) return;
    if (this.socket.writable) this.socket.write(`${JSON.stringify(message)}\n`);
  }
}

/** What a start leaves, 25 MB of operations, would stay for minutes: the heap has room for it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // No context of a workflow has it.
  setFlagsFromString('--no-expose-gc');
  collect();
}

/** The parsed request, or the reason why it may not join, in words. */
function joiningOf(line: string, sharing: string): Joining | string {
  try {
    const joining = JSON.parse(line) as Joining;
    if (joining.v !== 2) return `version 2 was expected, not ${String(joining.v)}`;
    return joining.sharing === sharing ? joining : 'it was started otherwise than this process';
  } catch {
    return 'it is not JSON';
  }
}

function refuse(socket: Socket, why: string): void {
  socket.end(`${JSON.stringify({ type: 'refused', why } satisfies FromHost)}\n`);
}
