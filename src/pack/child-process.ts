/**
 * Starts the process that runs code of a desk's folder, with nothing of ours in its environment; and has it
 * describe the parts in a desk's folder.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { COMPILE_LATER } from '../desk/desk-environment.js';
import { DeskFileError } from '../desk/problem.js';
import { NAME, NAME_EXPECTED } from '../desk/typed-names.js';
import { type PartFile, type PartKind, partFiles } from './pack-folder.js';
import { type Answer, answersIn, type DescribedPart, type PackProblem } from './protocol.js';

export const CHILD = fileURLToPath(new URL('../../dist/run/pack-child.js', import.meta.url));

const MEMORY_MB = 192;

export const childArgs = (...args: readonly string[]): string[] => [
  `--max-old-space-size=${MEMORY_MB}`,
  ...COMPILE_LATER,
  CHILD,
  ...args,
];

export const childEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['PATH', 'LANG'].flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );

const ANSWERED_MS_MAX = 60_000;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Runs code of a desk's folder in a child process, and waits for it synchronously: a desk file is read in one
 * step. `first`: the place to name if the process fails before it begins a file. Throws `DeskFileError` with
 * each file's problem.
 */
export function askChild(folder: string, args: readonly string[], first: string): readonly Answer[] {
  const { output, error, signal, stderr } = spawnSync(process.execPath, childArgs(...args), {
    cwd: folder,
    env: childEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    timeout: ANSWERED_MS_MAX,
    killSignal: 'SIGKILL',
    maxBuffer: ANSWER_BYTES_MAX,
  });
  const answers = answersIn(output?.[3]?.toString('utf8') ?? '');
  const found = answers.flatMap((answer) => ('problem' in answer ? [answer.problem] : []));
  if (!answers.some((answer) => 'done' in answer)) {
    const at = answers.findLast((answer) => 'begun' in answer)?.begun ?? first;
    const failed = answers.findLast((answer) => 'failed' in answer)?.failed ?? lastLine(stderr?.toString());
    found.push(
      problem(at, 'a file that can be loaded', howItEnded(error, signal, failed, stderr?.toString())),
    );
  }
  if (found.length > 0) throw packError(folder, found);
  return answers;
}

function howItEnded(
  error: Error | undefined,
  signal: NodeJS.Signals | null,
  said: string,
  stderr = '',
): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ETIMEDOUT') return `no end within ${ANSWERED_MS_MAX / 1_000} s`;
  if (stderr.includes('heap out of memory'))
    return `code that takes more and more memory: ${MEMORY_MB} MB were not enough for it`;
  if (code === 'ENOBUFS') return 'more output than is read';
  return `a process that ended ${signal === null ? 'by itself' : `by ${signal}`}${said === '' ? '' : ` (${said})`}`;
}

const lastLine = (text = ''): string => text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';

export function problem(
  file: string,
  expected: string,
  found: string,
  doThis = `put ${file} right`,
): PackProblem {
  return { file, line: null, expected, found, doThis };
}

export function packError(folder: string, problems: readonly PackProblem[]): DeskFileError {
  const files = new Set(problems.map(({ file }) => file).filter((file) => file !== folder));
  const only = files.size === 1 ? problems.find(({ file }) => files.has(file)) : undefined;
  const place = only === undefined ? '' : `/${only.file}${only.line === null ? '' : `:${only.line}`}`;
  return new DeskFileError(
    folder,
    problems.map(({ file, line, ...said }) => ({
      line: null,
      column: null,
      key: line === null ? file : `${file}:${line}`,
      ...said,
    })),
    folder + place,
  );
}

const FILES_MAX = 200;

/** Names of the parts that come with Fermata. */
type ShippedNames = Readonly<Record<PartKind, readonly string[]>>;

/** Throws `DeskFileError` with each file's problem. */
export function describePack(folder: string, shipped: ShippedNames): readonly DescribedPart[] {
  const files = partFiles(folder);
  const problems = nameProblems(files, shipped);
  if (files.length > FILES_MAX)
    problems.push(problem(folder, `at most ${FILES_MAX} files of code`, `${files.length}`));
  if (problems.length > 0) throw packError(folder, problems);
  if (files.length === 0) return [];
  const answers = askChild(folder, ['describe', folder], files[0]?.file ?? folder);
  return answers.flatMap((answer) => ('part' in answer ? [answer.part] : []));
}

function nameProblems(files: readonly PartFile[], shipped: ShippedNames): PackProblem[] {
  return files.flatMap(({ kind, name, file }, at) => {
    if (!NAME.test(name)) return [problem(file, `a name of ${NAME_EXPECTED}`, name, `rename ${file}`)];
    if (shipped[kind].includes(name)) {
      const found = `the name of the ${kind} ${name} that comes with Fermata`;
      return [problem(file, 'a name of its own', found, `rename ${file}`)];
    }
    const same = files.findIndex((one) => one.kind === kind && one.name === name);
    if (same !== at)
      return [problem(file, 'each name once', `the name of ${files[same]?.file}`, `rename ${file}`)];
    return [];
  });
}
