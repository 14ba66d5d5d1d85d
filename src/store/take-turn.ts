/**
 * Of several processes that could do the same job for a desk, one does. It holds an advisory lock of
 * Postgres, which ends with its connection, however the process ends; no clock decides.
 *
 * The job is held back only while another process is known to hold the lock. A process that can't ask
 * Postgres does it: a desk must be watched just when its database is away. What two do at the same time has
 * one key, and counts once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import type { Runtime } from '../home/runtime.js';
import { openPool, type Pool, type PoolClient } from './pool.js';

const LOOK_EVERY_MS = 1_000;
/**
 * The server drops a connection whose machine is gone (10 s of silence, then three probes 5 s apart), and one
 * whose process hangs, since a working process sends a query each second. The desk's pulse doesn't show a
 * hanging process while another keeps it going.
 */
const SESSION = `select set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false),
  set_config('idle_session_timeout', '15s', false)`;

export interface Turn {
  /** Waits until the job has ended; only then may another process begin it. */
  stop(): Promise<void>;
}

interface Work {
  stop(): Promise<unknown>;
}

interface TurnLog {
  info(text: string): void;
  warn(text: string): void;
}

/** `begin` is called at each turn of this process, so nothing is remembered from an earlier turn. */
export function takeTurn(
  runtime: Pick<Runtime, 'home' | 'postgres' | 'desk'>,
  what: 'watch' | 'ledger',
  log: TurnLog,
  begin: () => Work,
): Turn {
  const lock = new TurnLock(openPool(runtime, `${what}-turn`), `turn:${what}:${runtime.desk}`);
  const stopping = new AbortController();
  const now: { work: Work | null; said: string | null; fault: string | null } = {
    work: null,
    said: null,
    fault: null,
  };
  const say = (level: 'info' | 'warn', text: string): void => {
    if (text !== now.said) log[level](`${what}: ${text}`);
    now.said = text;
  };
  const look = async (): Promise<void> => {
    let isOthers = false;
    try {
      isOthers = !(await lock.isOurs());
      if (isOthers) say('info', 'another process of this desk does it; this one waits for its turn');
      else say('info', 'this process does it');
    } catch (error) {
      say('warn', `whose turn it is could not be asked: ${messageOf(error)}; this process does it meanwhile`);
    }
    if (stopping.signal.aborted) return;
    try {
      if (!isOthers) now.work ??= begin();
      else {
        await now.work?.stop();
        now.work = null;
      }
      now.fault = null;
    } catch (error) {
      const fault = `it could not ${isOthers ? 'end' : 'begin'}: ${messageOf(error)}; this is tried again`;
      if (fault !== now.fault) log.warn(`${what}: ${fault}`);
      now.fault = fault;
    }
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    try {
      await now.work?.stop();
    } finally {
      await lock.end();
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

class TurnLock {
  #session: PoolClient | null = null;
  #isHeld = false;

  constructor(
    private readonly pool: Pool,
    private readonly name: string,
  ) {}

  /** Asks the server each time: a session that was cut off no longer holds the lock. Rejects if it can't be asked. */
  async isOurs(): Promise<boolean> {
    const session = this.#session ?? (await this.#open());
    try {
      if (this.#isHeld) await session.query('select 1');
      else this.#isHeld = await locked(session, this.name);
      return this.#isHeld;
    } catch (error) {
      this.#drop(session);
      throw error;
    }
  }

  async #open(): Promise<PoolClient> {
    const session = await this.pool.connect();
    session.on('error', () => this.#drop(session));
    try {
      await session.query(SESSION);
    } catch (error) {
      session.release(true);
      throw error;
    }
    this.#session = session;
    return session;
  }

  /** Closes the connection, which releases the lock. */
  #drop(session: PoolClient): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#isHeld = false;
    session.release(true);
  }

  async end(): Promise<void> {
    if (this.#session !== null) this.#drop(this.#session);
    await this.pool.end();
  }
}

async function locked(session: PoolClient, name: string): Promise<boolean> {
  const { rows } = await session.query<{ held: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
    [name],
  );
  return rows[0]?.held === true;
}
