/** Incidents of a desk's own: what its file may say, what opens them, and how every entrance takes them. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { STEP_PARTS } from '../../src/checks/registry.js';
import { DeskFileError, type DeskProblem } from '../../src/desk/problem.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { HaltCause } from '../../src/domain/mode.js';
import { listIncidents, openIncident, ownKinds } from '../../src/operations/handle-incidents.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { incidentStart, reportIncident, symptomsOf } from '../../src/temporal/report-incident.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';
import { until } from '../support/eventually.js';
import { scriptedStatus } from '../support/trader-status.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { openIncident as beginIncident, operationsOf, timelineOf } from './incident-bench.js';

const FILE = fileURLToPath(new URL('./own-desk/desk.yaml', import.meta.url));
const ownDesk = loadDesk(FILE, { parts: STEP_PARTS }).desk;
const slob = loadDesk(resolveDesk('slob')).desk;

interface OwnFile {
  incidents: { kinds: Record<string, Record<string, unknown> & { steps: Record<string, unknown>[] }> };
  routines: { steps: Record<string, unknown>[] }[];
}

function problemsOf(change: (file: OwnFile) => void): readonly DeskProblem[] {
  const file = parse(readFileSync(FILE, 'utf8')) as OwnFile;
  change(file);
  try {
    parseDesk('desk.yaml', stringify(file), { parts: STEP_PARTS });
    return [];
  } catch (error) {
    if (error instanceof DeskFileError) return error.problems;
    throw error;
  }
}

function halted(cause: HaltCause) {
  const scope = { kind: 'desk' } as const;
  const of = { haltId: 'a'.repeat(32), mode: 'HALTED', scope, cause, by: 'fermata', resume: 'auto' } as const;
  return scriptedStatus({
    mode: 'HALTED',
    halts: [{ ...of, reason: 'because', atWallMs: 0, atMarketMs: 0 }],
    haltId: of.haltId,
  });
}

const kindsOf = (desk: typeof ownDesk, cause: HaltCause) =>
  symptomsOf(desk, halted(cause)).map(({ kind, title }) => [kind, title]);

describe('a desk file', () => {
  it.each<[string, (file: OwnFile) => void, string, RegExp, RegExp]>([
    [
      'a kind that nobody knows',
      ({ incidents }) => Object.assign(incidents.kinds, { 'exchange-dwon': { severity: 'high' } }),
      'incidents.kinds.exchange-dwon',
      /^one of the kinds that ship \(exchange-down, .*\), or steps/,
      /^write exchange-down, or add its steps$/,
    ],
    [
      'a kind with steps whose name ships',
      ({ incidents }) => Object.assign(incidents.kinds, { 'exchange-down': incidents.kinds['late-bank'] }),
      'incidents.kinds.exchange-down',
      /^a name of its own for a kind with steps$/,
      /^rename yours: exchange-down comes with Fermata, with a playbook of its own$/,
    ],
    [
      'a step that names no kind of the desk',
      ({ routines }) => Object.assign(routines[0]?.steps[0] ?? {}, { incident: 'late-bnak' }),
      'routines[0].steps[0].incident',
      /^one of the kinds step-failed, power-lost, late-bank$/,
      /^write incident: late-bank$/,
    ],
    [
      'a kind beside another onFail',
      ({ routines }) => Object.assign(routines[0]?.steps[0] ?? {}, { onFail: 'warn' }),
      'routines[0].steps[0].incident',
      /^onFail: incident beside it$/,
      /^write onFail: incident, or take incident out$/,
    ],
    [
      'a cause that opens two kinds',
      ({ incidents }) =>
        Object.assign(incidents.kinds['late-bank'] ?? {}, { trigger: { halt: ['clock-jump'] } }),
      'incidents.kinds.late-bank.trigger.halt[0]',
      /^what opens no other kind$/,
      /^take it out of one of the two$/,
    ],
    [
      'a halt that opens it again',
      ({ incidents }) =>
        Object.assign(incidents.kinds['power-lost'] ?? {}, { trigger: { halt: ['venue', 'check-failed'] } }),
      'incidents.kinds.power-lost.trigger.halt[1]',
      /^a cause that no step of its own makes$/,
      /^take check-failed out: the desk has halted where that opens it$/,
    ],
    [
      'a halt that a person causes',
      ({ incidents }) => Object.assign(incidents.kinds['late-bank'] ?? {}, { trigger: { halt: ['person'] } }),
      'incidents.kinds.late-bank.trigger.halt[0]',
      /^one of daily-loss, drawdown, /,
      /^write one of daily-loss/,
    ],
    [
      'an unless of a step below',
      ({ incidents }) => Object.assign(incidents.kinds['power-lost']?.steps[0] ?? {}, { unless: 'flat' }),
      'incidents.kinds.power-lost.steps[0].unless',
      /^the key of a step above it \(there is none\)$/,
      /^write one of these, or take unless out$/,
    ],
    [
      'an unless of a step that its routine does not have',
      ({ routines }) => Object.assign(routines[0]?.steps[0] ?? {}, { unless: 'flat' }),
      'routines[0].steps[0].unless',
      /^the key of a step above it \(there is none\)$/,
      /^write one of these, or take unless out$/,
    ],
    [
      'something to tick beside no person',
      ({ routines }) => Object.assign(routines[0]?.steps[0] ?? {}, { items: ['power is there'] }),
      'routines[0].steps[0].items',
      /^human beside it$/,
      /take items out$/,
    ],
    [
      'a program that is not on the list',
      ({ incidents }) => Object.assign(incidents.kinds['power-lost']?.steps[0] ?? {}, { command: ['sh'] }),
      'incidents.kinds.power-lost.steps[0].command[0]',
      /^one of the programs of commands.allow \(true\)$/,
      /^add sh to commands.allow/,
    ],
    [
      'an action that there is not',
      ({ incidents }) => Object.assign(incidents.kinds['power-lost']?.steps[1] ?? {}, { action: 'arm' }),
      'incidents.kinds.power-lost.steps[1].action',
      /^one of the actions backup, restore-drill, trading-journal, vacuum, remove-old-logs, remove-old-backups, halt, stop, close-all, restart-trader, restore-database$/,
      /^write one of these/,
    ],
    [
      'a restore of the database on a desk that may trade',
      ({ incidents }) =>
        Object.assign(incidents.kinds['late-bank'] ?? {}, {
          // It would stop too late.
          steps: [
            { key: 'restore', title: 'Restore', action: 'restore-database' },
            { key: 'stop', title: 'Stop', action: 'stop' },
          ],
        }),
      'incidents.kinds.late-bank.steps[0].action',
      /^a step above it that stops the desk until a person resumes$/,
      /^put a step with action: stop above it$/,
    ],
    [
      'one who acts again and again',
      ({ incidents }) => Object.assign(incidents.kinds['power-lost']?.steps[1] ?? {}, { withinMinutes: 5 }),
      'incidents.kinds.power-lost.steps[1].withinMinutes',
      /^check or http beside it$/,
      /^take withinMinutes out/,
    ],
    [
      'two answers of one name',
      ({ incidents }) =>
        Object.assign(incidents.kinds['late-bank'] ?? {}, {
          steps: [{ key: 'ask', title: 'Ask', choose: [0, 1].map(() => ({ key: 'yes', title: 'Yes' })) }],
        }),
      'incidents.kinds.late-bank.steps[0].choose[1].key',
      /^each only once$/,
      /^remove it or give it another value$/,
    ],
    [
      'a misspelt key of a step',
      ({ incidents }) => Object.assign(incidents.kinds['late-bank'] ?? {}, { severty: 'low' }),
      'incidents.kinds.late-bank.severty',
      /^one of the keys title, severity, trigger/,
      /^write severity instead of severty$/,
    ],
  ])('with %s is refused', (_what, change, key, expected, doThis) => {
    const problems = problemsOf(change);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      key,
      expected: expect.stringMatching(expected),
      doThis: expect.stringMatching(doThis),
    });
  });

  it('may not halt trading by a routine’s step as by a playbook’s', () => {
    const [problem] = problemsOf(({ routines }) => {
      routines[0]?.steps.push({ key: 'halt', title: 'Halt', action: 'halt' });
    });
    expect(problem).toMatchObject({
      expected:
        'one of the actions backup, restore-drill, trading-journal, vacuum, remove-old-logs, remove-old-backups',
    });
  });
});

describe('what opens an own incident', () => {
  it('a halt of its cause, instead of one that only says that trading halted', () => {
    expect(kindsOf(ownDesk, 'clock-jump')).toEqual([['power-lost', 'Power lost']]);
    expect(kindsOf(ownDesk, 'reconciliation')).toEqual([
      ['trading-halted', 'Trading halted: reconciliation'],
    ]);
  });

  it('beside what ships, where that looks after stops and positions', () => {
    const openedBy = (cause: HaltCause) => kindsOf(slob, cause).map(([kind]) => kind);
    expect(openedBy('venue')).toEqual(['connection-lost', 'exchange-down']);
    // The venue answers, and its prices do not come.
    expect(openedBy('stale-data')).toEqual(['connection-lost']);
    expect(openedBy('daily-loss')).not.toContain('connection-lost');
  });

  it('is started with its steps, severity and times of the desk file', () => {
    const [symptom] = symptomsOf(ownDesk, halted('clock-jump'));
    const [input] = incidentStart(ownDesk, symptom as never, null).args;
    expect(input).toMatchObject({
      kind: 'power-lost',
      severity: 'critical',
      playbook: { over: 'passed', haltRule: ownDesk.resume.fault },
    });
    expect(input.playbook?.steps.map(({ key }) => key)).toEqual(['power', 'halt', 'flat', 'person']);
    expect(input.timing).toMatchObject({ respondMs: 5 * 60_000, offerMs: 10 * 60_000 });
  });
});

describe('every entrance', () => {
  let bench: Bench;
  let desk: BenchDesk;
  let context: OperationContext;
  beforeAll(async () => {
    bench = await openBench();
    desk = await bench.desk({ serve: ['operations', 'engine'] });
    context = operationsOf(bench, desk, ownDesk);
  });
  afterAll(() => bench?.close());

  const anna = { person: 'anna', via: 'cli' } as const;
  const rowOf = (kind: string) =>
    until(`the row of ${kind}`, async () => (await listIncidents(context)).find((one) => one.kind === kind));

  it('takes an own kind, with its title where none is given, and shows it', async () => {
    expect(ownKinds(context)).toEqual([
      { kind: 'power-lost', title: 'Power lost' },
      { kind: 'late-bank', title: 'The bank is late' },
    ]);
    const opened = await openIncident(context, anna, {
      kind: 'late-bank',
      title: '',
      detail: 'nothing came',
    });
    expect(opened).toMatchObject({ ok: true, detail: 'The incident "The bank is late" is open.' });
    expect(await rowOf('late-bank')).toMatchObject({ subject: '', title: 'The bank is late' });
    const again = await openIncident(context, anna, { kind: 'late-bank', title: 'Still', detail: '' });
    expect(again.detail).toBe('Added to the incident "The bank is late" that lasts.');
  });

  it('refuses a kind that the desk does not have, and says which it has', async () => {
    for (const [kind, near] of [
      ['late-bnak', ' Write late-bank.'],
      ['exchange-down', ''],
    ] as const)
      expect(await openIncident(context, anna, { kind, title: 'x', detail: '' })).toMatchObject({
        ok: false,
        detail: `Kind: expected one of reported, power-lost, late-bank, found ${kind}.${near} Nothing was opened.`,
      });
  });

  it('takes a failed step to the kind that it names, else to the one that asks for failed steps', async () => {
    const step = { subject: 'daily.disk', key: 'k', source: 'routine daily', title: 'Daily', detail: 'full' };
    await reportIncident(context, { kind: 'step-failed', ...step });
    expect(await rowOf('power-lost')).toMatchObject({ subject: '', detail: 'full' });
    const before = await reportIncident(context, { ...step, kind: 'gone-since', key: 'k2' });
    expect(before).toMatchObject({ opened: false });
  });
});

describe('the SLOB desk’s lost connection', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  afterAll(() => bench?.close());

  /** Its playbook, without its waiting, with what the looks at the gateway find; the last one counts from then on. */
  async function lost(...looks: readonly ('pass' | 'fail')[]) {
    return lostWith('pass', looks);
  }

  async function lostWith(prices: 'pass' | 'fail', looks: readonly ('pass' | 'fail')[]) {
    const runtime = { home: '/proc/nowhere', deskFile: resolveDesk('slob'), web: { port: 1 } } as never;
    const desk = await bench.desk({ serve: ['operations', 'engine'], context: { desk: slob, runtime } });
    let at = 0;
    desk.checks.set('venue-port', () => ({
      verdict: 'fail',
      observed: 'ECONNREFUSED',
      expected: 'port 4002',
    }));
    desk.checks.set('log-errors', () => ({
      verdict: 'fail',
      observed: '1 error (trader 1); the newest: trader: the way to the broker is broken',
      expected: 'none',
    }));
    desk.checks.set('venue-reachable', () => {
      const verdict = looks[Math.min(at, looks.length - 1)] ?? 'pass';
      at += 1;
      return { verdict, observed: verdict, expected: 'an answer' };
    });
    desk.checks.set('data-fresh', () => ({ verdict: prices, observed: prices, expected: 'prices arrive' }));
    desk.trader.halt('venue', 'auto');
    const [symptom] = symptomsOf(slob, halted('venue'));
    const [{ playbook }] = incidentStart(slob, symptom as never, null).args;
    const steps = (playbook?.steps ?? []).map((step) => ({ ...step, waitMinutes: 0, withinMinutes: 0 }));
    const incident = await beginIncident(bench, desk, {
      kind: 'connection-lost',
      subject: '',
      playbook: { over: 'trading', haltRule: 'auto', backupsKept: 14, ...playbook, steps },
    });
    const said = await until('its steps', async () => {
      const timeline = await timelineOf(bench, incident);
      return timeline.length === 10 ? timeline.slice(1) : null;
    });
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).outcome).toBe('the desk trades');
    return { desk, said: said.map(({ name, verdict, observed }) => [name, verdict, observed]) };
  }

  it('asks a person where the gateway has no command here, and leaves the trader where the connection is back', async () => {
    const { desk, said } = await lost('fail', 'pass');
    expect(said).toEqual([
      ['IB Gateway listens', 'fail', 'ECONNREFUSED'],
      ['What the error log says', 'fail', expect.stringContaining('the way to the broker is broken')],
      ['IB Gateway answers', 'fail', 'fail'],
      ['Restart IB Gateway', 'not_run', 'there is no program restart-ib-gateway here'],
      ['Restart IB Gateway by hand', 'not_run', expect.stringMatching(/^task \d+ waits for a person$/)],
      ['Connected again', 'pass', 'pass'],
      ['Restart the trader', 'not_run', 'not run: "Connected again" passed'],
      ['Prices arrive again', 'pass', 'pass'],
      ['Have the prices arrive again', 'not_run', 'not run: "Prices arrive again" passed'],
    ]);
    expect(desk.restarted).toEqual([]);
  });

  it('restarts the gateway by the command of this desk, and asks nobody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'restart-ib-gateway'), '#!/bin/sh\necho restarted\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { said } = await lost('fail', 'pass');
    expect(said.slice(3, 5)).toEqual([
      ['Restart IB Gateway', 'pass', expect.stringContaining('it said last: "restarted"')],
      ['Restart IB Gateway by hand', 'not_run', 'not run: "Restart IB Gateway" passed'],
    ]);
  });

  it('restarts the trader where the connection is not back', async () => {
    const { desk, said } = await lost('fail');
    expect(said.at(-3)).toEqual([
      ...['Restart the trader', 'pass', 'trader was started again. Proven: it answers, HALTED.'],
    ]);
    expect(desk.restarted).toEqual(['trader']);
    // Here it was not waited for; the desk file says how long it is.
    const steps = incidentStart(slob, symptomsOf(slob, halted('venue'))[0] as never, null).args[0].playbook
      ?.steps;
    const step = (key: string) => steps?.find((one) => one.key === key);
    expect(step('reconnected')).toMatchObject({ check: 'venue-reachable', withinMinutes: 5 });
    expect(step('by-hand')).toMatchObject({ dueHours: 1, waitMinutes: 30 });
    expect(step('log')).toMatchObject({ check: 'log-errors', with: { hours: 0.5, quoted: 20 } });
    expect(step('data')).toMatchObject({ check: 'data-fresh', withinMinutes: 5 });
  });

  it('asks a person where the gateway answers and no prices arrive, and says of nothing that it passed where it was not done', async () => {
    const { desk, said } = await lostWith('fail', ['pass']);
    expect(said.slice(2)).toEqual([
      ['IB Gateway answers', 'pass', 'pass'],
      ['Restart IB Gateway', 'not_run', 'not run: "IB Gateway answers" passed'],
      ['Restart IB Gateway by hand', 'not_run', 'not run: "Restart IB Gateway" was not needed'],
      ['Connected again', 'pass', 'pass'],
      ['Restart the trader', 'not_run', 'not run: "Connected again" passed'],
      ['Prices arrive again', 'fail', 'fail'],
      ['Have the prices arrive again', 'not_run', expect.stringMatching(/^task \d+ waits for a person$/)],
    ]);
    expect(desk.restarted).toEqual([]);
  });
});
