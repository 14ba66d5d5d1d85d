/** Brings a desk up step by step. Whoever calls it stops the processes again where it throws. */
import { externalTemporal } from '../../home/external-temporal.js';
import { checkPayloadCanary } from '../../home/payload-canary.js';
import type { Runtime } from '../../home/runtime.js';
import { openPool } from '../../store/pool.js';
import { recordSettings } from '../../store/settings-version.js';
import { ensureBallast } from '../ballast.js';
import type { DeskProcesses, ProcessesContext } from '../desk-processes.js';
import { chooseNetwork } from '../temporal/own-network.js';
import { prepareNamespace } from '../temporal/prepare-namespace.js';
import { resolveTemporal, type TemporalSource } from '../temporal/resolve-temporal.js';
import type { DeskPorts } from './ports.js';
import { namespaceOf, runtimeFor, writeRuntime } from './runtime-file.js';
import { sealEarlierLinksOnce } from './seal-earlier-links.js';
import { StartFailure } from './start-failure.js';
import { migrateSchema, type StoreContext } from './start-stores.js';

export async function startDesk(
  context: ProcessesContext,
  processes: DeskProcesses,
  ports: DeskPorts,
): Promise<Runtime> {
  const { options, paths, children, say } = context;
  checkPayloadCanary(paths.home);
  await ensureBallast(paths.ballast, paths.home);
  const network = await chooseNetwork(paths.sockets);
  const stores: StoreContext = { paths, ports, network, children, onLine: say };
  const temporal = await startStores(context, processes, stores);
  const runtime = runtimeFor(options, paths, stores, temporal);
  const runtimeFile = writeRuntime(paths, runtime);
  await recordDeskFile(context, runtime);
  await processes.startRoles(runtimeFile);
  return runtime;
}

/** Side by side; where one fails, the other is waited for, so that nothing is half started when this rejects. */
async function startStores(
  context: ProcessesContext,
  processes: DeskProcesses,
  stores: StoreContext,
): Promise<TemporalSource> {
  const { paths, log, step, ending } = context;
  step('Starting Postgres and Temporal …');
  const postgres = processes.startPostgres(stores).then(async () => {
    const ran = await migrateSchema(paths, stores.ports.postgres);
    if (ran.length > 0) log.write('supervisor', 'info', `database schema: ${ran.join(', ')}`);
  });
  const results = await Promise.allSettled([beginTemporal(context, processes, stores), postgres] as const);
  ending.asked.throwIfAborted();
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const [temporal] = results;
  if (temporal.status === 'rejected') throw temporal.reason;
  return temporal.value;
}

async function beginTemporal(
  context: ProcessesContext,
  processes: DeskProcesses,
  stores: StoreContext,
): Promise<TemporalSource> {
  const { options, ending, log } = context;
  const env = options.env ?? process.env;
  const source = await resolveTemporal({
    env,
    signal: ending.asked,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  if (source.kind === 'binary') {
    log.write('supervisor', 'info', `Temporal server ${source.serverVersion} (${source.path})`);
    await processes.startTemporal(stores, source);
    return source;
  }
  const namespace = namespaceOf(env);
  const problem = await prepareNamespace(externalTemporal(env).options, namespace, false);
  if (problem === null) return source;
  throw new StartFailure(
    `the Temporal server at ${source.address} (FERMATA_TEMPORAL=external) can't be used with namespace ${namespace}: ${problem}`,
    'check that address, TEMPORAL_NAMESPACE and TEMPORAL_API_KEY, or FERMATA_TEMPORAL=managed, without them, for a server of our own',
  );
}

/** Which desk file was in force from when on; before any role reads who is who. */
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
