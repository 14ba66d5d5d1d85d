/** Checks of a desk without code: programs and addresses that its file names. */

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { type OwnStepContext, runHttp } from '../../src/activities/operations/own-step.js';
import {
  openRunningCommands,
  type RunningCommands,
  runCommand,
} from '../../src/activities/operations/run-command-step.js';
import { STEP_PARTS } from '../../src/checks/registry.js';
import type { RunIdentity } from '../../src/contracts/evidence.js';
import type { OwnStepOutcome, RoutineStep } from '../../src/contracts/routine.js';
import { DeskFileError, type DeskProblem } from '../../src/desk/problem.js';
import type { Desk } from '../../src/desk/schema.js';
import { readStepOutput, type StepOutput } from '../../src/store/step-outputs.js';
import { startTimeOf } from '../../src/supervisor/process-table.js';
import { resumptionStart } from '../../src/temporal/start-runs.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';
import { startRoutine } from './support/routines.js';

type Values = Readonly<Record<string, unknown>>;

const SHIPPED = parse(
  readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8'),
) as Values;
/** Programs of every system that the tests run on. */
const COMMANDS: Values = { allow: ['sh', 'printf', 'env'] };

const home = mkdtempSync(join(tmpdir(), 'fermata-own-steps-'));
mkdirSync(join(home, 'secrets'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function load(steps: readonly Values[], commands: Values = COMMANDS, more: Values = {}) {
  const routines = [{ name: 'own', title: 'Own checks', onStart: true, steps }];
  const text = stringify({ ...SHIPPED, ...more, commands, routines });
  return parseDesk('desk.yaml', text, { parts: STEP_PARTS });
}

const own = (given: Values): Values => ({ key: 'own', title: 'Own check', ...given });

function problemsOf(step: Values, commands?: Values): readonly DeskProblem[] {
  try {
    load([own(step)], commands);
    return [];
  } catch (error) {
    if (error instanceof DeskFileError) return error.problems;
    throw error;
  }
}

describe('a desk file', () => {
  it.each([
    [
      'a program that is not on the list',
      { command: ['curl', '-s'] },
      'command[0]',
      'sh, printf, env',
      'curl',
    ],
    ['a path to a listed program', { command: ['/bin/sh'] }, 'command[0]', 'sh, printf, env', '/bin/sh'],
    ['no program', { command: [] }, 'command', 'a list of at least 1', 'an empty list'],
    ['a host that is not listed', { http: 'http://example.com/' }, 'http', 'it has none', 'example.com'],
    ['no address', { http: 'health' }, 'http', 'https://', 'no valid address'],
    [
      'a program and a check',
      { command: ['sh'], check: 'database' },
      '',
      'one of check',
      'check and command',
    ],
    [
      'a pattern that is none',
      { command: ['sh'], expect: { pattern: '(' } },
      'expect.pattern',
      'regular',
      '"("',
    ],
    [
      'a status of a program',
      { command: ['sh'], expect: { status: 200 } },
      'expect.status',
      'of http',
      'status',
    ],
    ['what a check has to answer', { check: 'database', expect: {} }, 'expect', 'beside command', 'expect'],
    ['thresholds of a program', { command: ['sh'], with: { ms: 3 } }, 'with.ms', 'no keys', 'unknown key ms'],
  ])('with %s is refused at load', (_what, step, key, expected, found) => {
    const [problem] = problemsOf(step);
    expect(problem?.key).toBe(key === '' ? 'routines[0].steps[0]' : `routines[0].steps[0].${key}`);
    expect(problem?.expected).toContain(expected);
    expect(problem?.found).toContain(found);
    expect(problem?.line).toBeGreaterThan(0);
  });

  it.each([
    ['http://example.com/', ['example.com'], true],
    ['https://example.com/', ['example.com'], true],
    ['http://example.com:8080/', ['example.com'], false],
    ['http://example.com:8080/', ['example.com:8080'], true],
    ['http://example.com.evil.org/', ['example.com'], false],
    ['http://example.com@evil.org/', ['example.com'], false],
    ['http://anna:pin@example.com/', ['example.com'], false],
    ['http://anna@example.com/', ['example.com'], false],
    ['http://evil.org\\@example.com/', ['example.com'], false],
    ['http://EXAMPLE.com/', ['example.com'], true],
    ['http://[::1]:9000/', ['[::1]:9000'], true],
    ['http://127.0.0.1:{port}/{desk}?{date}', ['127.0.0.1:{port}'], true],
    ['http://{port}.example.com/', ['example.com'], false],
    ['file:///etc/passwd', ['etc'], false],
  ])('with the address %s and the hosts %j: %s', (http, hosts, isTaken) => {
    expect(problemsOf({ http }, { hosts }).map(({ key }) => key)).toEqual(
      isTaken ? [] : ['routines[0].steps[0].http'],
    );
  });

  it('with other programs is another configuration', () => {
    const step = own({ command: ['sh'] });
    const [one, other] = [['sh'], ['sh', 'env']].map((allow) => load([step], { allow }).configHash);
    expect(one).not.toBe(other);
  });

  it('has its own checks looked at again before the desk trades', () => {
    const steps = [own({ command: ['sh'] }), own({ key: 'task', human: 'Look.' })];
    const status = { incarnation: 'abc', trading: 'paper', reason: 'stopped' } as const;
    const { args } = resumptionStart(load(steps).desk, 'halt', status);
    expect(args[0].steps.map(({ key }) => key)).toEqual(['own']);
  });
});

describe('a step of its own', () => {
  let bench: Bench;
  let site: Site;
  beforeAll(async () => {
    [bench, site] = await Promise.all([openBench(), openSite()]);
  });
  afterAll(() => Promise.all([bench?.close(), site?.close()]));

  const RUN: RunIdentity = {
    desk: 'crypto-bot',
    workflowId: 'routine:own',
    firstRunId: 'first',
    runId: 'first',
  };

  const contextOf = (desk: Desk, deskFile = join(home, 'desk.yaml')): OwnStepContext => ({
    desk,
    runtime: { home, deskFile, web: { port: site.port } } as never,
    pool: bench.database.pool,
  });

  interface Given {
    readonly commands?: Values;
    readonly more?: Values;
    readonly running?: RunningCommands;
    readonly ending?: AbortSignal;
    readonly deskFile?: string;
  }

  /** As the worker does it, for a desk file that has this step. */
  async function carryOut(step: Values, given: Given = {}): Promise<OwnStepOutcome> {
    const { desk } = load([own(step)], given.commands, given.more);
    const { command, http, expect, timeoutSeconds } = desk.routines[0]!.steps[0]!;
    const request = {
      stepKey: 'own',
      attemptGroup: 0,
      step: { command, http, expect, timeoutSeconds },
      marketMs: Date.parse('2026-03-02T23:30:00Z'),
    };
    const ending = given.ending ?? new AbortController().signal;
    const context = contextOf(desk, given.deskFile);
    return command === undefined
      ? runHttp(context, RUN, request, ending)
      : runCommand(context, given.running, RUN, request, ending);
  }

  const shell = (script: string, more: Values = {}, given?: Given): Promise<OwnStepOutcome> =>
    carryOut({ command: ['sh', '-c', script], ...more }, given);

  async function keptOf({ reference }: OwnStepOutcome): Promise<StepOutput> {
    const id = /^output (\d+) sha256 [0-9a-f]{64}$/.exec(reference ?? '')?.[1];
    const kept = await readStepOutput(bench.database.pool, RUN.desk, Number(id));
    if (kept === null) throw new Error(`there is no output of ${reference}`);
    expect(kept.isAsRecorded).toBe(true);
    return kept;
  }

  describe.concurrent('that is a program', () => {
    const SLOW = { pattern: '^(a+)+$' };
    it.each([
      ['echo fine', undefined, 'pass', 'exit code 0 after'],
      ['echo bad >&2; exit 3', undefined, 'fail', 'it said last: "bad"'],
      ['exit 3', { exitCode: 3 }, 'pass', 'exit code 3 after'],
      ['exit 0', { exitCode: 3 }, 'fail', 'exit code 0 after'],
      ['kill -9 $$', undefined, 'fail', 'ended by SIGKILL'],
      ['echo one; echo ready; echo two', { pattern: '^ready$' }, 'pass', 'it said last: "two"'],
      ['echo not ready', { pattern: '^ready$' }, 'fail', 'nothing in it fits /^ready$/'],
      ['echo fine', { not: 'ERROR' }, 'pass', 'exit code 0'],
      ['echo ERROR; echo fine', { not: 'ERROR' }, 'fail', 'something in it fits /ERROR/'],
      ['echo fine', { pattern: 'fine', not: 'fine' }, 'fail', 'something in it fits /fine/'],
      ['echo ready; exit 1', { pattern: '^ready$' }, 'fail', 'exit code 1'],
      ['head -c 70000 /dev/zero | tr "\\0" a', { not: 'b' }, 'fail', 'only its first 64 KiB could be judged'],
      [
        'head -c 70000 /dev/zero | tr "\\0" a; echo b',
        { pattern: 'b' },
        'fail',
        'nothing in its first 64 KiB',
      ],
      [`printf ${'a'.repeat(60)}b`, SLOW, 'fail', 'could not be judged within'],
    ] as const)(
      'output, exit code and pattern judge: %s, %j',
      async (script, expected, verdict, observed) => {
        const outcome = await shell(script, expected === undefined ? {} : { expect: expected });
        expect(outcome.observed).toContain(observed);
        expect(outcome.verdict).toBe(verdict);
      },
    );

    it('no shell reads its arguments', async () => {
      const argument = '$(id); `id` && exit 3 | * > /dev/null "$HOME" {other}';
      const outcome = await carryOut({ command: ['printf', '%s', argument] });
      expect(outcome.verdict).toBe('pass');
      expect((await keptOf(outcome)).output).toBe(argument);
    });

    it('is told the desk, its port and the date of the market there', async () => {
      const outcome = await carryOut(
        { command: ['printf', '%s', '{desk} {port} {date}'] },
        { more: { timezone: 'Europe/Berlin' } },
      );
      expect((await keptOf(outcome)).output).toBe(`crypto-bot ${site.port} 2026-03-03`);
    });

    it('that is not on this machine is not run', async () => {
      const program = 'fermata-no-such-program';
      const outcome = await carryOut({ command: [program] }, { commands: { allow: [program] } });
      expect(outcome).toMatchObject({ verdict: 'not_run', reference: null });
      expect(outcome.observed).toContain('there is no program');
    });

    it('that is here and can’t be started fails', async () => {
      const write = (name: string, text: string, mode: number): string => {
        const file = join(home, name);
        writeFileSync(file, text);
        chmodSync(file, mode);
        return file;
      };
      for (const [program, why] of [
        [write('not-a-program', 'echo it ran\n', 0o600), 'may not be executed'],
        [write('of-windows', '#!/bin/sh\r\necho it ran\r\n', 0o700), 'its interpreter is missing'],
        [write('of-elsewhere', '#!/opt/no-such-interpreter\n', 0o700), 'its interpreter is missing'],
      ] as const) {
        const outcome = await carryOut({ command: [program] }, { commands: { allow: [program] } });
        expect(outcome).toMatchObject({ verdict: 'fail', reference: null });
        expect(outcome.observed).toContain(why);
      }
    });

    it('fails where the desk’s folder was moved away', async () => {
      const folder = join(home, 'moved');
      const outcome = await carryOut({ command: ['env'] }, { deskFile: join(folder, 'desk.yaml') });
      expect(outcome).toMatchObject({ verdict: 'fail', reference: null });
      expect(outcome.observed).toBe(`the desk's folder ${folder} is gone; nothing was started`);
    });

    it('what hangs is ended with its children', async () => {
      const script = 'trap "" TERM HUP INT; sleep 600 & echo $!; sleep 600';
      const outcome = await shell(script, { timeoutSeconds: 5 });
      expect(outcome).toMatchObject({ verdict: 'fail', expected: 'exit code 0 within 5 s' });
      expect(outcome.observed).toContain('had not ended after 5 s');
      await untilGone((await keptOf(outcome)).output);
    });

    it('leaves nothing running that it has begun', async () => {
      const outcome = await shell('sleep 600 & echo $!');
      expect(outcome.verdict).toBe('pass');
      await untilGone((await keptOf(outcome)).output);
    });

    it('is ended with its worker, and by the next one where that was killed', async () => {
      const file = join(home, 'commands.json');
      const warnings: object[] = [];
      const open = () => openRunningCommands(file, (fields) => void warnings.push(fields));
      const running = await open();
      const noted = () => JSON.parse(readFileSync(file, 'utf8')) as { readonly pid: number }[];
      const begin = async (ending: AbortSignal) => {
        const outcome = shell('exec sleep 600', { timeoutSeconds: 600 }, { running, ending });
        outcome.catch(() => undefined);
        const pid = await until('it is noted', () => (existsSync(file) ? noted()[0]?.pid : null));
        return { outcome, pid: String(pid) };
      };
      const ends = new AbortController();
      const first = await begin(ends.signal);
      ends.abort();
      await expect(first.outcome).rejects.toThrow('its worker ends');
      await untilGone(first.pid);
      await until('it is noted no more', () => noted().length === 0);

      const second = await begin(new AbortController().signal);
      expect(warnings).toEqual([]);
      await open();
      expect(warnings).toEqual([{ left: ['sh'] }]);
      await untilGone(second.pid);
      expect(await second.outcome).toMatchObject({ verdict: 'fail' });

      await until('it is noted no more', () => !existsSync(file) || noted().length === 0);

      // Let go of without being asked to end.
      const third = await begin(new AbortController().signal);
      await running.end();
      await untilGone(third.pid);
      await third.outcome;
    });

    const untilGone = (pid: string) =>
      until('it is gone', async () => (await startTimeOf(Number(pid.trim()))) === null);
  });

  it('fails where it is on PATH and its interpreter is missing', async () => {
    const program = 'own-feed-age';
    writeFileSync(join(home, program), '#!/opt/no-such-interpreter\n', { mode: 0o700 });
    vi.stubEnv('PATH', `${process.env.PATH}:${home}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const outcome = await carryOut({ command: [program] }, { commands: { allow: [program] } });
    expect(outcome).toMatchObject({ verdict: 'fail', reference: null });
    expect(outcome.observed).toContain('its interpreter is missing');
  });

  it('a secret in the output is redacted', async () => {
    const secret = 'Zx7-correct-horse';
    writeFileSync(join(home, 'secrets', 'some-key'), `${secret}\n`);
    vi.stubEnv('OWN_BROKER_TOKEN', 'Qy9-battery-staple');
    vi.stubEnv('OWN_BROKER_PLACE', 'Frankfurt');
    onTestFinished(() => void vi.unstubAllEnvs());
    const said = await shell(`echo the key is ${secret}`);
    expect(said.observed).toContain('it said last: "the key is [redacted]"');
    expect((await keptOf(said)).output).toBe('the key is [redacted]\n');
    // It begins within what is kept, and ends beyond it.
    const late = await keptOf(
      await shell(`head -c 65530 /dev/zero | tr "\\0" .; printf ${secret}; echo more`),
    );
    expect(late.cut).toBe(true);
    expect(late.output).not.toContain('Zx7');
    expect(late.output.length).toBeGreaterThan(65_000);
    // What was read ends in the middle of one, and comes within what is kept, since those before it got shorter.
    const many = await keptOf(await shell(`yes ${secret} | head -n 5000 | tr -d "\\n"`));
    expect(many.output.slice(0, 10)).toBe('[redacted]');
    expect(many.output).not.toContain('Zx7');

    const none = await keptOf(await carryOut({ command: ['env'] }));
    expect(none.output).not.toMatch(/OWN_BROKER|FERMATA|HOME=/);
    const commands = { allow: ['env'], environment: ['OWN_BROKER_TOKEN', 'OWN_BROKER_PLACE'] };
    const given = await keptOf(await carryOut({ command: ['env'] }, { commands }));
    expect(given.output).toMatch(/^OWN_BROKER_TOKEN=\[redacted\]$/m);
    expect(given.output).toMatch(/^OWN_BROKER_PLACE=Frankfurt$/m);
  });

  describe('that is an address', () => {
    const commands = { hosts: ['127.0.0.1:{port}'] };
    const ask = (path: string, more: Values = {}) =>
      carryOut({ http: `http://127.0.0.1:{port}${path}`, ...more }, { commands });

    it.each([
      ['/ready', {}, 'pass', 'status 200 after', 'ready\n'],
      ['/ready', { expect: { pattern: '^ready$' } }, 'pass', 'it said last: "ready"', 'ready\n'],
      ['/ready', { expect: { pattern: '^done$' } }, 'fail', 'nothing in it fits /^done$/', 'ready\n'],
      ['/ready', { expect: { status: 204 } }, 'fail', 'status 200', 'ready\n'],
      ['/missing', {}, 'fail', 'status 404', 'nothing here\n'],
      ['/missing', { expect: { status: 404 } }, 'pass', 'status 404', 'nothing here\n'],
      ['/moved', {}, 'fail', 'status 302, a redirect, which is not followed', null],
      ['/moved', { expect: { status: 302 } }, 'pass', 'status 302', null],
      ['/large', {}, 'pass', 'status 200', 'b'.repeat(65_536)],
      [
        '/large',
        { expect: { not: 'c' } },
        'fail',
        'only its first 64 KiB could be judged',
        'b'.repeat(65_536),
      ],
      ['/endless', {}, 'pass', 'status 200', 'e'.repeat(65_536)],
      ['/silent', { timeoutSeconds: 1 }, 'fail', 'no whole answer within 1 s', null],
    ] as const)(
      'http: another host, a redirect and a 65 KiB body: %s, %j',
      async (path, more, verdict, observed, kept) => {
        const asked = site.asked.length;
        const outcome = await ask(path, more);
        expect(outcome.observed).toContain(observed);
        expect(outcome.verdict).toBe(verdict);
        expect(site.asked.slice(asked)).toEqual([path]);
        if (kept === null) expect(outcome.reference).toBeNull();
        else expect(await keptOf(outcome)).toMatchObject({ output: kept, cut: kept.length > 60_000 });
      },
    );

    it('on another host than those of the list, once the port is known, is not asked', async () => {
      const hosts = [`127.0.0.1:${site.port - 1}`];
      const api = { host: '127.0.0.1', port: site.port - 1 };
      const asked = site.asked.length;
      const outcome = await carryOut(
        { http: 'http://127.0.0.1:{port}/ready' },
        { commands: { hosts }, more: { api } },
      );
      expect(outcome).toMatchObject({ verdict: 'not_run', reference: null });
      expect(site.asked.length).toBe(asked);
    });

    it('that nobody answers at fails', async () => {
      const gone = await openSite();
      await gone.close();
      const address = `127.0.0.1:${gone.port}`;
      const outcome = await carryOut({ http: `http://${address}/` }, { commands: { hosts: [address] } });
      expect(outcome).toMatchObject({ verdict: 'fail', reference: null });
      expect(outcome.observed).toContain('no whole answer');
    });
  });

  it('shows that its worker lives for as long as it takes', async () => {
    const file = join(home, 'it-may-end');
    const script = `until test -e ${file}; do sleep 0.1; done`;
    const { desk } = load([own({ command: ['sh', '-c', script], timeoutSeconds: 600 })]);
    const at = await bench.desk({ context: { desk, runtime: contextOf(desk).runtime } });
    const steps = desk.routines[0]?.steps as readonly RoutineStep[];
    const routine = await startRoutine(bench, at, steps, { name: 'own' });
    const handle = bench.client.workflow.getHandle(routine.workflowId);
    await until('a heartbeat', async () => {
      const { pendingActivities } = (await handle.describe()).raw;
      return pendingActivities?.some(
        ({ activityType, lastHeartbeatTime }) => activityType?.name === 'runCommand' && lastHeartbeatTime,
      );
    });
    writeFileSync(file, '');
    expect((await routine.result()).verdict).toBe('pass');
  });

  it('leaves evidence that names its output, and does nothing that the desk file does not say', async () => {
    const steps = [
      {
        key: 'said',
        title: 'It says so',
        command: ['printf', '%s', 'all is well'],
        expect: { pattern: 'well' },
      },
      { key: 'page', title: 'The page answers', http: 'http://127.0.0.1:{port}/ready', onFail: 'stop' },
    ];
    const { desk } = load(steps, { allow: ['printf'], hosts: ['127.0.0.1:{port}'] });
    const context = contextOf(desk);
    const at = await bench.desk({ context: { desk, runtime: context.runtime } });
    // Whoever reaches Temporal, or the schedule of an earlier desk file.
    const slipped = ['printf', '%s', 'something else'];
    const asked = desk.routines[0]?.steps as readonly RoutineStep[];
    const other: RoutineStep = { ...(asked[0] as RoutineStep), key: 'other', command: slipped };
    const routine = await startRoutine(bench, at, [...asked, other], { name: 'own', title: 'Own checks' });
    const { verdict, steps: results } = await routine.result();
    expect(verdict).toBe('pass');
    const byKey = Object.fromEntries(results.map((result) => [result.key, result]));
    expect(byKey.said).toMatchObject({
      verdict: 'pass',
      expected: 'exit code 0 within 30 s, output that fits /well/',
    });
    expect(byKey.page).toMatchObject({ verdict: 'pass' });
    expect(byKey.other).toMatchObject({ verdict: 'not_run' });
    expect(byKey.other?.observed).toContain('has no such step');

    const { pool, ownerPool } = bench.database;
    const evidence = await pool.query<{ step_key: string; kind: string; reference: string | null }>(
      `select step_key, kind, reference from evidence where desk = $1 and routine = 'own' order by step_key`,
      [at.name],
    );
    expect(evidence.rows).toMatchObject([
      { step_key: 'other', kind: 'check', reference: null },
      { step_key: 'page', kind: 'check' },
      { step_key: 'said', kind: 'check' },
    ]);
    const id = Number(evidence.rows[2]?.reference?.split(' ')[1]);
    const read = () => readStepOutput(pool, at.name, id);
    expect(await read()).toMatchObject({ output: 'all is well', cut: false, isAsRecorded: true });
    expect(await readStepOutput(pool, 'another-desk', id)).toBeNull();
    await expect(pool.query('update step_output set cut = true where id = $1', [id])).rejects.toThrow();

    // Who owns the database makes it fit its own hash; the evidence has the one of before.
    await ownerPool.query('alter table step_output disable trigger step_output_append_only');
    await ownerPool.query(
      `update step_output set output = 'all was well', hash = encode(sha256('all was well'), 'hex') where id = $1`,
      [id],
    );
    expect(await read()).toMatchObject({ output: 'all was well', isAsRecorded: false });
    await keepHistory(bench, 'routine-with-own-checks', routine.workflowId);
  });
});

interface Site {
  readonly port: number;
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

async function openSite(): Promise<Site> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    response.on('error', () => undefined);
    if (path === '/ready') response.end('ready\n');
    else if (path === '/moved') response.writeHead(302, { location: '/ready' }).end();
    else if (path === '/large') response.end(`${'b'.repeat(65 * 1024)}c`);
    else if (path === '/endless') {
      const timer = setInterval(() => response.write('e'.repeat(16_384)), 5);
      response.once('close', () => clearInterval(timer));
    } else if (path === '/silent') response.writeHead(200).flushHeaders();
    else response.writeHead(404).end('nothing here\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
