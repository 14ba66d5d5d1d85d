/**
 * Runs checks, reports and actions of a desk's folder, and reads its strategies and playbooks: `node dist/run/pack-child.js
 * describe FOLDER`, `strategies FOLDER ARTEFACTS FILE…`, `playbook FOLDER FILE`, or `run FOLDER FILE` with the request
 * on standard input. Answers are JSON lines on file descriptor 3.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { z } from 'zod';
import { ArtefactReader, type ListedArtefacts } from '../desk/artefacts.js';
import { foundText } from '../desk/problem.js';
import { messageOf } from '../domain/message-of.js';
import { compileFile } from './compile.js';
import { type PartFile, type PartKind, partFiles } from './pack-folder.js';
import { compilePlaybook } from './playbook/compile-playbook.js';
import type { Answer, Begun, DoneOnce, Ended, PackProblem, RunRequest } from './protocol.js';
import { compileStrategy, hashWith } from './strategy/compile-strategy.js';
import { describeStrategy } from './strategy/describe-strategy.js';
import { sourceLines } from './strategy/refused.js';
import type { CheckContext, CheckOutcome } from './v1.js';

interface LoadedPart {
  readonly kind: PartKind;
  readonly title: string;
  readonly parameters: z.ZodObject;
  run(context: CheckContext, parameters: unknown): unknown;
}

/** Its map: to the lines that a person wrote. */
type MappedPart = LoadedPart & { readonly map: string };

/**
 * Loaded only to check parameters or an answer: reading strategies, which each start and most commands do, takes a
 * fifth less time without it.
 */
const schemas = () => import('zod');

const answer = (line: Answer): void => {
  writeSync(3, `${JSON.stringify(line)}\n`);
};

async function load(folder: string, { kind, file }: PartFile): Promise<MappedPart | readonly PackProblem[]> {
  const compiled = await compileFile(folder, file);
  if (!compiled.ok)
    return compiled.problems.map((problem) => ({
      expected: 'TypeScript that imports fermata/pack, zod, modules of Node and files of its own folder',
      doThis: `put ${problem.file} right`,
      ...problem,
    }));
  const problem = (found: string): readonly PackProblem[] => [
    {
      file,
      line: null,
      expected: `export default ${kind}({ title, parameters, run }) of fermata/pack`,
      found,
      doThis: `put ${file} right: docs/PACK.md`,
    },
  ];
  try {
    const url = `data:text/javascript;base64,${Buffer.from(compiled.module).toString('base64')}`;
    const made: unknown = ((await import(url)) as { default?: unknown }).default;
    if (made === undefined) return problem('no default export');
    const unfit = await unfitIn(made, kind);
    return unfit === null ? { ...(made as LoadedPart), map: compiled.map } : problem(unfit);
  } catch (error) {
    return problem(`an error while it was loaded: ${messageOf(error)}`);
  }
}

/** Null: it is a part of this kind. */
async function unfitIn(made: unknown, wanted: PartKind): Promise<string | null> {
  const { kind, title, parameters, run } = (made ?? {}) as Partial<LoadedPart>;
  if (kind !== wanted)
    return kind === undefined ? 'another default export' : `${kind}({…}), which belongs into ${kind}s/`;
  const { unfitParameters } = await import('./unfit-parameters.js');
  const wrong = [
    ...(typeof title === 'string' && title !== '' ? [] : [`title: expected text, found ${foundText(title)}`]),
    ...unfitParameters(parameters),
    ...(typeof run === 'function' ? [] : [`run: expected a function, found ${foundText(run)}`]),
  ];
  return wrong.length === 0 ? null : wrong.join('; ');
}

async function describe(folder: string): Promise<void> {
  const { z } = await schemas();
  for (const file of partFiles(folder)) {
    answer({ begun: file.file });
    const loaded = await load(folder, file);
    if ('run' in loaded) {
      // The form in the desk file: keys with a default may be absent.
      const parameters = z.toJSONSchema(loaded.parameters, { io: 'input', unrepresentable: 'any' });
      answer({ part: { kind: file.kind, name: file.name, title: loaded.title, parameters } });
    } else for (const problem of loaded) answer({ problem });
  }
  answer({ done: true });
}

/** `listed`: JSON with the artefacts of each file. */
async function strategies(folder: string, listed: string, files: readonly string[]): Promise<void> {
  const { artefacts, problems } = new ArtefactReader(folder).read(JSON.parse(listed) as ListedArtefacts);
  for (const { path, ...said } of problems)
    answer({ problem: { file: path.join('.'), line: null, ...said } });
  for (const file of problems.length > 0 ? [] : files) {
    answer({ begun: file });
    const compiled = await compileStrategy(folder, file);
    const made = compiled.ok ? describeStrategy(file, compiled.module, artefacts) : compiled;
    if (compiled.ok && 'described' in made) {
      const { module, files: own } = compiled;
      const { declared, trial } = made.described;
      const hash = hashWith(compiled.hash, artefacts);
      answer({ strategy: { file, hash, module, files: own, ...declared, trial } });
    } else if ('problems' in made) {
      for (const { found, ...place } of made.problems)
        answer({
          problem: { expected: EXPECTED_STRATEGY, found, doThis: `put ${place.file} right`, ...place },
        });
    }
  }
  answer({ done: true });
}

async function playbook(folder: string, file: string): Promise<void> {
  answer({ begun: file });
  const compiled = await compilePlaybook(folder, file);
  if (!compiled.ok) {
    for (const { found, ...place } of compiled.problems)
      answer({
        problem: { expected: EXPECTED_PLAYBOOK, found, doThis: `put ${place.file} right`, ...place },
      });
  } else {
    const { describePlaybook } = await import('./playbook/describe-playbook.js');
    const described = describePlaybook(compiled.code);
    if ('found' in described) {
      const expected = 'export default playbook({ title, parameters, run }) of fermata/pack';
      const doThis = `put ${file} right: docs/PACK.md`;
      answer({ problem: { file, line: null, expected, found: described.found, doThis } });
    } else {
      const { hash, code, files, named } = compiled;
      answer({ playbook: { hash, code, files, named, ...described } });
    }
  }
  answer({ done: true });
}

const EXPECTED_PLAYBOOK = 'a playbook that does the same when it is repeated (docs/PACK.md)';

const EXPECTED_STRATEGY = 'a strategy that gives the same every time (docs/STRATEGY.md)';

async function run(folder: string, file: string): Promise<Ended> {
  const { context, given, once } = JSON.parse(readFileSync(0, 'utf8')) as RunRequest;
  const found = partFiles(folder).find((one) => one.file.replace(/\.\w+$/, '') === file);
  if (found === undefined) {
    const observed = `there is no ${file}.ts in ${folder} now`;
    return { outcome: { verdict: 'not_run', observed, expected: `a file ${file}` } };
  }
  const loaded = await load(folder, found);
  if (!('run' in loaded))
    return { failed: loaded.map((problem) => `${problem.file}: ${problem.found}`).join('; ') };
  const read = loaded.parameters.safeParse(given);
  if (!read.success) {
    const wrong = read.error.issues.map(({ path, message }) => `${['with', ...path].join('.')}: ${message}`);
    return { failed: wrong.join('; ') };
  }
  if (once !== undefined && !begin(once, found.name))
    return { failed: 'it was begun before, and is not begun again' };
  const ended = await outcomeOf(found, loaded.map, () => loaded.run(context, read.data));
  if (once !== undefined) {
    keep(once.endedFile, ended);
    // Nobody else may be left to end the processes that the action started.
    process.on('exit', () => process.kill(-process.pid, 'SIGKILL'));
  }
  return ended;
}

async function outcomeOf({ kind, file }: PartFile, map: string, made: () => unknown): Promise<Ended> {
  try {
    const said = await made();
    if (kind === 'report')
      return typeof said === 'string'
        ? { outcome: { verdict: 'pass', observed: said, expected: WORKED_OUT } }
        : { failed: `${file} answered with something else than text` };
    const outcome = (await outcomeSchema()).safeParse(said);
    if (outcome.success) return { outcome: outcome.data };
    const wrong = outcome.error.issues
      .filter(({ path }) => path.length > 0)
      .map(({ path: [key = ''] }) => {
        const found = foundText((said as Record<PropertyKey, unknown>)[key]);
        return `${String(key)}: expected ${key === 'verdict' ? VERDICTS.join(', ') : 'text'}; found ${found}`;
      });
    return {
      failed: `${file} answered with something else than verdict, observed and expected${wrong.map((one) => `; ${one}`).join('')}`,
    };
  } catch (error) {
    const place = placeIn(error, map);
    return { failed: place === null ? messageOf(error) : `${messageOf(error)} (${place})` };
  }
}

/** The module's address is its whole text, so the first frame of its own is found by how it begins. */
const OWN_FRAME = /data:text\/javascript;base64,[\w+/=]*:(\d+):(\d+)/;

/** Where the desk's code threw it, or called what did: `checks/spread.ts:12`. Null: nowhere in it. */
function placeIn(error: unknown, map: string): string | null {
  const [, line, column] = OWN_FRAME.exec((error as Error | null)?.stack ?? '') ?? [];
  if (line === undefined) return null;
  const place = sourceLines(map)(Number(line), Number(column) - 1);
  return place === null ? null : `${place.file}:${place.line}`;
}

const VERDICTS = ['pass', 'warn', 'fail', 'not_run'] as const;
const WORKED_OUT = 'worked out by the desk’s own code';

/** False if it was begun already: of several processes, only the first proceeds. Syncs to disk first. */
function begin({ begunFile, limitMs }: DoneOnce, action: string): boolean {
  const begun: Begun = { pid: process.pid, begunMs: Date.now(), action, limitMs };
  try {
    writeSynced(begunFile, 'wx', begun);
    syncFolderOf(begunFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  // This process outlives a killed worker and may block its own event loop, so a thread ends it, with its
  // children.
  const ender = `setTimeout(() => process.kill(-process.pid, 'SIGKILL'), ${limitMs})`;
  new Worker(ender, { eval: true, execArgv: [], env: {} }).unref();
  return true;
}

/** Writes the file completely or not at all. */
function keep(file: string, ended: Ended): void {
  writeSynced(`${file}.new`, 'w', ended);
  renameSync(`${file}.new`, file);
  syncFolderOf(file);
}

function writeSynced(file: string, flags: 'w' | 'wx', value: Begun | Ended): void {
  const handle = openSync(file, flags, 0o600);
  try {
    writeFileSync(handle, JSON.stringify(value));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A new file name is durable only once its folder is synced. */
function syncFolderOf(file: string): void {
  const handle = openSync(dirname(file), 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

async function outcomeSchema(): Promise<z.ZodType<CheckOutcome>> {
  const { z } = await schemas();
  return z.object({
    verdict: z.enum(VERDICTS),
    observed: z.string(),
    expected: z.string(),
  });
}

const [what, folder = '', ...files] = process.argv.slice(2);

async function asked(): Promise<void> {
  if (what === 'describe') await describe(folder);
  else if (what === 'strategies') await strategies(folder, files[0] ?? '', files.slice(1));
  else if (what === 'playbook') await playbook(folder, files[0] ?? '');
  else answer(await run(folder, files[0] ?? ''));
}

function endFailed(error: unknown): void {
  answer({ failed: messageOf(error) });
  process.exit(1);
}

// What the code of a part leaves to nobody would end this process, and nothing would say why.
process.on('unhandledRejection', endFailed).on('uncaughtException', endFailed);
// Open handles of the code must not keep this process alive.
asked().then(() => process.exit(0), endFailed);
