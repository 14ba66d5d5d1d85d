/**
 * The program of the single process that runs playbooks in code: `node dist/run/packs-worker.js`, started by the
 * operations worker with the runtime in FERMATA_PACKS_RUNTIME. It has no activities and reaches neither trader nor
 * Postgres. It ends with its parent.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { mapStacks } from '../home/mapped-stacks.js';
import type { Runtime } from '../home/runtime.js';
import { bundlePlaybooks, readPlaybooks } from '../pack/playbook/read-playbooks.js';
import { openTemporal } from '../temporal/open-temporal.js';
import { installRuntime } from './install-runtime.js';
import { UNHEARD } from './reconcile/ended-runs.js';
import { roleLog } from './role-log.js';
import { serveBuilds, type UnservedBuild } from './serve-builds.js';
import { bundleFile } from './workflow-bundles.js';

export type PacksMessage =
  | { readonly type: 'ready'; readonly playbooks: readonly string[] }
  | { readonly type: 'unserved'; readonly unserved: UnservedBuild };

const say = (message: PacksMessage): void => {
  process.send?.(message);
};

mapStacks();
const log = roleLog('packs-worker');
const runtime = JSON.parse(process.env.FERMATA_PACKS_RUNTIME ?? '') as Runtime;
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(0));
// The parent may have died while this was loading.
if (!process.connected) process.exit(0);

await installRuntime(log);
// From the folder of the desk file it was started with: drafts are not read.
const { playbooks, refused } = readPlaybooks(dirname(resolve(runtime.deskFile)));
if (refused !== null) log.error({ problems: refused.problems }, 'playbooks that can’t be used are left out');
const temporal = openTemporal(runtime);
const serving = serveBuilds({
  ...{ runtime, temporal, log },
  desk: runtime.desk,
  of: 'packs',
  code: bundlePlaybooks(readFileSync(bundleFile('packs'), 'utf8'), playbooks),
  activities: {},
  sinks: UNHEARD,
  tell: async (unserved) => say({ type: 'unserved', unserved }),
});
process.once('SIGTERM', async () => {
  await serving.stop();
  await temporal.close();
  process.exit(0);
});
await serving.ready;
say({ type: 'ready', playbooks: playbooks.map(({ name }) => name) });
