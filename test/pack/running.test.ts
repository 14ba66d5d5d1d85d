/** Steps of a routine that are a desk's own code, on the real Temporal server: evidence as of ours, an action once. */

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createOperationsActivities } from '../../src/activities/operations/create-operations-activities.js';
import { ownActions, ownParts } from '../../src/checks/own-parts.js';
import { CHECKS, stepPartsIn } from '../../src/checks/registry.js';
import type { RoutineStep } from '../../src/contracts/routine.js';
import type { LoadedDesk } from '../../src/desk/load.js';
import { DeskFileError } from '../../src/desk/problem.js';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { CHILD } from '../../src/pack/child-process.js';
import { openActions } from '../../src/supervisor/ending.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import { NOMINAL_MS, startRoutine } from '../workflows/support/routines.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const SHIPPED = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');
const trader = new ScriptedTrader('abc').client;

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-pack-'));
  home = join(folder, 'home');
  mkdirSync(join(home, 'secrets'), { recursive: true });
  writeFileSync(join(home, 'secrets', 'some-key'), 'Zx7-correct-horse\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const part = (kind: string, body: string, imports = '', parameters = ''): string =>
  `import { ${kind} } from 'fermata/pack'; import { z } from 'zod'; ${imports}
   export default ${kind}({ title: 'Own', parameters: z.object({${parameters}}), run: async (context, given) => { ${body} } });`;

const PASSES = `return { verdict: 'pass', observed: 'done', expected: 'done' };`;
/** Each time that it is begun is a line of `begun`; it ends once there is a file `go`. */
const WAITS = part(
  'action',
  `appendFileSync('begun', context.key + '\\n');
   while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 20));
   return { verdict: 'pass', observed: 'moved with Zx7-correct-horse', expected: 'moved' };`,
  `import { appendFileSync, existsSync } from 'node:fs';`,
);
const begun = (): string[] =>
  existsSync(join(folder, 'begun')) ? readFileSync(join(folder, 'begun'), 'utf8').trim().split('\n') : [];

/** Notes in `trace` what is synced, renamed and begun, in its order. */
const TRACE = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { openSync, fsyncSync, renameSync, appendFileSync } = fs;
  const names = new Map();
  const note = (text) => appendFileSync('trace', text + '\\n');
  fs.openSync = (path, ...rest) => {
    const handle = openSync(path, ...rest);
    names.set(handle, path);
    return handle;
  };
  fs.fsyncSync = (handle) => (fsyncSync(handle), note('synced ' + names.get(handle)));
  fs.renameSync = (from, to) => (renameSync(from, to), note('renamed ' + from));
  fs.appendFileSync = (file, text) => (appendFileSync(file, text), note('began'));
  syncBuiltinESMExports();
`;

/** A desk whose first routine begins with `steps`. */
function load(...steps: string[]): LoadedDesk & { readonly runtime: Runtime } {
  const lines = steps.map((step, at) => `      - { key: own-${at}, title: Own ${at}, ${step} }\n`).join('');
  const file = join(folder, 'desk.yaml');
  writeFileSync(file, SHIPPED.replace(/( {4}steps:\n)/, `$1${lines}`));
  const loaded = loadDesk(file, steps.length === 0 ? {} : { parts: stepPartsIn(folder) });
  return { ...loaded, runtime: { home, deskFile: file, desk: loaded.desk.desk } as Runtime };
}

describe('a routine', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(async () => {
    await bench?.close();
  });

  /** The three are the operations worker's own; what they are given of the rest is the bench's. */
  async function benchDesk({ desk, runtime }: ReturnType<typeof load>) {
    const { checks, reports } = ownParts(runtime, { add: async () => undefined, remove: () => undefined });
    const { runCheck, runReport, runAction } = createOperationsActivities({
      pool: bench.database.pool,
      checks: new Map([...CHECKS, ...checks]),
      context: { runtime, desk, trader, pool: bench.database.pool },
      deskText: '',
      decisionKey: () => '',
      nowMs: Date.now,
      log: { error: () => undefined },
      reports,
      ownAction: ownActions(runtime, { desk, trader }),
    });
    return bench.desk({ activities: () => ({ runCheck, runReport, runAction }) });
  }

  it('runs an own check, report and action, with evidence as of ours, and what dies holds up none of the others', async () => {
    write('checks/sound.ts', part('check', PASSES));
    write('checks/dies.ts', part('check', 'process.exit(1);'));
    const words = `return given.unit + ' at ' + context.marketMs + ' in ' + context.desk.currency;`;
    write('reports/words.ts', part('report', words, '', `unit: z.string()`));
    write('actions/moves.ts', WAITS);
    write('go', '');
    const loaded = load(
      'check: sound',
      'check: dies, timeoutSeconds: 20',
      'report: words, with: { unit: lots }',
      'action: moves, timeoutSeconds: 60',
      'check: strategies-on, onFail: note',
    );
    const at = await benchDesk(loaded);
    const steps = (loaded.desk.routines[0]?.steps ?? []).slice(0, 5) as readonly RoutineStep[];
    const slipped: RoutineStep = { ...(steps[3] as RoutineStep), key: 'slipped', with: { to: 'elsewhere' } };
    const marketMs = NOMINAL_MS + 1_000;
    const routine = await startRoutine(bench, at, [...steps, slipped], {
      name: 'own',
      title: 'Own',
      marketMs,
    });
    const results = Object.fromEntries((await routine.result()).steps.map((result) => [result.key, result]));
    expect(results['own-0']).toMatchObject({ verdict: 'pass', observed: 'done' });
    expect(results['own-1']).toMatchObject({ verdict: 'fail' });
    expect(results['own-1']?.observed).toContain('ended without an answer');
    expect(results['own-2']).toMatchObject({ verdict: 'pass', observed: `lots at ${marketMs} in USDT` });
    expect(results['own-3']).toMatchObject({ verdict: 'pass', observed: 'moved with [redacted]' });
    expect(results['own-4']?.observed).not.toContain('did not finish');
    // Whoever reaches Temporal begins nothing that the desk file does not say.
    expect(results.slipped).toMatchObject({ verdict: 'not_run' });
    expect(begun()).toHaveLength(1);
    expect(begun()[0]).toMatch(new RegExp(`^${routine.workflowId}:.*:own-3:0$`));
    const evidence = await at.evidence('own');
    expect(Object.fromEntries(evidence.map(({ step_key, kind }) => [step_key, kind]))).toMatchObject({
      'own-0': 'check',
      'own-2': 'report',
      'own-3': 'action',
    });
    await keepHistory(bench, 'routine-with-own-action', routine.workflowId);
  });

  it('carries out the action that a playbook’s code asks for, though no step says so, and with no other values', async () => {
    const parameters = 'to: z.string(), at: z.number().default(1)';
    const notes = `appendFileSync('begun', JSON.stringify(given) + '\\n'); ${PASSES}`;
    write('actions/moves.ts', part('action', notes, `import { appendFileSync } from 'node:fs';`, parameters));
    write('actions/other.ts', part('action', PASSES));
    write(
      'playbooks/late-bank.ts',
      `import { playbook } from 'fermata/pack'; import { z } from 'zod';
       export default playbook({ title: 'Late', parameters: z.object({ at: z.number().default(2) }), run: async (incident, { at }) => {
         const { observed } = await incident.action('moves', { with: { to: 'there', at }, timeoutSeconds: 45 });
         return observed;
       } });`,
    );
    const loaded = load('check: strategies-on, onFail: note');
    const at = await benchDesk(loaded);
    const step = (key: string, action: string, given: RoutineStep['with']): RoutineStep => ({
      ...{ key, title: key, action, onFail: 'note', timeoutSeconds: 45, with: given },
    });
    const asked = [
      step('as-written', 'moves', { to: 'there', at: 7 }),
      step('elsewhere', 'moves', { to: 'elsewhere', at: 7 }),
      step('without', 'moves', { at: 7 }),
      step('more', 'moves', { to: 'there', at: 7, more: 1 }),
      step('another', 'other', {}),
    ];
    const routine = await startRoutine(bench, at, asked, { name: 'own', title: 'Own' });
    const results = (await routine.result()).steps.map(({ key, verdict, observed }) => [
      key,
      verdict === 'not_run' ? observed : verdict,
    ]);
    const refused = (action: string) =>
      `no step of the desk file says action ${action} with these values, and no playbook’s code names it so; nothing was begun`;
    expect(Object.fromEntries(results)).toEqual({
      'as-written': 'pass',
      elsewhere: refused('moves'),
      without: refused('moves'),
      more: refused('moves'),
      another: refused('other'),
    });
    expect(begun()).toEqual(['{"to":"there","at":7}']);
  });

  it('writes the trading journal of the day on which it was due', async () => {
    const loaded = load('action: trading-journal');
    const at = await benchDesk(loaded);
    const steps = (loaded.desk.routines[0]?.steps ?? []).slice(0, 1) as readonly RoutineStep[];
    const nominalMs = Date.parse('2026-03-01T23:55:00Z');
    const late = { nominalMs, marketMs: nominalMs + 15 * 60_000 };
    const routine = await startRoutine(bench, at, steps, { name: 'own', title: 'Own', ...late });
    expect((await routine.result()).steps[0]?.observed).toMatch(/^2026-03-01: 0 setups detected/);
  });

  it('gives an own check the time of the step that runs it, not of another one', async () => {
    write('checks/slow.ts', part('check', 'await new Promise(() => setInterval(() => {}, 1000));'));
    const loaded = load('check: slow, timeoutSeconds: 4', 'check: slow, timeoutSeconds: 600');
    const at = await benchDesk(loaded);
    const steps = (loaded.desk.routines[0]?.steps ?? []).slice(0, 1) as readonly RoutineStep[];
    const routine = await startRoutine(bench, at, steps, { name: 'own', title: 'Own' });
    expect((await routine.result()).steps[0]?.observed).toContain('had not ended after 3.6 s');
  });

  it('waits for the action that its lost worker began, and begins it no second time', async () => {
    write('actions/moves.ts', WAITS);
    const loaded = load('action: moves, timeoutSeconds: 120');
    const at = await benchDesk(loaded);
    const steps = (loaded.desk.routines[0]?.steps ?? []).slice(0, 1) as readonly RoutineStep[];
    const routine = await startRoutine(bench, at, steps, { name: 'own', title: 'Own' });
    await until('it is begun', async () => begun().length > 0);
    await at.replaceWorker('operations');
    write('go', '');
    expect((await routine.result()).steps).toMatchObject([{ key: 'own-0', verdict: 'pass' }]);
    expect(begun()).toHaveLength(1);
  });
});

describe('an action of the desk’s own folder', () => {
  const request = (limitMs = 60_000) => ({
    ...{ key: 'run:step', action: 'moves', given: {}, limitMs, ending: new AbortController().signal },
  });
  const carryOut = (limitMs?: number) => {
    const { desk, runtime } = load();
    return ownActions(runtime, { desk, trader })(request(limitMs));
  };

  it('is done once though its worker is killed', async () => {
    write('actions/moves.ts', WAITS);
    const { file } = load();
    const dist = new URL('../../dist/', import.meta.url);
    const worker = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { ownActions } from '${dist}checks/own-parts.js';
         import { loadDesk } from '${dist}venue/load-desk.js';
         const { desk } = loadDesk('${file}');
         const trader = { call: async () => { throw new Error('away'); } };
         const runtime = { home: '${home}', deskFile: '${file}' };
         await ownActions(runtime, { desk, trader })({ ...${JSON.stringify(request())}, ending: new AbortController().signal });`,
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    endChildWithThisProcess(worker);
    onTestFinished(() => void worker.kill('SIGKILL'));
    const ended = new Promise((resolve) => worker.once('exit', (_code, signal) => resolve(signal)));
    await until('it is begun', async () => begun().length > 0);
    worker.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const again = carryOut();
    write('go', '');
    expect(await again).toMatchObject({ verdict: 'pass', observed: 'moved with [redacted]' });
    // The answer was lost, too.
    expect(await carryOut()).toMatchObject({ verdict: 'pass' });
    expect(begun()).toEqual(['run:step']);
  });

  it('of which nobody knows how it ended has failed, and is not begun again', async () => {
    write(
      'actions/moves.ts',
      part(
        'action',
        `appendFileSync('begun', 'x\\n'); process.kill(process.pid, 'SIGKILL');`,
        `import { appendFileSync } from 'node:fs';`,
      ),
    );
    const first = await carryOut();
    expect(first).toMatchObject({ verdict: 'fail', expected: 'an answer within 60 s' });
    expect(first.observed).toMatch(/^begun at .*, ended without an answer; it is not begun again/);
    expect(await carryOut()).toEqual(first);
    expect(begun()).toHaveLength(1);
  });

  it('is on the disk as begun before its code runs, and its answer before it has its name', async () => {
    write('actions/moves.ts', WAITS);
    write('go', '');
    load();
    write('trace.mjs', TRACE);
    const { begunFile, endedFile } = { begunFile: join(home, 'b.begun'), endedFile: join(home, 'b.ended') };
    const context = { ...{ desk: {}, nowMs: 0, trader: null, key: 'k' } };
    const once = { begunFile, endedFile, limitMs: 60_000 };
    const child = spawn(
      process.execPath,
      ['--import', join(folder, 'trace.mjs'), CHILD, 'run', folder, 'actions/moves'],
      { cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'inherit', 'pipe'] },
    );
    endChildWithThisProcess(child);
    child.stdin?.end(JSON.stringify({ context, given: {}, once }));
    await new Promise((resolve) => child.once('exit', resolve));
    expect(readFileSync(join(folder, 'trace'), 'utf8').trim().split('\n')).toEqual([
      `synced ${begunFile}`,
      `synced ${home}`,
      'began',
      `synced ${endedFile}.new`,
      `renamed ${endedFile}.new`,
      `synced ${home}`,
    ]);
  });

  it('that nobody waits for goes on, and is named with its process and its end', async () => {
    write('actions/moves.ts', WAITS);
    const { desk, runtime } = load();
    const waiting = new AbortController();
    const waited = ownActions(runtime, { desk, trader })({ ...request(), ending: waiting.signal });
    await until('it is begun', async () => begun().length > 0);
    waiting.abort();
    await expect(waited).rejects.toThrow('what was begun goes on');
    const own = homePaths(home).ownActions;
    // What ended without an answer, whose number is somebody else's now.
    writeFileSync(join(own, 'old.begun'), JSON.stringify({ pid: process.pid, begunMs: Date.now() }));
    expect(await openActions(own)).toEqual([
      expect.stringMatching(
        /^action moves \(process \d+, until \d{4}-\d\d-\d\d \d\d:\d\d UTC at the latest\)$/,
      ),
    ]);
    write('go', '');
    await until('it has ended', async () => (await openActions(own)).length === 0);
  });

  it('that never yields ends within its time by itself, whoever waits for it', async () => {
    write('actions/moves.ts', part('action', 'for (;;) {}'));
    expect((await carryOut(1_500)).observed).toContain('ended without an answer');
  });

  it('that throws has failed, as has one that can’t be loaded, of which nothing was begun', async () => {
    write('actions/moves.ts', 'export default 1;');
    await expect(carryOut()).rejects.toThrow('another default export');
    expect(readdirSync(homePaths(home).ownActions)).toEqual([]);
    write('actions/moves.ts', part('action', `throw new Error('the broker is away');`));
    expect(await carryOut()).toMatchObject({
      ...{ verdict: 'fail', observed: 'the broker is away (actions/moves.ts:2)' },
    });
  });
});

describe('a desk file', () => {
  it.each([
    ['report: word', 'report', 'write report: words'],
    ['action: move', 'action', 'write action: moves'],
    ['action: moves, with: { to: here }', 'with.to', 'remove to'],
    ['report: costs, with: { unit: 1 }', 'with.unit', 'remove unit'],
  ])('is refused for %s', (step, key, doThis) => {
    write('reports/words.ts', part('report', `return '';`));
    write('actions/moves.ts', part('action', PASSES));
    expect(problemsOf(() => load(step))).toMatchObject([
      {
        key: `routines[0].steps[0].${key}`,
        doThis: expect.stringContaining(doThis),
        line: expect.any(Number),
      },
    ]);
  });

  it('of another version of fermata/pack is refused with the page that says what changed', () => {
    writeFileSync(join(folder, 'desk.yaml'), SHIPPED.replace(/^version: 1$/m, 'version: 1\npack: 2'));
    expect(problemsOf(() => loadDesk(join(folder, 'desk.yaml')))).toMatchObject([
      { key: 'pack', doThis: expect.stringContaining('docs/PACK.md'), line: expect.any(Number) },
    ]);
    writeFileSync(join(folder, 'desk.yaml'), SHIPPED.replace(/^version: 1$/m, 'version: 1\npack: 1'));
    expect(loadDesk(join(folder, 'desk.yaml')).desk.pack).toBe(1);
  });

  function problemsOf(read: () => unknown): unknown {
    try {
      return read();
    } catch (error) {
      if (error instanceof DeskFileError) return error.problems;
      throw error;
    }
  }
});
