/** The activities of a deployment. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BuildExamined, DeployActivities } from '../../contracts/deploy.js';
import { deskEnvironment, plainEnvironment } from '../../desk/desk-environment.js';
import type { PreparedBuild } from '../../domain/build.js';
import { messageOf } from '../../domain/message-of.js';
import { buildEntry, buildFolder, readBuild } from '../../home/builds.js';
import { installationOf } from '../../home/runtime.js';
import { FORMAT_VERSION } from '../../trader/journal/format.js';
import { acrossWorkers, withHeartbeat } from '../worker-ends.js';

interface DeployDependencies {
  /** FERMATA_HOME of the desk. */
  readonly home: string;
  /** `ending`: aborted when this worker ends, along with the rest of the desk. Rejects then, and if nobody answers. */
  readonly switchBuild: (
    asked: Parameters<DeployActivities['switchBuild']>[0],
    ending: AbortSignal,
  ) => ReturnType<DeployActivities['switchBuild']>;
}

const execFileAsync = promisify(execFile);

const EXAMINE_MS = 300_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const NAMED_MAX = 5;
/** Longest text of a build, in characters: it goes into the run's history. */
const SAID_MAX = 500;
const GIT_MS = 60_000;
/** Variables that name the installation's folders and give access to its Temporal. */
const OF_THIS_PLACE = /^(FERMATA_SECRETS|XDG_RUNTIME_DIR|TEMPORAL_.*)$/;

export function createDeployActivities({ home, switchBuild }: DeployDependencies): DeployActivities {
  return {
    examineBuild: ({ desk, build }) =>
      withHeartbeat(async (_say, signal) => {
        const prepared = readBuild(home, build);
        if (prepared === null)
          return { build: null, problem: `there is no tested build ${build} here`, observed: '' };
        return { build: prepared, ...(await examine(home, desk, prepared, signal)) };
      }),
    switchBuild: (asked) => acrossWorkers((ending) => switchBuild(asked, ending)),
  };
}

/** The output of the build's own `fermata upgrade --check --json`. */
interface Checked {
  readonly runs?: readonly { readonly workflowId: string; readonly problem: string | null }[];
  readonly journalFormat?: number;
  readonly error?: { readonly message: string };
}

async function examine(
  home: string,
  desk: string,
  { id, commit }: PreparedBuild,
  signal: AbortSignal,
): Promise<Omit<BuildExamined, 'build'>> {
  const failed = (problem: string) => ({ problem, observed: '' });
  const changed = await changedSince(buildFolder(home, id), commit, signal);
  if (changed !== null)
    return failed(`build ${id} is no longer what was tested: ${changed}; make it again: fermata deploy`);
  const { runs, journalFormat, error } = await checkedBy(home, desk, id, signal);
  if (!Array.isArray(runs))
    return failed(
      `build ${id} does not say whether runs would go on: ${error?.message?.slice(0, SAID_MAX) ?? 'no answer'}`,
    );
  const stuck = runs.filter(({ problem }) => problem !== null);
  if (stuck.length > 0) {
    const named = stuck
      .slice(0, NAMED_MAX)
      .map(({ workflowId, problem }) => `${workflowId}: ${problem}`.slice(0, SAID_MAX));
    return failed(`${stuck.length} of ${runs.length} open runs would stand still: ${named.join('; ')}`);
  }
  // If an older build can't read the new journal, the only way back is a restore, which needs a person.
  if (journalFormat !== FORMAT_VERSION)
    return failed(
      `build ${id} writes the journal in format ${journalFormat}, this one in ${FORMAT_VERSION}: there is no way back but a restore; do it by hand, docs/UPGRADE.md`,
    );
  return {
    problem: null,
    observed: `tests passed, ${runs.length} open runs would go on, same journal format`,
  };
}

/**
 * Null if the folder still holds exactly this commit: people agree to a commit, and somebody may have changed the
 * folder since.
 */
async function changedSince(folder: string, commit: string, signal: AbortSignal): Promise<string | null> {
  const git = (...args: string[]) =>
    execFileAsync('git', ['-C', folder, ...args], { env: plainEnvironment(), signal, timeout: GIT_MS });
  try {
    const head = (await git('rev-parse', 'HEAD')).stdout.trim();
    if (head !== commit) return `its folder has commit ${head}`;
    const { stdout } = await git('status', '--porcelain', '--untracked-files=no');
    const [first] = stdout.split('\n', 1);
    return first ? `${first.slice(3)} was changed`.slice(0, SAID_MAX) : null;
  } catch (error) {
    if (signal.aborted) throw error;
    return messageOf(error).slice(0, SAID_MAX);
  }
}

/** Rejects only if this worker ends. */
function checkedBy(home: string, desk: string, id: string, signal: AbortSignal): Promise<Checked> {
  const place = Object.entries(deskEnvironment()).filter(([name]) => OF_THIS_PLACE.test(name));
  const env = { ...plainEnvironment(), ...Object.fromEntries(place), FERMATA_HOME: installationOf(home) };
  const args = [buildEntry(home, id), 'upgrade', '--check', '--json', '--desk', desk];
  return new Promise((resolve, reject) => {
    const options = { env, signal, timeout: EXAMINE_MS, maxBuffer: OUTPUT_BYTES_MAX };
    execFile(process.execPath, args, options, (error, stdout) => {
      if (signal.aborted) return reject(new Error('its worker has ended'));
      // It also exits with 1 when it names runs that would not continue.
      try {
        resolve((JSON.parse(stdout) ?? {}) as Checked);
      } catch {
        resolve({ error: { message: error === null ? 'no answer in JSON' : messageOf(error) } });
      }
    });
  });
}
