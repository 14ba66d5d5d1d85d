/** Starts a desk step by step, and sums up what runs then. If it throws, the caller stops the processes again. */
import { existsSync } from 'node:fs';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { ordersLeave } from '../../desk/desk-venue.js';
import { nextNominalMs, runsOnMarketClock } from '../../desk/nominal-times.js';
import type { Desk } from '../../desk/schema.js';
import { headlineLine } from '../../domain/mode.js';
import { externalTemporal } from '../../home/external-temporal.js';
import { ensureBallast } from '../../home/free-space.js';
import { hasOwnPeople, namespaceIn } from '../../home/installation.js';
import { askSocket } from '../../home/local-socket.js';
import { checkPayloadCanary } from '../../home/payload-keys.js';
import { deskPaths, type HomePaths, type Runtime, secretFile } from '../../home/runtime.js';
import { localDashboard } from '../../home/started-desks.js';
import type { DeskPhase } from '../../home/supervisor-protocol.js';
import { type Patience, untilBack } from '../../home/try-again.js';
import { sealEarlierLinksOnce } from '../../store/people.js';
import { isServerAway, openPool } from '../../store/pool.js';
import { recordSettings } from '../../store/settings-changes.js';
import { createSignInLink, SIGN_IN_TOKEN_MINUTES } from '../../store/sign-in-means.js';
import { SIGN_IN_MS, type SignIn } from '../companion.js';
import type { DeskProcesses, ProcessesContext } from '../desk-processes.js';
import { prepareNamespace } from '../temporal/prepare-namespace.js';
import { resolveTemporal } from '../temporal/resolve-temporal.js';
import { TEMPORAL_NAMESPACE } from '../temporal/server-options.js';
import { addressesOf, databaseInUse } from '../temporal/start-temporal.js';
import { StartFailure, type UpOptions, type UpSummary } from '../up-options.js';
import {
  type DeskPorts,
  namespaceOf,
  runtimeFor,
  type ServingTemporal,
  writeRuntime,
} from './runtime-file.js';
import { migrateSchema, type PostgresPlace } from './start-stores.js';

const ASK_AGAIN_MS = 250;
/** A server that another desk was running is restarted within seconds. */
const BACK_WITHIN_MS = 60_000;
/** For a start that fails without the account: a person has time to sign in. */
const NEEDED_SIGN_IN_MS = 600_000;

/** What the supervisor says of itself when asked. */
export interface Phase {
  name: DeskPhase;
}

export async function startDesk(
  context: ProcessesContext,
  processes: DeskProcesses,
  ports: DeskPorts,
  phase: Phase,
): Promise<Runtime> {
  const { options, paths, ending } = context;
  checkPayloadCanary(paths.home);
  await ensureBallast(paths.ballast, paths.home);
  const signIn = await processes.startCompanion();
  const { postgres, temporal } = await startStores(context, processes);
  const runtime = runtimeFor(options, paths, ports, postgres, temporal);
  const runtimeFile = writeRuntime(paths, runtime);
  await recordDeskFile(context, runtime);
  if (signIn !== null) await waitForSignIn(context, signIn, phase);
  ending.asked.throwIfAborted();
  await options.mayTrade?.();
  await processes.startRoles(runtimeFile);
  return runtime;
}

/** Without its venue a desk still reports, and takes care of what it finds. */
async function waitForSignIn(context: ProcessesContext, signIn: SignIn, phase: Phase): Promise<void> {
  const { options, step, ending } = context;
  const { signInMs = SIGN_IN_MS } = options;
  if (await signIn.within(0, ending.asked)) return;
  const withinMs = (await needsAccount(context)) ? NEEDED_SIGN_IN_MS : signInMs;
  // Whoever waits for this start gives the person the same time.
  phase.name = 'signing in';
  step(`Waiting until ${signIn.name} is signed in …`);
  try {
    await signIn.within(withinMs, ending.asked);
  } finally {
    phase.name = 'starting';
  }
}

/** The pre-flight before real money reads it, and so does the first start of all, which counts from its cash on. */
async function needsAccount({ options: { loaded }, paths }: ProcessesContext): Promise<boolean> {
  const { desk } = loaded;
  if (desk.mode === 'live' || !ordersLeave(desk)) return desk.mode === 'live';
  const { accountIn } = await import('../../trader/accounts/paper-accounts.js');
  try {
    return accountIn(deskPaths(paths, desk.desk).journal) === null;
  } catch {
    // A damaged journal is the trader’s to report.
    return false;
  }
}

/** In parallel; if one fails, the other is still awaited, so nothing is half started when this rejects. */
async function startStores(
  context: ProcessesContext,
  processes: DeskProcesses,
): Promise<{ readonly postgres: PostgresPlace; readonly temporal: ServingTemporal }> {
  const { step, ending } = context;
  step('Starting Postgres and Temporal …');
  const [temporal, postgres] = await Promise.allSettled([
    beginTemporal(context, processes),
    beginPostgres(context, processes),
  ] as const);
  ending.asked.throwIfAborted();
  if (temporal.status === 'rejected') throw temporal.reason;
  if (postgres.status === 'rejected') throw postgres.reason;
  return { postgres: postgres.value, temporal: temporal.value };
}

async function beginPostgres(
  { paths, log, ending }: ProcessesContext,
  processes: DeskProcesses,
): Promise<PostgresPlace> {
  const place = await processes.startPostgres();
  const ran = await untilBack(() => migrateSchema(paths, place.port), patience(ending.asked, isServerAway));
  if (ran.length > 0) log.write('supervisor', 'info', `database schema: ${ran.join(', ')}`);
  return place;
}

/** Another desk's supervisor may have just ended the server, and the next in line is starting it again. */
const patience = (signal: AbortSignal, isAway: (error: unknown) => boolean): Patience => ({
  ...{ isAway, signal },
  ...{ withinMs: BACK_WITHIN_MS, everyMs: ASK_AGAIN_MS },
});

async function beginTemporal(context: ProcessesContext, processes: DeskProcesses): Promise<ServingTemporal> {
  const { options, ending, log, paths } = context;
  const env = options.env ?? process.env;
  const source = await resolveTemporal({
    env,
    signal: ending.asked,
    database: await databaseInUse(paths.servers.temporal),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  if (source.kind === 'binary') {
    log.write('supervisor', 'info', `Temporal server ${source.serverVersion} (${source.path})`);
    const at = await processes.startTemporal(source);
    await ownNamespace(addressesOf(at.network, at.ports).address, namespaceIn(paths.home), ending.asked);
    return { kind: 'managed', at };
  }
  const namespace = namespaceOf(env);
  const problem = await prepareNamespace(externalTemporal(env).options, namespace, false);
  if (problem === null) return source;
  throw new StartFailure(
    `the Temporal server at ${source.address} (FERMATA_TEMPORAL=external) can't be used with namespace ${namespace}: ${problem}`,
    'check that address, TEMPORAL_NAMESPACE and TEMPORAL_API_KEY, or FERMATA_TEMPORAL=managed, without them, for a server of our own',
  );
}

/** The server creates the first desk's namespace itself. */
async function ownNamespace(address: string, namespace: string, stopping: AbortSignal): Promise<void> {
  if (namespace === TEMPORAL_NAMESPACE) return;
  await untilBack(
    async () => {
      const problem = await prepareNamespace({ address }, namespace, false);
      if (problem !== null)
        throw new Error(`Temporal has no namespace ${namespace} for this desk: ${problem}`);
    },
    patience(stopping, () => true),
  );
}

/** Records the desk file that is in force from now on, before any role reads who its people are. */
async function recordDeskFile({ options, say }: ProcessesContext, runtime: Runtime): Promise<void> {
  const { desk, configHash, text: content } = { ...options.loaded, desk: runtime.desk };
  const pool = openPool(runtime, 'supervisor');
  try {
    const sealed = await sealEarlierLinksOnce(pool, runtime.home);
    if (sealed > 0) say(`Telegram links of before got the code of their maker: ${sealed}`);
    await recordSettings(pool, { desk, configHash, content, by: 'fermata up', reason: 'in force at start' });
  } finally {
    await pool.end();
  }
}

interface NextRoutine {
  readonly routine: string;
  readonly title: string;
  readonly atMs: number;
}

const STATUS_TIMEOUT_MS = 5_000;

const UNANSWERED = 'the trader has not answered yet';

/** The summary after a start. If the trader is busy, it has gaps instead of an error. */
export async function summarise(
  options: UpOptions,
  paths: HomePaths,
  runtime: Runtime,
  logFile: string,
): Promise<UpSummary> {
  const { desk } = options.loaded;
  const status = await readTrader(deskPaths(paths, desk.desk).controlSocket);
  const dashboard = localDashboard(runtime.web);
  const passwordFile = secretFile(paths.home, 'operatorPassword');
  return {
    desk: desk.desk,
    ...(desk.twinOf === undefined ? {} : { twinOf: desk.twinOf }),
    trading: desk.mode,
    prices: status?.marketData.label ?? 'not known yet',
    simulated: status?.marketData.simulated ?? false,
    account: status?.account ?? null,
    mode: status?.mode ?? 'HALTED',
    reason: status?.reason ?? UNANSWERED,
    headline: status === null ? `HALTED: ${UNANSWERED}` : headlineLine(status),
    dashboardUrl: dashboard,
    signInUrl: await createSignInLink(runtime, dashboard).catch(() => dashboard),
    publicUrl: runtime.web.publicUrl ?? null,
    signInMinutes: SIGN_IN_TOKEN_MINUTES,
    temporalUiUrl: `http://${runtime.web.host}:${runtime.temporalUiProxy.port}/`,
    metricsUrl: `${dashboard}metrics`,
    next: nextRoutines(desk, status?.marketData ?? null, Date.now()),
    logFile,
    ownPeople: hasOwnPeople(paths.home),
    passwordFile: existsSync(passwordFile) ? passwordFile : null,
  };
}

async function readTrader(socketPath: string): Promise<TraderStatus | null> {
  try {
    return (await askSocket(socketPath, 'status', {}, STATUS_TIMEOUT_MS)) as TraderStatus;
  } catch {
    return null;
  }
}

/** The next run of each routine, soonest first, by the clock that runs them. `market` null: not known yet. */
export function nextRoutines(
  desk: Pick<Desk, 'routines' | 'timezone'>,
  market: Pick<TraderStatus['marketData'], 'kind' | 'speed' | 'marketMs'> | null,
  wallMs: number,
): readonly NextRoutine[] {
  const nowMs = market !== null && runsOnMarketClock(market) ? market.marketMs : wallMs;
  return desk.routines
    .flatMap((routine) => {
      const atMs = nextNominalMs(routine, desk.timezone, nowMs);
      return atMs === null ? [] : [{ routine: routine.name, title: routine.title, atMs }];
    })
    .sort((left, right) => left.atMs - right.atMs);
}
