/**
 * The program in which code of a desk's folder runs, and nowhere else: `node dist/pack/child.js describe FOLDER`, or
 * `run FOLDER NAME` with the request on standard input. Answers are lines of JSON on file descriptor 3.
 */
import { readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../domain/message-of.js';
import { compileFile } from './compile.js';
import { checkFiles } from './pack-folder.js';
import type { Answer, PackProblem, RunRequest } from './protocol.js';
import type { Check } from './v1.js';

const answer = (line: Answer): void => {
  writeSync(3, `${JSON.stringify(line)}\n`);
};

async function load(folder: string, file: string): Promise<Check | readonly PackProblem[]> {
  const compiled = await compileFile(folder, file);
  if (!compiled.ok)
    return compiled.problems.map((problem) => ({
      ...problem,
      expected: 'TypeScript that imports fermata/pack, zod, modules of Node and files of its own folder',
      doThis: `put ${problem.file} right`,
    }));
  const problem = (found: string): readonly PackProblem[] => [
    {
      file,
      line: null,
      expected: 'export default check({ title, parameters, run }) of fermata/pack',
      found,
      doThis: `put ${file} right: docs/PACK.md`,
    },
  ];
  try {
    const url = `data:text/javascript;base64,${Buffer.from(compiled.module).toString('base64')}`;
    const made: unknown = ((await import(url)) as { default?: unknown }).default;
    if (made === undefined) return problem('no default export');
    return isCheck(made) ? made : problem('another default export');
  } catch (error) {
    return problem(`an error while it was loaded: ${messageOf(error)}`);
  }
}

const isCheck = (made: unknown): made is Check => {
  const { kind, title, parameters, run } = (made ?? {}) as Partial<Check>;
  return (
    kind === 'check' &&
    typeof title === 'string' &&
    parameters instanceof z.ZodObject &&
    typeof run === 'function'
  );
};

async function describe(folder: string): Promise<void> {
  for (const { name, file } of checkFiles(folder)) {
    answer({ begun: file });
    const loaded = await load(folder, file);
    if ('kind' in loaded) {
      // As it is written in the desk file: what has a default may be left out.
      const parameters = z.toJSONSchema(loaded.parameters, { io: 'input', unrepresentable: 'any' });
      answer({ check: { name, title: loaded.title, parameters } });
    } else for (const problem of loaded) answer({ problem });
  }
  answer({ done: true });
}

async function run(folder: string, name: string): Promise<void> {
  const { context, given } = JSON.parse(readFileSync(0, 'utf8')) as RunRequest;
  const found = checkFiles(folder).find((one) => one.name === name);
  if (found === undefined) {
    const observed = `there is no checks/${name}.ts in ${folder} now`;
    answer({ outcome: { verdict: 'not_run', observed, expected: `a check ${name}` } });
    return;
  }
  const loaded = await load(folder, found.file);
  if (!('kind' in loaded)) {
    answer({ failed: loaded.map((problem) => `${problem.file}: ${problem.found}`).join('; ') });
    return;
  }
  const read = loaded.parameters.safeParse(given);
  if (!read.success) {
    const wrong = read.error.issues.map(({ path, message }) => `${['with', ...path].join('.')}: ${message}`);
    answer({ failed: wrong.join('; ') });
    return;
  }
  const outcome = OUTCOME.safeParse(await loaded.run(context, read.data));
  if (outcome.success) answer({ outcome: outcome.data });
  else answer({ failed: `${found.file} answered with something else than verdict, observed and expected` });
}

const OUTCOME = z.object({
  verdict: z.enum(['pass', 'warn', 'fail', 'not_run']),
  observed: z.string(),
  expected: z.string(),
});

const [what, folder = '', name = ''] = process.argv.slice(2);
// What a check leaves open must not keep this process.
(what === 'describe' ? describe(folder) : run(folder, name)).then(
  () => process.exit(0),
  (error: unknown) => {
    answer({ failed: messageOf(error) });
    process.exit(1);
  },
);
