/** The playbook of a desk's own kind of incident: steps without code, carried out by the workflow of every incident. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OwnPlaybook, PlaybookStep } from '../../src/contracts/incident.js';
import { backupWorkflowId } from '../../src/contracts/queues.js';
import { readIncident } from '../../src/operations/handle-incidents.js';
import { closeTask, readTasks } from '../../src/store/task-rows.js';
import { until } from '../support/eventually.js';
import { openApproval, vote } from '../workflows/support/decisions.js';
import type { Bench, BenchDesk } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import { openIncident, type RunningIncident, timelineOf, toldOf } from './incident-bench.js';
import { calm, openPlaybookBench, type PlaybookBench, stepOf } from './playbook-bench.js';

let bench: Bench;
let desk: BenchDesk;
let playbooks: PlaybookBench;
beforeAll(async () => {
  playbooks = await openPlaybookBench();
  ({ bench, desk } = playbooks);
});
afterAll(() => playbooks?.close());
beforeEach(() => {
  calm(desk);
  desk.checks.clear();
  desk.trader.refusesClosing = null;
});

const step = (key: string, does: Partial<PlaybookStep>): PlaybookStep => ({
  key,
  title: `Step ${key}`,
  onFail: 'warn',
  timeoutSeconds: 10,
  with: {},
  ...does,
});

const open = (steps: readonly PlaybookStep[], more: Partial<OwnPlaybook> = {}): Promise<RunningIncident> =>
  openIncident(bench, desk, {
    kind: 'prices-stand-still',
    playbook: { steps, over: 'passed', haltRule: 'person', backupsKept: 14, ...more },
  });

const saidOf = async (incident: RunningIncident) =>
  (await timelineOf(bench, incident)).map(({ name, verdict }) => [name, verdict]);

const fail = (observed: string) => () => ({ verdict: 'fail', observed, expected: 'fine' }) as const;

describe('an own playbook', () => {
  it('carries out its steps one after the other, and leaves out what an earlier one made needless', async () => {
    const order: string[] = [];
    const noted = (name: string, verdict: 'pass' | 'fail') => () => {
      order.push(name);
      return { verdict, observed: name, expected: 'fine' };
    };
    desk.checks.set('database', noted('first', 'fail'));
    desk.checks.set('disk-space', noted('second', 'pass'));
    const incident = await open([
      step('first', { check: 'database' }),
      step('mend', { check: 'disk-space', unless: 'first' }),
      step('again', { check: 'disk-space', unless: 'mend' }),
    ]);
    expect((await incident.result()).outcome).toBe('"Step again" passed');
    expect(order).toEqual(['first', 'second']);
    expect(await saidOf(incident)).toEqual([
      ['Opened', 'fail'],
      ['Step first', 'fail'],
      ['Step mend', 'pass'],
      ['Step again', 'not_run'],
      ['Over', 'pass'],
    ]);
  });

  it('whose last step does not pass tells people, and is over when one of them says so', async () => {
    desk.checks.set('venue-reachable', fail('still away'));
    const incident = await open([step('reconnected', { check: 'venue-reachable' })]);
    await until('people are told', async () =>
      (await toldOf(bench, incident)).some(({ body }) => body.includes('"Step reconnected" has not passed')),
    );
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
  });

  it('carries out nothing more where a step says so, and tells people', async () => {
    desk.checks.set('database', fail('a page is torn'));
    const incident = await open([
      step('integrity', { check: 'database', onFail: 'stop' }),
      step('stop', { action: 'stop' }),
    ]);
    await until('people are told', async () =>
      (await toldOf(bench, incident)).some(({ body }) => body.includes('stops the playbook')),
    );
    expect((await stepOf(bench, incident, 'Step stop')).observed).toContain('failed and stops the playbook');
    expect(desk.trader.sent('stop')).toEqual([]);
    await incident.end();
  });

  it('looks again as long as a step says, and keeps the last look', async () => {
    let looks = 0;
    desk.checks.set('venue-reachable', () => {
      looks += 1;
      return { verdict: looks < 3 ? 'fail' : 'pass', observed: `look ${looks}`, expected: 'an answer' };
    });
    const incident = await open([step('back', { check: 'venue-reachable', withinMinutes: 10 })]);
    expect((await incident.result()).outcome).toBe('"Step back" passed');
    const found = (await timelineOf(bench, incident)).filter(({ name }) => name === 'Step back');
    expect(found).toMatchObject([{ verdict: 'pass', observed: 'look 3' }]);
  });

  it('restarts the trader, and says that it answers', async () => {
    const incident = await open([step('restart', { action: 'restart-trader' })]);
    expect((await incident.result()).outcome).toBe('"Step restart" passed');
    expect(desk.restarted).toEqual(['trader']);
    expect(await stepOf(bench, incident, 'Step restart')).toMatchObject({
      observed: 'trader was started again. Proven: it answers, ACTIVE.',
    });
  });

  it.each([
    ['has resumed', true, 'not restored: the desk trades'],
    ['has not', false, 'restored'],
  ])(
    'restores the database while trading is stopped: a person %s meanwhile',
    async (_, resumes, observed) => {
      const restored: string[] = [];
      desk.restores.carryOut = async (key) => {
        restored.push(key);
        return { restored: true, says: 'restored' };
      };
      const incident = await open([
        step('stop', { action: 'stop' }),
        step('restore', { action: 'restore-database' }),
      ]);
      await openApproval(bench, desk.name, ':restore');
      if (resumes) [desk.trader.halts, desk.trader.mode] = [[], 'ACTIVE'];
      await vote(bench, desk.name, { idEnds: ':restore' });
      expect((await stepOf(bench, incident, 'Step restore')).observed).toContain(observed);
      expect(restored).toHaveLength(resumes ? 0 : 1);
      await incident.end();
    },
  );

  it('asks for one of several answers, and does nothing where nobody agrees to any', async () => {
    const answers = [
      { key: 'less', title: 'Half the size', sizePct: 50, dueHours: 1 },
      { key: 'call', title: 'Call the desk', human: 'Call them', dueHours: 1 },
    ];
    const incident = await open([step('choice', { choose: answers })]);
    await vote(bench, desk.name, { idEnds: ':choice-less', choice: 'reject' });
    await vote(bench, desk.name, { idEnds: ':choice-call', choice: 'reject' });
    expect(await stepOf(bench, incident, 'Step choice')).toMatchObject({
      ...{
        verdict: 'not_run',
        observed: expect.stringMatching(/^Half the size: rejected, .*; Call the desk: rej/),
      },
    });
    expect(desk.trader.sent('resize')).toEqual([]);
    await incident.end();
  });

  it('never makes positions larger by an answer', async () => {
    desk.trader.sizePct = 25;
    const answers = [
      { key: 'less', title: 'Half the size', sizePct: 50, dueHours: 1 },
      { key: 'none', title: 'Leave it', dueHours: 1 },
    ];
    const incident = await open([step('choice', { choose: answers })]);
    await vote(bench, desk.name, { idEnds: ':choice-less' });
    expect((await incident.result()).outcome).toBe('"Step choice" passed');
    expect(desk.trader.sizePct).toBe(25);
  });

  it('asks again in the next incident of its kind, however soon that follows', async () => {
    const answers = [
      { key: 'less', title: 'Half the size', sizePct: 50, dueHours: 1 },
      { key: 'none', title: 'Leave it', dueHours: 1 },
    ];
    const playbook = {
      steps: [step('choice', { choose: answers })],
      over: 'passed',
      haltRule: 'person',
      backupsKept: 14,
    } as const;
    for (let nth = 1; nth <= 2; nth += 1) {
      const incident = await openIncident(bench, desk, { kind: 'twice', subject: 'twice', playbook });
      await vote(bench, desk.name, { idEnds: ':choice-less' });
      expect((await incident.result()).outcome).toBe('"Step choice" passed');
    }
    const commands = desk.trader
      .sent('resize')
      .map((command) => (command as { commandId: string }).commandId);
    expect(new Set(commands).size).toBe(2);
  });

  it('is over when the desk trades, where it says so', async () => {
    desk.trader.halt('venue', 'auto');
    const incident = await open([step('look', { check: 'data-fresh' })], { over: 'trading' });
    await stepOf(bench, incident, 'Step look');
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).outcome).toBe('the desk trades');
  });

  it('is over when the desk trades again, too, while a step waits for a person: the other steps are left out', async () => {
    desk.trader.halt('venue', 'auto');
    const steps = [
      step('by-hand', { human: 'Start the gateway again', waitMinutes: 60 }),
      step('after', { check: 'database' }),
    ];
    const incident = await open(steps, { over: 'trading' });
    const asked = await until('the task', async () =>
      (await readTasks(bench.database.pool, desk.name)).find(({ title }) => title === 'Step by-hand'),
    );
    const ofDesk = { pool: bench.database.pool, desk: { desk: desk.name } as never };
    expect(await until('its row', () => readIncident(ofDesk, incident.id))).toMatchObject({ tasks: [asked] });
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).outcome).toBe('the desk trades');
    expect(await stepOf(bench, incident, 'Step by-hand')).toMatchObject({
      verdict: 'not_run',
      observed: expect.stringContaining('the incident is over'),
    });
    expect(await stepOf(bench, incident, 'Step after')).toMatchObject({
      verdict: 'not_run',
      observed: 'not run: the desk trades again',
    });
    await keepHistory(bench, 'incident-own-playbook-trades-again', incident.workflowId);
  });

  it('carries out its steps where the desk trades all along', async () => {
    const incident = await open([step('look', { check: 'database' })], { over: 'trading' });
    expect((await incident.result()).outcome).toBe('the desk trades');
    expect(await stepOf(bench, incident, 'Step look')).toMatchObject({ verdict: 'pass' });
  });

  it('halts and stops trading once each, with proof', async () => {
    const incident = await open([step('halt', { action: 'halt' }), step('stop', { action: 'stop' })]);
    await incident.result();
    expect(desk.trader.sent('halt')).toMatchObject([
      { by: 'incident prices-stand-still', reason: 'Step halt', cause: 'check-failed', resume: 'person' },
    ]);
    expect(desk.trader.sent('stop')).toHaveLength(1);
    const stopped = await stepOf(bench, incident, 'Step stop');
    expect(stopped).toMatchObject({ verdict: 'pass', observed: expect.stringContaining('Proven: HALTED') });
  });

  it('closes everything only once a person agrees, and says who', async () => {
    desk.trader.positions = ['BTC/USDT 0.5'];
    const incident = await open([step('close', { action: 'close-all' })]);
    await openApproval(bench, desk.name, ':close');
    expect(desk.trader.sent('closeAll')).toEqual([]);
    await vote(bench, desk.name, { idEnds: ':close' });
    expect((await incident.result()).outcome).toBe('"Step close" passed');
    expect(desk.trader.sent('closeAll')).toHaveLength(1);
    expect(await stepOf(bench, incident, 'Step close')).toMatchObject({ verdict: 'pass', person: 'anna' });
  });

  it('closes nothing where a person says no', async () => {
    const incident = await open([step('close', { action: 'close-all' })]);
    await vote(bench, desk.name, { idEnds: ':close', choice: 'reject' });
    expect(await stepOf(bench, incident, 'Step close')).toMatchObject({ verdict: 'not_run' });
    expect(desk.trader.sent('closeAll')).toEqual([]);
    await incident.end();
  });

  it('takes the question back where it is declared over meanwhile, and closes nothing', async () => {
    const incident = await open([
      step('close', { action: 'close-all' }),
      step('after', { check: 'database' }),
    ]);
    await openApproval(bench, desk.name, ':close');
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
    expect(desk.trader.sent('closeAll')).toEqual([]);
    expect(await stepOf(bench, incident, 'Step after')).toMatchObject({
      verdict: 'not_run',
      observed: 'not run: the incident was declared over',
    });
  });

  it('tells people at once of an action that the trader refuses', async () => {
    desk.trader.refusesClosing = 'not now';
    const incident = await open([step('close', { action: 'close-all' })]);
    await vote(bench, desk.name, { idEnds: ':close' });
    await until('people are told', async () =>
      (await toldOf(bench, incident)).some(({ body }) => body.includes('"close-all" is not proven')),
    );
    await incident.end();
  });

  it('asks a person, and goes on when that is done', async () => {
    const incident = await open([step('gateway', { human: 'Start the gateway again', waitMinutes: 60 })]);
    const task = await until('the task', async () =>
      (await readTasks(bench.database.pool, desk.name)).find(({ title }) => title === 'Step gateway'),
    );
    const done = { state: 'done', by: 'anna', note: 'started' } as const;
    await closeTask(bench.database.pool, { desk: desk.name, id: task.id, ...done });
    expect((await incident.result()).outcome).toBe('"Step gateway" passed');
    expect(await stepOf(bench, incident, 'Step gateway')).toMatchObject({ verdict: 'pass', person: 'anna' });
  });

  it('no longer waits for a person where it is declared over', async () => {
    const incident = await open([step('gateway', { human: 'Start the gateway again', waitMinutes: 60 })]);
    await until('its phase', async () => (await incident.progress()).phase === 'Step gateway');
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
  });

  it('waits for a backup where somebody asks to cancel, and no longer where it is declared over', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const taken = { key: 'take', title: 'Taken', verdict: 'pass', observed: 'x', expected: 'y' } as const;
    const other = await bench.desk({
      serve: ['operations', 'engine'],
      activities: () => ({
        takeBackup: async () => {
          await released;
          return { backupId: 'b1', step: taken };
        },
        verifyBackup: async () => ({ ...taken, key: 'verify' }),
        pruneBackups: async () => ({ ...taken, key: 'prune' }),
      }),
    });
    const steps = [step('backup', { action: 'backup' })];
    const playbook = { steps, over: 'passed', haltRule: 'person', backupsKept: 14 } as const;
    const incident = await openIncident(bench, other, { kind: 'prices-stand-still', playbook });
    const backup = bench.client.workflow.getHandle(backupWorkflowId(other.name));
    await until('the backup', () => backup.describe().catch(() => null));
    await bench.client.workflow.getHandle(incident.workflowId).cancel();
    await stepOf(bench, incident, 'Asked to cancel');
    expect((await incident.progress()).phase).toBe('Step backup');
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
    expect(await stepOf(bench, incident, 'Step backup')).toMatchObject({
      verdict: 'not_run',
      observed: expect.stringMatching(/^the incident was declared over; .* goes on by itself$/),
    });
    release();
    expect(await backup.result()).toMatchObject({ verdict: 'pass' });
  });
});
