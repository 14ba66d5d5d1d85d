/** Code of a desk's own folder: found by its file's name, judged with the desk file, run in a process of its own. */

import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCheck } from '../../src/activities/operations/create-operations-activities.js';
import { ownParts } from '../../src/checks/own-parts.js';
import { stepPartsIn } from '../../src/checks/registry.js';
import type { CheckOutcome } from '../../src/contracts/routine.js';
import type { LoadedDesk } from '../../src/desk/load.js';
import type { DeskProblem } from '../../src/desk/problem.js';
import { DeskFileError } from '../../src/desk/problem.js';
import type { Runtime } from '../../src/home/runtime.js';
import { endLeftChildren, openChildrenFile, startTimeOf } from '../../src/supervisor/process-table.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { until } from '../support/eventually.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const SHIPPED = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');

const EQUITY = `
import { check, type CheckOutcome } from 'fermata/pack';
import { z } from 'zod';
import { verdictOf } from './lib/verdict.js';

export default check({
  title: 'Equity above a floor',
  parameters: z.object({ floor: z.number().min(0).default(5), unit: z.string().optional() }),
  run: ({ desk, trader }, { floor }): CheckOutcome => ({
    verdict: trader === null ? 'not_run' : verdictOf(Number(trader.equity), floor),
    observed: \`\${desk.name} has \${trader?.equity} \${desk.currency}\`,
    expected: \`at least \${floor}\`,
  }),
});
`;
const VERDICT = `export const verdictOf = (have: number, floor: number): 'pass' | 'fail' => (have >= floor ? 'pass' : 'fail');`;
const checkOf = (body: string, before = ''): string =>
  `import { check } from 'fermata/pack'; import { z } from 'zod'; ${before}
   export default check({ title: 'A check', parameters: z.object({}), run: async (context) => { ${body} } });`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-pack-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A desk whose first routine begins with a step that names `part`. */
function load(part: string, given = '{}', timeoutSeconds = 30, kind = 'check'): LoadedDesk {
  const step = `      - { key: own, title: Own, ${kind}: ${part}, with: ${given}, timeoutSeconds: ${timeoutSeconds} }\n`;
  const file = write('desk.yaml', SHIPPED.replace(/( {4}steps:\n)/, `$1${step}`));
  return loadDesk(file, { parts: stepPartsIn(folder) });
}

function problemsOf(part: string, given?: string, kind?: string): readonly DeskProblem[] {
  try {
    load(part, given, undefined, kind);
    return [];
  } catch (error) {
    if (error instanceof DeskFileError) return error.problems;
    throw error;
  }
}

async function run(check: string, given?: string, timeoutSeconds = 30): Promise<CheckOutcome> {
  const { desk, file } = load(check, given, timeoutSeconds);
  const home = join(folder, 'home');
  mkdirSync(join(home, 'secrets'), { recursive: true });
  const runtime = { home, deskFile: file } as Runtime;
  const running = openChildrenFile(join(home, 'run/commands.json'));
  const step = desk.routines[0]?.steps[0];
  const trader = new ScriptedTrader('abc').client;
  const context = { runtime, desk, trader, pool: null as never, stepMs: timeoutSeconds * 1_000 };
  return runCheck(ownParts(runtime, running).checks, context, { check, with: step?.with ?? {} });
}

describe('a check of the desk’s own folder', () => {
  it('is known by its file’s name, and its parameters are judged with the desk file’s line', () => {
    write('checks/equity-floor.ts', EQUITY);
    write('checks/lib/verdict.ts', VERDICT);
    expect(load('equity-floor', '{ floor: 7 }').desk.routines[0]?.steps[0]?.check).toBe('equity-floor');
    const [misspelt] = problemsOf('equity-flor');
    expect(misspelt).toMatchObject({
      key: 'routines[0].steps[0].check',
      doThis: 'write check: equity-floor, or write checks/equity-flor.ts',
    });
    const [unknown] = problemsOf('equity-floor', '{ flor: 7 }');
    expect(unknown).toMatchObject({
      key: 'routines[0].steps[0].with.flor',
      doThis: 'write floor instead of flor',
      line: expect.any(Number),
    });
    const [below] = problemsOf('equity-floor', '{ floor: -1 }');
    expect(below?.key).toBe('routines[0].steps[0].with.floor');
  });

  it('is refused a parameter that every object has, as any other key that means nothing', () => {
    write('checks/equity-floor.ts', EQUITY);
    write('checks/lib/verdict.ts', VERDICT);
    const [inherited] = problemsOf('equity-floor', '{ __proto__: 2 }');
    expect(inherited).toMatchObject({ key: '__proto__', found: '__proto__', line: expect.any(Number) });
  });

  it('passes and fails by what the trader says, in JavaScript as well', async () => {
    write('checks/equity-floor.ts', EQUITY);
    write('checks/lib/verdict.ts', VERDICT);
    expect(await run('equity-floor', '{ floor: 7 }')).toMatchObject({
      verdict: 'pass',
      expected: 'at least 7',
    });
    const failed = await run('equity-floor', '{ floor: 1000000000 }');
    expect(failed).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^crypto-bot has \d+.* USDT$/),
    });
    write('checks/plain.mjs', checkOf(`return { verdict: 'warn', observed: 'a\\u0000b', expected: 'e' }`));
    expect(await run('plain')).toEqual({ verdict: 'warn', observed: 'a\ufffdb', expected: 'e' });
  });

  it('knows nothing of our environment', async () => {
    write(
      'checks/environment.ts',
      checkOf(
        `return { verdict: 'pass', observed: Object.keys(process.env).sort().join(), expected: process.cwd() }`,
      ),
    );
    vi.stubEnv('FERMATA_TEST_SECRET', 'secret');
    try {
      const { observed, expected } = await run('environment');
      expect(observed.split(',').filter((name) => !['PATH', 'LANG'].includes(name))).toEqual([]);
      expect(observed).toContain('PATH');
      expect(expected).toBe(folder);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.each([
    ['throws', `throw new Error('the gateway is away')`, 60, 'the gateway is away'],
    ['ends its process', `process.exit(0)`, 60, 'ended without an answer'],
    [
      'leaves a rejection to nobody',
      `void Promise.reject(new Error('the feed is away')); await new Promise((ends) => setTimeout(ends, 5_000))`,
      60,
      'the feed is away',
    ],
    [
      'answers with too much',
      `return { verdict: 'pass', observed: 'a'.repeat(300 * 1024), expected: '' }`,
      60,
      'longer than the 256 KiB that are read',
    ],
    ['answers with nothing', `return 3 as never`, 60, 'something else than verdict'],
    [
      'answers with another verdict',
      `return { verdict: 'ok' as 'pass', observed: 'a', expected: 'b' }`,
      60,
      'verdict: expected pass, warn, fail, not_run; found "ok"',
    ],
    ['never answers', `await new Promise(() => setInterval(() => {}, 1000))`, 2, 'had not ended after 1.8 s'],
    ['never yields', `for (;;) {}`, 2, 'had not ended after 1.8 s'],
  ])('that %s has not passed', async (_what, body, seconds, said) => {
    write('checks/broken.ts', checkOf(body));
    await expect(run('broken', '{}', seconds)).rejects.toThrow(said);
  });

  it('ends with its children, and is ended by the next worker where its own was killed', async () => {
    const pidFile = join(folder, 'pids');
    const noted = `writeFileSync('${pidFile}', [process.pid, spawn('sleep', ['600']).pid].join());`;
    const imports = `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs';`;
    write(
      'checks/parent.ts',
      checkOf(`${noted} return { verdict: 'pass', observed: '', expected: '' }`, imports),
    );
    await run('parent');
    const pids = () => readFileSync(pidFile, 'utf8').split(',').map(Number);
    await until('what it left', async () =>
      (await Promise.all(pids().map(startTimeOf))).every((time) => time === null),
    );
    rmSync(pidFile);
    write(
      'checks/parent.ts',
      checkOf(`${noted} await new Promise(() => setInterval(() => {}, 1000))`, imports),
    );
    const lost = expect(run('parent', '{}', 300)).rejects.toThrow('ended without an answer');
    await until('what it left', async () =>
      /,\d/.test(readFileSync(pidFile, { encoding: 'utf8', flag: 'a+' })),
    );
    const children = join(folder, 'home/run/commands.json');
    await until('what it left', async () => readFileSync(children, 'utf8').includes(`${pids()[0]}`));
    expect(await endLeftChildren(children)).toEqual(['check parent']);
    await lost;
    await until('what it left', async () =>
      (await Promise.all(pids().map(startTimeOf))).every((time) => time === null),
    );
  });

  it('fails with the reason where the desk’s folder was moved away since', async () => {
    write('desk/checks/gone.ts', checkOf(`return { verdict: 'pass', observed: '', expected: '' }`));
    write('desk/desk.yaml', SHIPPED);
    const { desk } = load('database');
    const moved = join(folder, 'desk');
    const runtime = { home: folder, deskFile: join(moved, 'desk.yaml') } as Runtime;
    const { checks } = ownParts(runtime, { add: async () => undefined, remove: () => undefined });
    renameSync(moved, join(folder, 'other'));
    const context = { runtime, desk, trader: new ScriptedTrader('abc').client, pool: null as never };
    await expect(runCheck(checks, context, { check: 'gone', with: {} })).rejects.toThrow(
      `the desk's folder ${moved} is gone`,
    );
  });

  it('is NOT RUN where its file is gone since', async () => {
    const file = write('checks/gone.ts', checkOf(`return { verdict: 'pass', observed: '', expected: '' }`));
    const { desk } = load('gone');
    const runtime = { home: folder, deskFile: join(folder, 'desk.yaml') } as Runtime;
    const { checks } = ownParts(runtime, { add: async () => undefined, remove: () => undefined });
    rmSync(file);
    const context = { runtime, desk, trader: new ScriptedTrader('abc').client, pool: null as never };
    expect(await runCheck(checks, context, { check: 'gone', with: {} })).toMatchObject({
      verdict: 'not_run',
    });
  });
});

describe('a desk’s folder is refused', () => {
  const SOUND = checkOf(`return { verdict: 'pass', observed: '', expected: '' }`);
  it.each([
    [
      'with TypeScript that is none',
      'checks/bad.ts',
      'export default check(;',
      'checks/bad.ts:1',
      'a syntax error: Unexpected',
    ],
    ['with a package', 'checks/bad.ts', `\nimport 'lodash';`, 'checks/bad.ts:2', 'an import of lodash'],
    ['with a file of elsewhere', 'checks/bad.ts', `import '../../x.js';`, 'checks/bad.ts:1', 'x.js'],
    [
      'with an absolute path',
      'checks/bad.ts',
      `import '/etc/hostname';`,
      'checks/bad.ts:1',
      'of /etc/hostname',
    ],
    ['with a file that has no check', 'checks/bad.ts', 'export const a = 1;', 'checks/bad.ts', 'no default'],
    ['with another default export', 'checks/bad.ts', 'export default 1;', 'checks/bad.ts', 'another default'],
    ['with a check among its reports', 'reports/bad.ts', SOUND, 'reports/bad.ts', 'belongs into checks/'],
    ...(
      [
        ['no run', `title: 'T', parameters: z.object({})`, 'run: expected a function, found nothing'],
        ['no title', `parameters: z.object({}), run: () => {}`, 'title: expected text, found nothing'],
        [
          'parameters that are none',
          `title: 'T', parameters: { floor: 3 }, run: () => {}`,
          'parameters: expected z.object({…}), found a group of keys',
        ],
        [
          'a schema of something else',
          `title: 'T', parameters: z.string(), run: () => {}`,
          'parameters: expected z.object({…}), found z.string()',
        ],
        ['no parameters', `title: 'T', run: () => {}`, 'parameters: expected z.object({…}), found nothing'],
        [
          'a parameter that no step can give',
          `title: 'T', parameters: z.object({ names: z.array(z.string()) }), run: () => {}`,
          'parameters.names: expected text, a number, or true or false; found a list',
        ],
      ] as const
    ).map(([what, definition, found]): [string, string, string, string, string] => [
      `with a check with ${what}`,
      'checks/bad.ts',
      `import { check } from 'fermata/pack'; import { z } from 'zod'; z; export default check({ ${definition} } as never);`,
      'checks/bad.ts',
      found,
    ]),
    ['with code that throws', 'checks/bad.ts', `throw new Error('no');`, 'checks/bad.ts', 'loaded: no'],
    ['with code that exits', 'checks/bad.ts', 'process.exit(0);', 'checks/bad.ts', 'ended by itself'],
    [
      'with a name that ships',
      'checks/database.ts',
      SOUND,
      'checks/database.ts',
      'check database that comes',
    ],
    [
      'with an action’s name that ships',
      'actions/backup.ts',
      SOUND,
      'actions/backup.ts',
      'action backup that comes',
    ],
    ['with a name that is none', 'checks/My_Check.ts', SOUND, 'checks/My_Check.ts', 'My_Check'],
  ])('%s', (_what, file, text, key, found) => {
    write('checks/sound.ts', SOUND);
    write(file, text);
    const problems = problemsOf('sound');
    expect(problems).toHaveLength(1);
    expect(problems[0]?.key).toBe(key);
    expect(problems[0]?.found).toContain(found);
  });

  it('with a link out of it', () => {
    const outside = mkdtempSync(join(tmpdir(), 'fermata-elsewhere-'));
    try {
      writeFileSync(join(outside, 'x.ts'), SOUND);
      mkdirSync(join(folder, 'checks'));
      symlinkSync(join(outside, 'x.ts'), join(folder, 'checks/linked.ts'));
      expect(problemsOf('linked')[0]?.found).toContain('outside of the folder');
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  it('with two files of one name', () => {
    write('checks/twice.ts', SOUND);
    write('checks/twice.js', SOUND);
    expect(problemsOf('twice')[0]?.found).toBe('the name of checks/twice.js');
  });
});
