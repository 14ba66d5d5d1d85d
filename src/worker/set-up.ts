/**
 * Does what `fermata up` does before its roles start, for roles that are started one by one: `secrets`
 * creates missing secret files, `stores` migrates Postgres and Temporal to this version, `preflight` checks
 * whether a desk may start with real money.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { stepPartsIn } from '../checks/registry.js';
import { secretVariable } from '../desk/desk-environment.js';
import { folderNotice } from '../desk/resolve-desk.js';
import { dealOutSecrets } from '../home/container-secrets.js';
import { checkPayloadCanary } from '../home/payload-keys.js';
import { takeInPeople } from '../home/people-folder.js';
import { readRestoreMark } from '../home/restore-mark.js';
import { deskFolderOf, type Runtime } from '../home/runtime.js';
import { runtimeFromEnvironment } from '../home/runtime-from-environment.js';
import { ensureSecrets, makeSecret, readSecret } from '../home/secrets.js';
import { preflightAtStart } from '../operations/go-live/preflight.js';
import { migrate } from '../store/migrate.js';
import { sealEarlierLinksOnce } from '../store/people.js';
import { openPool } from '../store/pool.js';
import { recordSettings } from '../store/settings-changes.js';
import { POSTGRES_OWNER } from '../supervisor/start/start-stores.js';
import { prepareNamespace } from '../supervisor/temporal/prepare-namespace.js';
import { connectOptions } from '../temporal/open-temporal.js';
import { loadDesk } from '../venue/load-desk.js';
import { roleLog } from './role-log.js';

/** A server that has just started may still refuse; Temporal shows a new namespace only after some seconds. */
const ATTEMPTS_MAX = 30;
const PAUSE_MS = 2_000;

const log = roleLog('set-up');

async function setUpStores(runtime: Runtime): Promise<void> {
  refuseHalfRestored(runtime.home);
  checkPayloadCanary(runtime.home);
  const { host, port, database } = runtime.postgres;
  const password = readSecret(runtime.home, 'postgresPassword');
  const owner = { host, port, user: POSTGRES_OWNER, password };
  const ran = await patiently('Postgres', () =>
    migrate(owner, database, readSecret(runtime.home, 'postgresAppPassword')),
  );
  log.info({ ran }, 'the schema of Postgres is current');
  await patiently('Temporal', async () => {
    const problem = await prepareNamespace(connectOptions(runtime), runtime.temporal.namespace, false);
    if (problem !== null) throw new Error(problem);
  });
  log.info({ namespace: runtime.temporal.namespace }, 'the namespace and its search attributes are there');
  await recordDeskFile(runtime);
}

/** Roles start only once this has succeeded, so that none begins with half of a backup. */
function refuseHalfRestored(home: string): void {
  const mark = readRestoreMark(home);
  if (mark === null) return;
  throw new Error(
    `the restore of backup ${mark.backupId} was cut off while it put things in their places; nothing was started. ` +
      `Let it come to its end first: docker-compose run --rm restore ${mark.backupId} --confirm ${mark.desk}`,
  );
}

async function recordDeskFile(runtime: Runtime): Promise<void> {
  const { desk, deskFile, configHash } = runtime;
  const pool = openPool(runtime, 'set-up');
  try {
    const { text: content } = loadDesk(deskFile, { parts: stepPartsIn(deskFolderOf(runtime)) });
    const sealed = await sealEarlierLinksOnce(pool, runtime.home);
    if (sealed > 0) log.info({ sealed }, 'Telegram links of before got the code of their maker');
    await recordSettings(pool, { desk, configHash, content, by: 'set-up', reason: 'in force at start' });
  } finally {
    await pool.end();
  }
}

async function patiently<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= ATTEMPTS_MAX) throw error;
      log.warn({ error: String(error) }, `${what} is not ready yet`);
      await sleep(PAUSE_MS);
    }
  }
}

async function setUpSecrets(env: NodeJS.ProcessEnv): Promise<void> {
  const home = env.FERMATA_HOME ?? '';
  const made = await ensureSecrets(home, secretVariable(env, 'DASHBOARD_PASSWORD') ?? undefined);
  if (made.unusedPassword !== undefined) log.warn(made.unusedPassword);
  makeSecret(home, 'temporalPostgresPassword');
  // From here on nobody else can write here.
  makeSecret(home, 'dataKey');
  if (env.FERMATA_SECRETS_OF) dealOutSecrets(home, env.FERMATA_SECRETS_OF);
  if (env.FERMATA_HOME_BEFORE) takeInPeople(env.FERMATA_HOME_BEFORE, home);
}

/** A failed check prevents the start; people are notified of a warning once the bot runs. */
async function lookBeforeStart(runtime: Runtime): Promise<void> {
  const { home, deskFile } = runtime;
  const place = { home, env: process.env, simulatedVenue: undefined, nowMs: Date.now };
  const { failures, warnings } = await preflightAtStart(
    loadDesk(deskFile, { parts: stepPartsIn(deskFolderOf(runtime)) }),
    place,
  );
  const notice = folderNotice(deskFile);
  for (const warning of notice === null ? warnings : [notice, ...warnings]) log.warn(warning);
  for (const failure of failures) log.error(failure);
  if (failures.length > 0)
    throw new Error(`desk ${runtime.desk} does not start with real money: ${failures.join('; ')}`);
}

async function setUp(what: string | undefined): Promise<void> {
  const { env } = process;
  if (what === 'secrets') await setUpSecrets(env);
  else if (what === 'stores') await setUpStores(runtimeFromEnvironment(env));
  else if (what === 'preflight') await lookBeforeStart(runtimeFromEnvironment(env, false));
  else throw new Error('expected: set-up.js secrets, set-up.js stores, or set-up.js preflight');
}

setUp(process.argv[2]).then(
  () => process.exit(0),
  (error: unknown) => {
    log.error({ error: String(error) }, 'setting up failed: nothing else is started');
    process.exit(1);
  },
);
