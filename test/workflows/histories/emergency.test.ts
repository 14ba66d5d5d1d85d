/** The desk owner and emergency stops, as running workflows may have them behind them. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_MESSAGES, EMERGENCY_TIMING } from '../../../src/contracts/emergency.js';
import { deskOwnerId, emergencyQueue, emergencyStopId } from '../../../src/contracts/queues.js';
import { until } from '../../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../support/desk-bench.js';
import { keepHistory } from '../support/keep-history.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** What these tests need: each worker costs time to start. */
const SERVED = { serve: ['emergency', 'engine'] } as const;

const TIMING = {
  ...EMERGENCY_TIMING,
  proofPatienceMs: 100,
  retryMs: 50,
  retryMsMax: 200,
  closeAllDeadlineMs: 300,
};

async function signalled(desk: BenchDesk, signal: 'stop' | 'closeAll') {
  await bench.client.workflow.signalWithStart('emergencyStop', {
    workflowId: emergencyStopId(desk.name),
    taskQueue: emergencyQueue(desk.name),
    args: [{ desk: desk.name, incarnations: null, orders: [], timing: TIMING }],
    signal,
    signalArgs: [{ commandId: 'c1', by: 'anna', via: 'web', reason: 'test', sentTo: [] }],
  });
  return bench.client.workflow.getHandle(emergencyStopId(desk.name));
}

describe('histories', () => {
  it('desk owner, and a stop that becomes a close-all and escalates', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.stubbornEntries = 1;
    desk.trader.positions = ['BTC/USDT'];
    desk.trader.stuck = true;
    await bench.client.workflow.start('deskOwner', {
      workflowId: deskOwnerId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, admitted: [], orders: [], timing: TIMING }],
    });
    const owner = bench.client.workflow.getHandle(deskOwnerId(desk.name));
    const admitted = { incarnation: desk.trader.incarnation, place: 'here' };
    await owner.executeUpdate(EMERGENCY_MESSAGES.admitIncarnation, { args: [admitted] });
    await owner.signal(EMERGENCY_MESSAGES.stop, 'prices look wrong');
    await until('the stop was sent', () => desk.trader.sent('stop').length > 0);
    await owner.signal(EMERGENCY_MESSAGES.closeAll, 'everything');
    await until('the escalation', () => desk.alarms.length > 0);
    desk.trader.positions = [];
    await bench.client.workflow.getHandle(emergencyStopId(desk.name)).result();
    await keepHistory(bench, 'emergency-stop-upgraded-and-escalated', emergencyStopId(desk.name));
    await keepHistory(bench, 'desk-owner', deskOwnerId(desk.name));
    await owner.terminate();
  });

  it('a close-all that is flat at once', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.positions = ['BTC/USDT', 'ETH/USDT'];
    const run = await signalled(desk, 'closeAll');
    expect(await run.result()).toMatchObject({ kind: 'closeAll', proven: true });
    await keepHistory(bench, 'emergency-close-all', run.workflowId);
  });

  it('a stop that names who is gone', async () => {
    const gone = { incarnation: 'gone00', place: 'there', seenMs: Date.UTC(2026, 0, 5) };
    const desk = await bench.desk({ ...SERVED, gone: [gone] });
    const run = await signalled(desk, 'stop');
    expect(await run.result()).toMatchObject({ proven: true, detail: expect.stringContaining('gone00') });
    await keepHistory(bench, 'emergency-stop-names-who-is-gone', run.workflowId);
  });

  it('a stop whose trader was away', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.gone = true;
    const run = await signalled(desk, 'stop');
    await until('a failure is on record', async () => (await desk.evidence('emergency-stop')).length > 1);
    desk.trader.gone = false;
    await run.result();
    await keepHistory(bench, 'emergency-stop-trader-away', run.workflowId);
  });
});
