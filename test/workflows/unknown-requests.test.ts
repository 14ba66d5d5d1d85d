/** Malformed starts and misspelt signals: whoever wants the desk stopped gets that, and nothing vanishes. */

import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_TIMING, type EmergencyOutcome } from '../../src/contracts/emergency.js';
import { deskOwnerId, emergencyQueue, emergencyStopId, operationsQueue } from '../../src/contracts/queues.js';
import { tellEndedRuns } from '../../src/worker/reconcile/ended-runs.js';
import { openIncident } from '../incidents/incident-bench.js';
import { until } from '../support/eventually.js';
import { UNFIT_TEXTS } from '../support/unfit-text.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';
import { WORKFLOW_TYPES } from './support/workflow-types.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const start = (type: 'emergencyStop' | 'deskOwner', desk: BenchDesk, args: unknown[]) =>
  bench.client.workflow.start(type, {
    workflowId: type === 'deskOwner' ? deskOwnerId(desk.name) : emergencyStopId(desk.name),
    taskQueue: emergencyQueue(desk.name),
    args,
  });

const stopOf = (desk: BenchDesk) => bench.client.workflow.getHandle(emergencyStopId(desk.name));

async function told(desk: BenchDesk): Promise<string[]> {
  const found = await bench.database.pool.query<{ body: string }>(
    'select body from notice where desk = $1 order by id',
    [desk.name],
  );
  return found.rows.map(({ body }) => body);
}

describe.concurrent('an emergency stop that was started with anything', () => {
  it('stops the desk each time, is proven, and leaves evidence', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    const given: readonly (readonly [unknown[], string])[] = [
      [[{ x: 1 }], ''],
      [['prices look wrong'], 'prices look wrong'],
      [[], ''],
      [[7], ''],
      [[[1, null]], ''],
      [[{ desk: 4, incarnations: 'all', orders: [3], timing: { retryMs: -1 } }], ''],
    ];
    for (const [n, [args, reason]] of given.entries()) {
      const handle = await start('emergencyStop', desk, args);
      expect((await handle.result()) as EmergencyOutcome).toMatchObject({ kind: 'stop', proven: true });
      const sent = desk.trader.sent('stop');
      expect(sent).toHaveLength(n + 1);
      expect(sent.at(-1)?.reason).toContain(reason);
      // A busy worker may have to be asked once more, which is on record as well.
      const passed = (await desk.evidence('emergency-stop')).filter(({ verdict }) => verdict === 'pass');
      expect(passed).toHaveLength(3 * (n + 1));
      if (n === 0) await keepHistory(bench, 'emergency-stop-malformed-start', handle.workflowId);
    }
  });

  it('takes a later stop that comes through the socket, and keeps its evidence', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    desk.trader.stubbornEntries = 1;
    const handle = await start('emergencyStop', desk, [{ x: 1 }]);
    await until('the stop', () => desk.trader.sent('stop').length > 0);
    const order = { commandId: 'by-socket', by: 'anna', via: 'cli', reason: 'again', sentTo: [] };
    await handle.signal('stop', order);
    await until('the second stop', () => desk.trader.sent('stop').length > 1);
    desk.trader.stubbornEntries = 0;
    desk.trader.entriesWorking = 0;
    await handle.result();
    const keys = (await desk.evidence('emergency-stop')).map(({ step_key: key }) => key);
    expect(keys).toContain('order:by-socket');
  });
});

describe.concurrent('a signal', () => {
  it('that is a variant of closeAll closes every position, as closeAll does', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    const owner = await start('deskOwner', desk, [ownerInput(desk)]);
    const variants = ['closeall', 'close_all', 'close all', 'CloseAll', 'CLOSE-ALL'];
    for (const [n, name] of variants.entries()) {
      desk.trader.positions = ['BTC/USDT 1'];
      const reason = `all of it: ${name}`;
      await owner.signal(name, reason);
      // One that is not proven yet is sent again.
      await until(`the order of ${name}`, () =>
        desk.trader.sent('closeAll').some((order) => order.reason === reason),
      );
      if (n === 0) await keepHistory(bench, 'desk-owner-misspelt-signal', owner.workflowId);
    }
    await stopOf(desk).result();
    await owner.terminate();
  });

  it('that is a variant of stop stops, also a stop that runs', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    desk.trader.stubbornEntries = 1;
    const handle = await start('emergencyStop', desk, ['first']);
    await until('the first', () => desk.trader.sent('stop').length === 1);
    const variants = ['Stop', 'STOP', 'stop ', 'stop_trading'];
    for (const [n, name] of variants.entries()) {
      await handle.signal(name, `by ${name.trim()}`);
      await until(`that of ${name}`, () => desk.trader.sent('stop').length === n + 2);
      expect(desk.trader.sent('stop')[n + 1]).toMatchObject({ reason: `by ${name.trim()}` });
    }
    desk.trader.stubbornEntries = 0;
    desk.trader.entriesWorking = 0;
    await handle.result();
  });

  it('"stop" with text that cannot be kept stops all the same, and its evidence is plain', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    const [first, ...others] = UNFIT_TEXTS.map(([, text]) => ({ by: text, reason: text }));
    desk.trader.stubbornEntries = 1;
    const handle = await start('emergencyStop', desk, [first]);
    for (const payload of others) await handle.signal('stop', payload);
    await until('every order', () => desk.trader.sent('stop').length >= UNFIT_TEXTS.length);
    desk.trader.stubbornEntries = 0;
    desk.trader.entriesWorking = 0;
    expect((await handle.result()) as EmergencyOutcome).toMatchObject({ kind: 'stop', proven: true });
    const plain = UNFIT_TEXTS.map(([, , text]) => text);
    const sent = desk.trader.sent('stop').map(({ reason }) => reason);
    expect(new Set(sent)).toEqual(new Set(plain));
    const asked = (await desk.evidence('emergency-stop')).filter(({ step_key: key }) =>
      key.startsWith('order:'),
    );
    for (const text of plain) expect(asked.map(({ observed }) => observed).join('\n')).toContain(text);
  });

  it('that the owner of the desk does not know is shown, told and kept, and stops nothing', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    const owner = await start('deskOwner', desk, [ownerInput(desk)]);
    await owner.signal('resume', { please: true, odd: '\u202eback' });
    const evidence = await until('the evidence', async () => {
      const found = await desk.evidence('unknown-signal');
      return found.length > 0 ? found : null;
    });
    expect(evidence).toMatchObject([
      { verdict: 'warn', observed: expect.stringMatching(/"resume".*please.*\ufffdback/) },
    ]);
    expect(await until('the notice', async () => (await told(desk))[0])).toMatch(/To stop the desk send/);
    expect(desk.trader.received).toEqual([]);
    await keepHistory(bench, 'desk-owner-unknown-signal', owner.workflowId);
    await owner.terminate();
  });

  it('"stop" sent to a run that has nothing to do with it is told: nobody believes that the desk stopped', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const incident = await openIncident(bench, desk, { kind: 'reported', subject: 'x' });
    await bench.client.workflow.getHandle(incident.workflowId).signal('stop', 'now');
    await until('the notice', async () =>
      (await told(desk)).some((body) => /To stop the desk send/.test(body)),
    );
    await until('the evidence', async () => (await desk.evidence('unknown-signal')).length > 0);
    await incident.answer('resolve');
    await incident.result();
    expect(await desk.evidence('unknown-signal')).toHaveLength(1);
    await keepHistory(bench, 'incident-unknown-signal', incident.workflowId);
  });
});

describe.concurrent('a procedure that was started with anything', () => {
  // One desk for all of them, of which each type is a procedure: one worker loads the bundle.
  it('ends, is told and kept, whatever type it is', async () => {
    const desk = await bench.desk({ serve: ['operations'] });
    const taskQueue = operationsQueue(desk.name);
    const given: readonly (readonly [string, unknown[]])[] = [
      ...WORKFLOW_TYPES.operations
        .filter((type) => type !== 'canary')
        .map((type): [string, unknown[]] => [type, [{ x: 1 }]]),
      ['routine', []],
      ['incident', ['please\u001b[2J']],
      ['backup', [{ desk: 'another', x: 1 }]],
    ];
    await Promise.all(
      given.map(async ([type, args], n) => {
        const workflowId = `${type}:${desk.name}:${n}`;
        const handle = await bench.client.workflow.start(type, { workflowId, taskQueue, args });
        const failed = await handle.result().catch((error: WorkflowFailedError) => error.cause);
        expect(failed).toMatchObject({
          message: expect.stringContaining(`which is no ${type}: nothing was done`),
        });
        const kept = await desk.evidence('unreadable-start');
        expect(kept.filter(({ observed }) => observed.startsWith(`${workflowId} was`))).toMatchObject([
          { verdict: 'warn' },
        ]);
        expect((await told(desk)).filter((text) => text.includes(`${workflowId} was`))).toHaveLength(1);
        if (type === 'routine' && args.length > 0)
          await keepHistory(bench, 'routine-unreadable-start', workflowId);
      }),
    );
    expect((await told(desk)).join()).not.toContain('\u001b');
    await until('the list, which is a moment behind', async () => {
      const query = `TaskQueue = "${taskQueue}" AND ExecutionStatus = "Failed"`;
      return (await bench.client.workflow.count(query)).count === given.length;
    });
    const context = { desk: { desk: desk.name, mode: 'paper' } as never, pool: bench.database.pool };
    const trader = desk.trader.client;
    const looked = { ...context, temporal: bench.temporal, trader, home: null, nowMs: Date.now };
    expect(await tellEndedRuns(looked, new Set())).toEqual([]);
  });
});

describe('the owner of a desk that was started with anything', () => {
  it('knows no trader yet, and takes a stop', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    const owner = await start('deskOwner', desk, [{ x: 1 }]);
    expect(await owner.query('incarnations')).toEqual([]);
    await owner.executeUpdate('admitIncarnation', {
      args: [{ incarnation: desk.trader.incarnation, place: 'here' }],
    });
    await owner.signal('stop', 'now');
    await until('the stop', () => desk.trader.sent('stop').length > 0);
    await owner.terminate();
  });
});

const ownerInput = (desk: BenchDesk) => ({
  desk: desk.name,
  admitted: [{ incarnation: desk.trader.incarnation, place: 'here' }],
  orders: [],
  timing: EMERGENCY_TIMING,
});
