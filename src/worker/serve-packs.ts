/**
 * Runs the process for playbooks in code if the desk has any, or if any of their runs is open; restarts it
 * when it dies.
 */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { packsQueue } from '../contracts/queues.js';
import { COMPILE_LATER, deskEnvironment } from '../desk/desk-environment.js';
import { backoffMs } from '../domain/backoff.js';
import { logOutput } from '../home/desk-in-process.js';
import { homePaths, type Runtime } from '../home/runtime.js';
import { endProcess, type ManagedProcess, spawnProcess } from '../supervisor/managed-process.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import type { PacksMessage } from './packs-worker.js';
import { POLL_MS } from './repeat.js';
import type { Logger } from './role-log.js';
import { openRunsByBuild, type UnservedBuild } from './serve-builds.js';

const PROGRAM = fileURLToPath(new URL('../../dist/run/packs-worker.js', import.meta.url));
/** Time for an orderly end: the process holds nothing that another worker couldn't take over. */
const STOP_MS = 5_000;
const AGAIN = { firstMs: 500, mostMs: 60_000 };
/**
 * A process that ends sooner was not healthy, even if it reported so: restarting it at once would waste the
 * machine's time.
 */
const WELL_MS = 60_000;
/** After this many in a row, it won't recover by itself. */
const TOLD_AFTER = 3;
/** It needs little memory; without these settings it would hold on to memory that it needed once. */
const SMALL_NURSERY = '--max-semi-space-size=1';
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };
/** Needed to reach Temporal and to open payloads; none of our other variables. */
const ENVIRONMENT = /^(PATH|LANG|TZ|HOME|TMPDIR|FERMATA_SECRETS|TEMPORAL_.*)$/;

interface PacksContext {
  readonly runtime: Runtime;
  readonly temporal: TemporalAccess;
  readonly log: Logger;
  /** Whether the desk has playbooks in code. */
  readonly hasCode: boolean;
  readonly tell: (unserved: UnservedBuild) => Promise<void>;
  /** Called once while the problem lasts. `how`: its last end. */
  readonly tellEnding: (how: string) => Promise<void>;
}

export interface Packs {
  /** Id of the running process; null if there is none. */
  pid(): number | null;
  stop(): Promise<void>;
}

export function servePacks(context: PacksContext): Packs {
  const { log } = context;
  const stopping = new AbortController();
  const { signal } = stopping;
  let child: ManagedProcess | null = null;
  const running = (async () => {
    let inARow = 0;
    const again = async (why: object, text: string): Promise<void> => {
      if (signal.aborted) return;
      inARow += 1;
      const inMs = backoffMs(inARow, AGAIN);
      log.warn({ ...why, inMs }, text);
      if (inARow === TOLD_AFTER)
        context
          .tellEnding(`${text}: ${JSON.stringify(why)}`)
          .catch((error: unknown) => log.warn({ error: String(error) }, 'nobody could be told of it'));
      await sleep(inMs, undefined, { signal }).catch(() => undefined);
    };
    while (!signal.aborted) {
      try {
        if (!context.hasCode) {
          if (!hasKept(context.runtime.home)) return;
          if (!(await hasOpenRuns(context))) {
            await sleep(POLL_MS.earlierBuilds, undefined, { signal }).catch(() => undefined);
            continue;
          }
        }
        child = await begin(context);
        const begunMs = performance.now();
        const exit = await Promise.race([child.exited, aborted(signal)]);
        if (performance.now() - begunMs >= WELL_MS) inARow = 0;
        if (exit !== null) await again(exit, 'the process of playbooks ended, and is begun again');
      } catch (error) {
        await again({ error: String(error) }, 'the process of playbooks could not be begun');
      } finally {
        if (child !== null) await endProcess(child, [{ signal: 'SIGTERM', waitMs: STOP_MS }]);
        child = null;
      }
    }
  })();
  return {
    pid: () => child?.pid ?? null,
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Whether the desk ever had playbooks in code. */
function hasKept(home: string): boolean {
  const { workflowBundles } = homePaths(home);
  return (
    existsSync(workflowBundles) && readdirSync(workflowBundles).some((name) => name.startsWith('packs-'))
  );
}

/**
 * For a desk whose playbooks were removed: open runs end under the code they began with. If Temporal doesn't
 * answer, the next poll decides.
 */
async function hasOpenRuns({ temporal, runtime, log }: PacksContext): Promise<boolean> {
  try {
    return (await openRunsByBuild(temporal, packsQueue(runtime.desk))).size > 0;
  } catch (error) {
    log.warn({ error: String(error) }, 'runs of playbooks could not be looked for');
    return false;
  }
}

function begin({ runtime, log, tell }: PacksContext): Promise<ManagedProcess> {
  const environment = Object.entries(deskEnvironment()).filter(([name]) => ENVIRONMENT.test(name));
  return spawnProcess({
    name: 'packs-worker',
    command: process.execPath,
    args: [SMALL_NURSERY, ...COMPILE_LATER, PROGRAM],
    env: { ...Object.fromEntries(environment), ...ONE_ARENA, FERMATA_PACKS_RUNTIME: JSON.stringify(runtime) },
    // It writes JSON lines like ours, so they are passed on as ours.
    output: { to: 'lines', onLine: (line) => (logOutput() ?? process.stdout).write(`${line}\n`) },
    onMessage: (raw) => {
      const message = raw as PacksMessage;
      if (message.type === 'unserved') {
        tell(message.unserved).catch((error: unknown) =>
          log.warn({ error: String(error) }, 'nobody could be told of playbooks that wait'),
        );
        return;
      }
      log.info({ playbooks: message.playbooks }, 'playbooks in code run');
    },
  });
}

const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
