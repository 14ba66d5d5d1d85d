/** What a desk's folder has of its own: read by a process of its own, since reading it runs its code. */
import { spawnSync } from 'node:child_process';
import { DeskFileError } from '../desk/problem.js';
import { childArgs, childEnvironment } from './child-process.js';
import { checkFiles, unreadFiles } from './pack-folder.js';
import { answersIn, type DescribedCheck, type PackProblem } from './protocol.js';

const DESCRIBED_MS_MAX = 20_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
const FILES_MAX = 200;
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** `shipped`: names that are taken. Throws `DeskFileError` with each file's problem. */
export function describePack(folder: string, shipped: readonly string[]): readonly DescribedCheck[] {
  const files = checkFiles(folder);
  const problems = [...unreadProblems(folder), ...nameProblems(files, shipped)];
  if (files.length > FILES_MAX)
    problems.push(problem('checks', `at most ${FILES_MAX} files`, `${files.length}`));
  if (problems.length > 0) throw packError(folder, problems);
  if (files.length === 0) return [];
  const { output, error, signal, stderr } = spawnSync(process.execPath, childArgs('describe', folder), {
    cwd: folder,
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout: DESCRIBED_MS_MAX,
    killSignal: 'SIGKILL',
    maxBuffer: ANSWER_BYTES_MAX,
  });
  const answers = answersIn(output?.[3]?.toString('utf8') ?? '');
  const found = answers.flatMap((answer) => ('problem' in answer ? [answer.problem] : []));
  if (!answers.some((answer) => 'done' in answer)) {
    const at = answers.findLast((answer) => 'begun' in answer)?.begun ?? 'checks';
    const failed = answers.findLast((answer) => 'failed' in answer)?.failed ?? lastLine(stderr?.toString());
    found.push(problem(at, 'a file that can be loaded', howItEnded(error, signal, failed)));
  }
  if (found.length > 0) throw packError(folder, found);
  return answers.flatMap((answer) => ('check' in answer ? [answer.check] : []));
}

function howItEnded(error: Error | undefined, signal: NodeJS.Signals | null, said: string): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ETIMEDOUT') return `no end within ${DESCRIBED_MS_MAX / 1_000} s`;
  if (code === 'ENOBUFS') return 'more output than is read';
  return `a process that ended ${signal === null ? 'by itself' : `by ${signal}`}${said === '' ? '' : ` (${said})`}`;
}

const lastLine = (text = ''): string => text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';

function unreadProblems(folder: string): PackProblem[] {
  return unreadFiles(folder).map((file) =>
    problem(file, 'checks only: nothing else of a desk’s folder is read yet', 'a file', `take ${file} away`),
  );
}

function nameProblems(
  files: readonly { readonly name: string; readonly file: string }[],
  shipped: readonly string[],
): PackProblem[] {
  return files.flatMap(({ name, file }, at) => {
    if (!NAME.test(name))
      return [
        problem(file, 'a name of 1 to 40 lower case letters, digits and dashes', name, `rename ${file}`),
      ];
    if (shipped.includes(name)) {
      const found = `the name of the check ${name} that comes with Fermata`;
      return [problem(file, 'a name of its own', found, `rename ${file}`)];
    }
    const same = files.findIndex((one) => one.name === name);
    if (same !== at)
      return [problem(file, 'each name once', `the name of ${files[same]?.file}`, `rename ${file}`)];
    return [];
  });
}

function problem(file: string, expected: string, found: string, doThis = `put ${file} right`): PackProblem {
  return { file, line: null, expected, found, doThis };
}

function packError(folder: string, problems: readonly PackProblem[]): DeskFileError {
  return new DeskFileError(
    folder,
    problems.map(({ file, line, ...said }) => ({
      line: null,
      column: null,
      key: line === null ? file : `${file}:${line}`,
      ...said,
    })),
  );
}
