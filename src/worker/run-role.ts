/**
 * The program of every process of a desk: `node dist/run/run-role.js <role>`, with the runtime file's path in
 * FERMATA_RUNTIME or, in its own container, with everything in its environment. Tells its parent when it is ready,
 * stops on SIGTERM. Roles are loaded on demand, so that the trader never loads Temporal.
 */
import { readFileSync } from 'node:fs';
import { messageOf } from '../domain/message-of.js';
import { nameDeskInCommands, startNameOf } from '../home/desk-in-process.js';
import { sharesServers } from '../home/installation.js';
import { mapStacks } from '../home/mapped-stacks.js';
import type { Role, Runtime } from '../home/runtime.js';
import { runtimeFromEnvironment } from '../home/runtime-from-environment.js';
import { SHARING, sharedSocket } from '../home/shared-process.js';
import { FURTHER_WORKERS } from '../supervisor/roles.js';
import type { LivingRole } from './role-life.js';
import { isSeparate, runSeparately } from './run-separately.js';

const KEEP_ALIVE_MS = 60_000;

const ROLES: Readonly<Record<string, (runtime: Runtime) => Promise<Role>>> = {
  trader: async (runtime) => (await import('../trader/start.js')).startTrader(runtime),
  'engine-worker': async (runtime) => (await import('./engine-worker.js')).startEngineWorker(runtime),
  'operations-worker': async (runtime) =>
    (await import('./operations-worker.js')).startOperationsWorker(runtime),
  ...Object.fromEntries(FURTHER_WORKERS.map((name) => [name, furtherWorker(name)])),
  web: async (runtime) => (await import('./web-process.js')).startWebProcess(runtime),
  telegram: async (runtime) => (await import('./channels.js')).startChannels(runtime),
  ledger: async (runtime) => (await import('../ledger/start-ledger.js')).startLedger(runtime),
  auditor: async (runtime) => (await import('../auditor/start-auditor.js')).startAuditor(runtime),
};

/** The other roles need no variables about Temporal. */
const REACH_TEMPORAL: readonly string[] = [
  'engine-worker',
  'operations-worker',
  ...FURTHER_WORKERS,
  'web',
  'telegram',
];

function furtherWorker(name: string): (runtime: Runtime) => Promise<Role> {
  return async (runtime) => (await import('./operations-worker.js')).startOperationsWorker(runtime, name);
}

function readRuntime(role: string): Runtime {
  const path = process.env.FERMATA_RUNTIME;
  if (!path) return runtimeFromEnvironment(process.env, REACH_TEMPORAL.includes(role));
  const runtime = JSON.parse(readFileSync(path, 'utf8')) as Runtime;
  if (runtime.version !== 1) throw new Error(`${path}: expected version 1, found ${String(runtime.version)}`);
  return runtime;
}

/** Resolves when the message is written: an exit right after sending would lose it. */
function tell(message: { type: string; message?: string; again?: true }): Promise<void> {
  return new Promise((resolve) => {
    if (process.send && process.connected) process.send(message, () => resolve());
    else resolve();
  });
}

/** Anybody can read pages of the web server, so no path of this machine is named there. */
function startOf(runtime: Runtime, role: string): string | null {
  const start = startNameOf(runtime);
  return role === 'web' && start?.includes('/') ? runtime.desk : start;
}

async function runRole(name: string): Promise<void> {
  // SIGINT goes to the whole terminal; only the supervisor decides when a role ends.
  process.on('SIGINT', () => undefined);
  let terminate = (): void => undefined;
  const terminated = new Promise<void>((resolve) => {
    terminate = resolve;
  });
  process.once('SIGTERM', () => terminate());
  const start = ROLES[name];
  if (!start) throw new Error(`there is no role "${name}" (there are: ${Object.keys(ROLES).join(', ')})`);
  const runtime = readRuntime(name);
  nameDeskInCommands(
    () => (sharesServers(runtime.home) ? runtime.desk : null),
    () => startOf(runtime, name),
  );
  const life = isSeparate() ? runSeparately(name, runtime) : null;
  const shared = await shareWithOthers(name, runtime, start, terminated);
  try {
    await shared.asThisDesk(() => live(() => start(runtime), terminated, life));
  } catch (error) {
    life?.die(messageOf(error));
    throw error;
  }
  await shared.ended;
  life?.end();
  process.exit(0);
}

interface Shared {
  /** This process's own desk is one of several. */
  readonly asThisDesk: <T>(work: () => T) => T;
  /** Resolves when the other desks' roles have ended. */
  readonly ended: Promise<void>;
}

/** Hosts the roles of other desks if the supervisor says so. */
async function shareWithOthers(
  name: string,
  { home }: Runtime,
  start: (runtime: Runtime) => Promise<Role>,
  terminated: Promise<void>,
): Promise<Shared> {
  const sharing = process.env[SHARING];
  if (!sharing) return { asThisDesk: (work) => work(), ended: Promise.resolve() };
  const { separateDesks, shareProcess } = await import('./share-process.js');
  const asThisDesk = separateDesks(home);
  const takeIn = async (): Promise<void> => {
    const shared = await shareProcess(sharedSocket(home, name), sharing, start);
    await tell({ type: 'shares' });
    await terminated;
    await shared.close();
  };
  const ended = takeIn().catch((error: unknown) => {
    console.error(`this process takes in no role of another desk: ${messageOf(error)}`);
  });
  return { asThisDesk, ended };
}

/** Resolves when the role was told to end, and has ended. */
async function live(
  start: () => Promise<Role>,
  terminated: Promise<void>,
  life: LivingRole | null,
): Promise<void> {
  const starting = start();
  // A role runs until it is told to end, even if it has nothing to do.
  setInterval(() => undefined, KEEP_ALIVE_MS);
  const role = await Promise.race([starting, terminated]);
  // Asked to stop before it was ready: there is nothing to finish, and what it waits for may never come.
  if (!role) return;
  life?.ready();
  await tell({ type: 'ready' });
  await terminated;
  await role.stop();
}

mapStacks();
runRole(process.argv[2] ?? '').catch(async (error: unknown) => {
  const message = messageOf(error);
  console.error(error);
  // Prices are away, as a venue or a line may be for hours; positions may wait for this process.
  const isAway = error instanceof Error && error.name === 'FeedUnavailable';
  await tell({ type: 'failed', message, ...(isAway ? { again: true } : {}) });
  process.exit(1);
});
