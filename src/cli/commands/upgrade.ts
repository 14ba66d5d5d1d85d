import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { FORMAT_VERSION } from '../../trader/journal/format.js';
import { CliFailure, usageFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { requireRunning } from '../running-desk.js';

interface Options {
  readonly check?: boolean;
  readonly build?: string;
  readonly json?: boolean;
}

export function upgradeCommand(command: Command): void {
  command
    .option('--check', 'replay the open runs of the desk that runs here against this build; changes nothing')
    .option('--build <folder>', 'a build other than this one: its folder with package.json and dist/')
    .option('--json', 'for scripts')
    .action(async ({ check = false, build, json = false }: Options) => {
      if (!check) {
        throw usageFailure(
          'an upgrade is made by starting the new build: fermata down, then fermata up of that build',
          'check first whether the open runs would go on: fermata upgrade --check',
        );
      }
      process.exitCode = await checkUpgrade(build ?? null, json);
    });
}

async function checkUpgrade(build: string | null, json: boolean): Promise<number> {
  const runtime = await requireRunning();
  const { bundleFile } = await import('../../worker/workflow-bundles.js');
  const { replayOpenRuns } = await import('../../worker/replay-open-runs.js');
  const { openTemporal } = await import('../../temporal/open-temporal.js');
  const { installRuntime } = await import('../../worker/install-runtime.js');
  const { roleLog } = await import('../../worker/role-log.js');
  const log = roleLog('upgrade');
  // A history that can't be replayed is reported below, in words.
  log.level = 'silent';
  await installRuntime(log);
  const read = (name: 'emergency' | 'operations'): string => {
    const file = build === null ? bundleFile(name) : resolve(build, 'dist', `workflows-${name}.js`);
    try {
      return readFileSync(file, 'utf8');
    } catch {
      throw new CliFailure(
        `there is no build at ${build ?? 'this place'}: dist/workflows-${name}.js is missing`,
        'nothing was changed',
        'build it first: npm ci in its folder',
      );
    }
  };
  const bundles = { emergency: read('emergency'), operations: read('operations') };
  const temporal = openTemporal(runtime);
  const runs = await replayOpenRuns(temporal, runtime.desk, bundles, runtime.home);
  const stuck = runs.filter(({ problem }) => problem !== null);
  if (json) printJson({ ok: stuck.length === 0, runs, journalFormat: FORMAT_VERSION });
  else {
    printLines(
      runs.map(({ workflowId, type, problem }) =>
        problem === null
          ? `goes on      ${type}  ${workflowId}`
          : `STANDS STILL ${type}  ${workflowId}: ${problem}`,
      ),
    );
    printLines([
      stuck.length === 0
        ? `All ${runs.length} open runs would go on with this build. Nothing was changed.`
        : `${stuck.length} of ${runs.length} open runs would stand still with this build. Nothing was changed. Let them end first, or take a build that has the missing patch.`,
    ]);
  }
  return stuck.length === 0 ? 0 : 1;
}
