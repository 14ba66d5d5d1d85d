/**
 * Ends a Temporal server that runs and serves nothing, so its keeper starts it again. Its database driver can
 * cause this: a call that is given up at the wrong moment, as on a suspended or overloaded machine, leaves
 * the server's one connection interrupted for good ("interrupted (9)"), and every later call fails.
 */
import { lasted } from '../../domain/figure-text.js';
import { addressForSdk, connectionClass } from '../../home/temporal-connection.js';
import type { ManagedProcess } from '../managed-process.js';

export interface WatchTimes {
  readonly everyMs: number;
  /** A server whose database answers only with errors is ended after this. */
  readonly failingMs: number;
  /** A silent server may only be slow. */
  readonly silentMs: number;
}

const TIMES: WatchTimes = { everyMs: 15_000, failingMs: 60_000, silentMs: 600_000 };
const ANSWER_WITHIN_MS = 10_000;
/** A longer gap between two checks: we stood still ourselves, and that time says nothing about the server. */
const OWN_GAP_MS_MAX = 2 * ANSWER_WITHIN_MS;
/** The server's words for each failed call to its database. */
const DATABASE_FAILS = /operation failed/i;

type Answer = { readonly kind: 'fine' } | { readonly kind: 'silent' | 'failing'; readonly why: string };

/** Runs until the server ends. `onUseless`: called with the reason why it is about to be ended. */
export async function watchServer(
  server: ManagedProcess,
  address: string,
  namespace: string,
  onUseless: (why: string) => void,
  times: WatchTimes = TIMES,
): Promise<void> {
  const { everyMs, failingMs, silentMs } = times;
  const sinceMs = { silent: Number.NaN, failing: Number.NaN };
  let lookedMs = performance.now();
  while (await stillRuns(server, everyMs)) {
    const answer = await look(address, namespace);
    const nowMs = performance.now();
    const stoodStill = nowMs - lookedMs > everyMs + OWN_GAP_MS_MAX;
    lookedMs = nowMs;
    const { kind } = answer;
    if (kind === 'fine' || stoodStill) sinceMs.silent = sinceMs.failing = Number.NaN;
    if (kind === 'fine') continue;
    // A silence among errors, or an error during a silence, resets neither.
    if (Number.isNaN(sinceMs[kind])) sinceMs[kind] = nowMs;
    const forMs = { silent: nowMs - sinceMs.silent, failing: nowMs - sinceMs.failing };
    const isUseless = kind === 'failing' ? forMs.failing >= failingMs : forMs.silent >= silentMs;
    if (!isUseless || !server.alive()) continue;
    onUseless(`it had served nothing for ${lasted(forMs[kind])} (${answer.why})`);
    server.signal('SIGKILL');
  }
}

async function stillRuns(server: ManagedProcess, forMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), forMs).unref();
  });
  const runs = await Promise.race([passed, server.exited.then(() => false)]);
  clearTimeout(timer);
  return runs;
}

async function look(address: string, namespace: string): Promise<Answer> {
  try {
    const connection = await connectionClass(address).connect({
      address: addressForSdk(address),
      connectTimeout: ANSWER_WITHIN_MS,
      // No interceptor that retries: the first answer counts.
      interceptors: [],
    });
    try {
      await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      return { kind: 'fine' };
    } finally {
      await connection.close().catch(() => undefined);
    }
  } catch (error) {
    const { details } = error as { details?: string };
    return details !== undefined && DATABASE_FAILS.test(details)
      ? { kind: 'failing', why: details }
      : { kind: 'silent', why: `no answer within ${ANSWER_WITHIN_MS / 1000} s` };
  }
}
