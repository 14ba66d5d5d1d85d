/** Another build: deployments, and whether open runs fit one. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { INSTALLATION } from '../../checks/npm.js';
import { isContainer } from '../../desk/desk-environment.js';
import { isBuildId } from '../../domain/build.js';
import { OPERATOR } from '../../domain/people-roles.js';
import { readBuild, testedBuilds } from '../../home/builds.js';
import { FORMAT_VERSION } from '../../trader/journal/format.js';
import { outcomeLines, reasonText, runLines, withRun } from '../act-on-desk.js';
import { actingPerson } from '../desk-person.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { collected } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { prepareBuild } from '../prepare-build.js';
import { requireRunning, withOperations } from '../running-desk.js';

interface Options {
  readonly from?: string;
  readonly ref?: string;
  readonly update?: readonly string[];
  readonly build?: string;
  readonly reason: string;
  readonly as?: string;
  readonly json?: boolean;
}

export function deployCommand(command: Command): void {
  command
    .option('--from <folder>', 'git checkout to build; by default that of this command')
    .option('--ref <ref>', 'branch, tag or commit there (default: HEAD)')
    .option(
      '--update <package>',
      'update this package: NAME or NAME@VERSION; repeat for more',
      collected((name: string) => name),
    )
    .option('--build <id>', 'a build made and tested before, instead of a new one')
    .requiredOption('--reason <text>', 'why; people see it with the question', reasonText)
    .option('--as <person>', 'who asks for it: the signed-in person')
    .option('--json', 'for scripts')
    .action(async (options: Options) => {
      process.exitCode = await deploy(options);
    });
}

/** Exit code 0 once people have been asked, or if there is nothing to update. */
async function deploy({ reason, as, json = false, ...source }: Options): Promise<number> {
  const runtime = await requireRunning();
  if (isContainer(process.env))
    throw new CliFailure(
      'in containers the image is the build',
      'nothing was changed',
      'follow "Upgrade" in docs/DEPLOY.md',
    );
  const caller = { person: actingPerson(runtime, OPERATOR, as), via: 'cli' } as const;
  const build = await chosenBuild(runtime.home, source);
  if (build === null) {
    if (json) printJson({ ok: true, build: null });
    else printLines(['✓ nothing to update: each of them is the newest']);
    return EXIT_OK;
  }
  const outcome = await withOperations((operations) => operations.deployBuild(caller, { build, reason }));
  if (json) printJson({ ...withRun(outcome), build });
  else if (outcome.ok)
    printLines([
      `✓ ${outcome.detail}`,
      '  do this:   fermata approvals',
      ...runLines(outcome),
      ...outcome.problems,
    ]);
  else printLines(outcomeLines('deployment', outcome));
  return outcome.ok ? EXIT_OK : EXIT_FAILED;
}

async function chosenBuild(
  home: string,
  { from, ref, update = [], build }: Pick<Options, 'from' | 'ref' | 'update' | 'build'>,
): Promise<string | null> {
  if (build !== undefined) {
    if (from !== undefined || ref !== undefined || update.length > 0)
      throw usageFailure('--build is given beside what a build is made of', 'give one of the two');
    if (!isBuildId(build) || readBuild(home, build) === null) {
      const tested = await testedBuilds(home);
      throw usageFailure(
        `there is no tested build ${build}`,
        tested.length === 0
          ? 'none was made here yet: without --build, one is made and tested'
          : `name one of: ${tested.toReversed().join(', ')}`,
      );
    }
    return build;
  }
  const say = (what: string): void => void process.stderr.write(`… ${what}\n`);
  const source = { from: from ?? INSTALLATION, ref: ref ?? 'HEAD', updates: update };
  return (await prepareBuild(home, source, say))?.id ?? null;
}

interface UpgradeOptions {
  readonly check?: boolean;
  readonly build?: string;
  readonly json?: boolean;
}

export function upgradeCommand(command: Command): void {
  command
    .option('--check', 'replay the open runs of the desk that runs here against this build; changes nothing')
    .option('--build <folder>', 'a build other than this one: its folder with package.json and dist/')
    .option('--json', 'for scripts')
    .action(async ({ check = false, build, json = false }: UpgradeOptions) => {
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
