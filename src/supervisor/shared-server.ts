/**
 * A server shared by the desks of an installation. The desk whose supervisor holds its lock runs it; the
 * others use it and wait for the lock. When the holder ends or is killed, the next in line gets the lock at
 * once and restarts the server at the same address: to the other desks it was away for a moment, as after a
 * crash.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import { type FileLock, tryLockFile, waitForLock } from '../home/file-lock.js';
import { type KeeperNews, ProcessKeeper, type Running, StartRefused } from './keep-running.js';
import { type ChildrenFile, endLeftChildren, openChildrenFile } from './process-table.js';

const ASK_AGAIN_MS = 200;
/** Pause after a failed takeover: whatever kept the server from starting may pass. */
const TAKE_OVER_PAUSE_MS = 2_000;
/** A port is free when it is chosen, but may be another program's when the server listens, seconds later. */
const ADDRESSES_TRIED = 3;

interface SharedServerOptions<At> {
  readonly name: string;
  /** What its files are called; its name unless several of that name may run. */
  readonly files?: string;
  /** Run folder of the installation: the lock, the server's address, and its processes. */
  readonly run: string;
  /** Chooses the address. `before`: the previous address, where desks may still look for the server. */
  readonly choose: (before: At | null) => Promise<At>;
  /** Called once per start; each process of the server is added to `children`. */
  readonly start: (at: At, children: ChildrenFile) => Promise<Running>;
  /** Called after each orderly end of a server that we ran, before anybody else can start it. */
  readonly tidy?: () => void;
  /** Children of the supervisor that runs it now. */
  readonly children: ChildrenFile;
  readonly onNews: (news: KeeperNews) => void;
  readonly say: (text: string) => void;
  /** Called with the reason if it does not start, which `restart` of its keeper repeats. Left out: a desk needs it. */
  readonly onNotStarted?: (why: unknown) => void;
}

/** What a server is, whoever runs it. */
export type OwnServer<At> = Omit<SharedServerOptions<At>, 'run' | 'children' | 'onNews' | 'say'> & {
  /** Said if it stays down: a sentence and a space. */
  readonly whatNow: string;
};

interface Place<At> {
  readonly at: At;
  /** False while it starts and from before it ends: nobody begins to use it then. */
  readonly serving: boolean;
  /** Nothing runs there, and nobody tries again before a person asks for it. */
  readonly isDown?: boolean;
}

export class SharedServer<At> {
  readonly name: string;
  readonly #closing = new AbortController();
  readonly #file: (ending: string) => string;
  #lock: FileLock | null = null;
  #keeper: ProcessKeeper | null = null;
  #processes: ChildrenFile | null = null;
  #takingOver: Promise<void> = Promise.resolve();

  constructor(private readonly options: SharedServerOptions<At>) {
    this.name = options.name;
    this.#file = (ending) => join(options.run, `${options.files ?? options.name}${ending}`);
  }

  /** Null while another desk's supervisor runs it. */
  get keeper(): ProcessKeeper | null {
    return this.#keeper;
  }

  /** At whichever desk runs it: its supervisor writes it where the others read the address. */
  get isDown(): boolean {
    return this.#readPlace()?.isDown === true;
  }

  /** Resolves with its address; rejects if it doesn't come up here, or if `stopping` is aborted. */
  async open(stopping: AbortSignal): Promise<At> {
    for (let asked = 0; ; asked += 1) {
      const lock = tryLockFile(this.#file('.lock'));
      const place = this.#readPlace();
      if (lock !== null) {
        this.#lock = lock;
        // A killed supervisor or a power cut may have left `serving: true`: new starts must not believe it.
        if (place !== null) this.#writePlace({ ...place, serving: false });
        return this.#begin((taken) => this.options.choose(taken ?? place?.at ?? null));
      }
      if (place?.serving) {
        this.#takingOver = this.#takeOverLater(place.at);
        return place.at;
      }
      if (asked === 1) this.options.say(`Waiting for ${this.name}: it is being started or ended here …`);
      await sleep(ASK_AGAIN_MS, undefined, { signal: stopping });
    }
  }

  /** If another desk uses the server, that desk's supervisor starts it again. */
  async close(hurry?: AbortSignal): Promise<void> {
    this.#closing.abort();
    await this.#takingOver;
    if (this.#lock === null) return;
    const place = this.#readPlace();
    try {
      if (place !== null) this.#writePlace({ ...place, serving: false });
    } catch (error) {
      // On a full disk, ending it matters more.
      this.options.say(`${this.name} is ended, its address stays as it was: ${messageOf(error)}`);
    }
    await this.#keeper?.stop(hurry);
    this.#processes?.close();
    this.options.tidy?.();
    this.#lock.release();
    this.#lock = null;
  }

  /** Call with the lock held. `choose` gets the address that another program took meanwhile; null at first. */
  async #begin(choose: (taken: At | null) => Promise<At>): Promise<At> {
    const left = this.#file('-children.json');
    // Processes of a killed supervisor.
    await endLeftChildren(left);
    let at = await choose(null);
    const processes = openChildrenFile(left, this.options.say);
    this.#processes = processes;
    const children = inBoth(this.options.children, processes);
    const { name, onNews, onNotStarted } = this.options;
    for (let tried = 1; ; tried += 1) {
      this.#writePlace({ at, serving: false });
      const start = () => {
        this.#markDown(false);
        return this.options.start(at, children);
      };
      const markAndTell = (news: KeeperNews): void => {
        if (news.kind === 'stays-down') this.#markDown(true);
        onNews(news);
      };
      this.#keeper = new ProcessKeeper({ name, start, onNews: markAndTell });
      const failed = await this.#keeper.start().then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if (failed === null || onNotStarted !== undefined) {
        this.#writePlace({ at, serving: true });
        if (failed === null) return at;
        this.#markDown(!(failed.error instanceof StartRefused));
        onNotStarted?.(failed.error);
        return at;
      }
      if (tried === ADDRESSES_TRIED || !/address already in use/i.test(messageOf(failed.error)))
        throw failed.error;
      at = await choose(at);
    }
  }

  async #takeOverLater(at: At): Promise<void> {
    this.#lock = await waitForLock(this.#file('.lock'), this.#closing.signal);
    while (this.#lock !== null && !this.#closing.signal.aborted) {
      try {
        this.options.say(`${this.name} was another desk’s, which has ended: it is started again here`);
        await this.#begin(async () => at);
        if (this.#keeper?.status.state === 'running') this.options.say(`${this.name} runs again`);
        return;
      } catch (error) {
        this.options.say(`${this.name} could not be taken over: ${messageOf(error)}`);
        await sleep(TAKE_OVER_PAUSE_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  #markDown(isDown: boolean): void {
    try {
      const place = this.#readPlace();
      if (place !== null && (place.isDown ?? false) !== isDown) this.#writePlace({ ...place, isDown });
    } catch {
      // On a full disk, running it matters more than how long others wait for it.
    }
  }

  /** Also null if a power cut left the file empty: the server then starts at another address. */
  #readPlace(): Place<At> | null {
    try {
      return JSON.parse(readFileSync(this.#file('.json'), 'utf8')) as Place<At>;
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  #writePlace(place: Place<At>): void {
    const file = this.#file('.json');
    writeFileSync(`${file}.new`, JSON.stringify(place), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

/** The desk's next start ends processes on its own list; the next desk in line, those on the server's. */
function inBoth(desks: ChildrenFile, servers: ChildrenFile): ChildrenFile {
  return {
    add: async (...child) => {
      await Promise.all([desks.add(...child), servers.add(...child)]);
    },
    remove: (pid) => {
      desks.remove(pid);
      servers.remove(pid);
    },
    close: () => servers.close(),
  };
}
