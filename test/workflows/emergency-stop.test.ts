import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EMERGENCY_MESSAGES,
  EMERGENCY_TIMING,
  type EmergencyKind,
  type EmergencyOutcome,
  type EmergencyTiming,
} from '../../src/contracts/emergency.js';
import { deskOwnerId, emergencyQueue, emergencyStopId } from '../../src/contracts/queues.js';
import { appendAudit } from '../../src/store/audit.js';
import { owesStop } from '../../src/worker/follow-incarnation.js';
import { until } from '../support/eventually.js';
import { readAudit } from '../support/read-audit.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';

const run = promisify(execFile);
const TIMING: EmergencyTiming = {
  ...EMERGENCY_TIMING,
  proofPatienceMs: 100,
  retryMs: 50,
  retryMsMax: 200,
  // The queues are served; a busy machine must not make a trader count as one that nobody serves.
  queueWaitMs: 30_000,
};

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** What these tests need: each worker costs time to start. */
const SERVED = { serve: ['emergency', 'engine'] } as const;

function order(desk: BenchDesk, kind: EmergencyKind, reason: string, timing: Partial<EmergencyTiming> = {}) {
  return bench.client.workflow.signalWithStart('emergencyStop', {
    workflowId: emergencyStopId(desk.name),
    taskQueue: emergencyQueue(desk.name),
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ desk: desk.name, incarnations: null, orders: [], timing: { ...TIMING, ...timing } }],
    signal: kind,
    signalArgs: [{ commandId: randomUUID(), by: 'anna', via: 'web', reason, sentTo: [] }],
  });
}

const outcomeOf = (desk: BenchDesk): Promise<EmergencyOutcome> =>
  bench.client.workflow.getHandle(emergencyStopId(desk.name)).result() as Promise<EmergencyOutcome>;

const wordsOf = ({ incarnation, seenMs }: { readonly incarnation: string; readonly seenMs: number }) =>
  `trader ${incarnation} left out, last seen ${new Date(seenMs).toISOString()}`;

const leftOut = async (desk: BenchDesk) =>
  (await desk.evidence('emergency-stop')).filter(({ step_key: key }) => key.startsWith('left-out:'));

/** With one trader, of which nothing says when it was seen. */
async function startOwner(desk: BenchDesk, incarnation = desk.trader.incarnation): Promise<void> {
  await bench.client.workflow.start('deskOwner', {
    workflowId: deskOwnerId(desk.name),
    taskQueue: emergencyQueue(desk.name),
    args: [
      {
        desk: desk.name,
        admitted: [{ incarnation, place: 'here' }],
        orders: [],
        timing: TIMING,
      },
    ],
  });
}

describe.concurrent('an emergency stop', () => {
  it('halts the trader, proves that no entry works and leaves evidence of each step', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.entriesWorking = 3;
    await order(desk, 'stop', 'prices look wrong');
    const outcome = await outcomeOf(desk);
    expect(outcome).toMatchObject({ kind: 'stop', proven: true });
    expect(desk.trader.sent('stop')).toMatchObject([{ by: 'anna', reason: 'prices look wrong' }]);
    expect(desk.trader.entriesWorking).toBe(0);
    const evidence = await desk.evidence('emergency-stop');
    expect(evidence.map(({ kind, verdict }) => `${kind} ${verdict}`).sort()).toEqual([
      'action pass',
      'check pass',
      'human pass',
    ]);
    const human = evidence.find(({ kind }) => kind === 'human');
    expect(human).toMatchObject({ person: 'anna', observed: 'anna (web): prices look wrong' });
  });

  it('is in the audit trail though nobody could write it when it was asked for, and only once', async () => {
    const desk = await bench.desk(SERVED);
    const { pool } = bench.database;
    await order(desk, 'stop', 'prices look wrong');
    await outcomeOf(desk);
    const entries = () => readAudit(pool, desk.name);
    await until('the audit entry', async () => (await entries()).length > 0);
    const commandId = String(desk.trader.sent('stop')[0]?.commandId);
    const entry = {
      ...{ person: 'anna', via: 'web', outcome: 'proven' },
      action: 'stop',
      parameters: { reason: 'prices look wrong', commandId },
    } as const;
    expect(await entries()).toMatchObject([entry]);
    await appendAudit(pool, { desk: desk.name, ...entry, idempotencyKey: commandId });
    expect(await entries()).toHaveLength(1);
  });

  it('does not send again what the control socket has taken', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.halt('person', 'person');
    await bench.client.workflow.signalWithStart('emergencyStop', {
      workflowId: emergencyStopId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, incarnations: null, orders: [], timing: TIMING }],
      signal: 'stop',
      signalArgs: [
        { commandId: 'c1', by: 'anna', via: 'cli', reason: 'test', sentTo: [desk.trader.incarnation] },
      ],
    });
    expect((await outcomeOf(desk)).proven).toBe(true);
    expect(desk.trader.sent('stop')).toEqual([]);
  });

  it('can be signalled with plain text from the temporal command line through the desk owner', async () => {
    const desk = await bench.desk(SERVED);
    await startOwner(desk);
    const { address, namespace, binary } = bench.address;
    const signal = ['workflow', 'signal', '--workflow-id', deskOwnerId(desk.name), '--name', 'stop'];
    await run(binary, [...signal, '--input', '"news"', '--address', address, '--namespace', namespace]);
    await until('the trader is halted', () => desk.trader.mode === 'HALTED');
    expect(desk.trader.sent('stop')).toMatchObject([{ by: 'Temporal', reason: 'news' }]);
    expect((await outcomeOf(desk)).proven).toBe(true);
  });

  it('reaches a trader that begins anew after the desk owner has handed the stop over', async () => {
    const desk = await bench.desk(SERVED);
    // The journal that the owner knows is gone, and what runs now has yet to announce itself to it.
    await startOwner(desk, 'before1');
    await bench.client.workflow.getHandle(deskOwnerId(desk.name)).signal('stop', 'news');
    await until('the trader is halted', () => desk.trader.mode === 'HALTED');
    const running = bench.client.workflow.getHandle(emergencyStopId(desk.name));
    const progress = await running.query<EmergencyOutcome>(EMERGENCY_MESSAGES.progress);
    expect(progress.owedTo).toContain('before1');
    await running.terminate();
  });

  it('reaches the traders that the desk owner named in handing over, though it does not answer later', async () => {
    const desk = await bench.desk({ ...SERVED, incarnations: [] });
    await startOwner(desk);
    await bench.client.workflow.getHandle(deskOwnerId(desk.name)).signal('stop', 'news');
    await until('the trader is halted', () => desk.trader.mode === 'HALTED');
    expect((await outcomeOf(desk)).proven).toBe(true);
  });

  it('is signalled by the desk owner when it already runs, and a close-all upgrades it', async () => {
    const desk = await bench.desk(SERVED);
    await startOwner(desk);
    desk.trader.stubbornEntries = 1;
    desk.trader.positions = ['BTC/USDT'];
    await order(desk, 'stop', 'first');
    await until('the stop was sent', () => desk.trader.sent('stop').length > 0);
    await bench.client.workflow.getHandle(deskOwnerId(desk.name)).signal('closeAll', 'now everything');
    const outcome = await outcomeOf(desk);
    expect(outcome).toMatchObject({ kind: 'closeAll', proven: true });
    expect(desk.trader.sent('closeAll')).toMatchObject([{ reason: 'now everything' }]);
    expect(desk.trader.positions).toEqual([]);
  });

  it('is upgraded by a kill, which is closed, read back and said like a close-all', async () => {
    const desk = await bench.desk(SERVED);
    await startOwner(desk);
    desk.trader.stubbornEntries = 1;
    desk.trader.positions = ['BTC/USDT'];
    await order(desk, 'closeAll', 'first');
    await until('the close-all was sent', () => desk.trader.sent('closeAll').length > 0);
    desk.trader.positions = ['BTC/USDT'];
    await order(desk, 'kill', 'nobody knows what it does');
    expect(await outcomeOf(desk)).toMatchObject({ kind: 'kill', proven: true });
    expect(desk.trader.sent('kill')).toMatchObject([{ by: 'anna', reason: 'nobody knows what it does' }]);
    expect(desk.trader.positions).toEqual([]);
    const rows = await desk.evidence('emergency-stop');
    expect(rows.filter(({ step_key }) => step_key.startsWith('kill:'))).toMatchObject([{ verdict: 'pass' }]);
    expect(rows.find(({ kind }) => kind === 'check')?.observed).toContain('Flat: trader');
    await keepHistory(bench, 'emergency-stop-killed', emergencyStopId(desk.name));
  });

  it('is a kill where the desk owner gets that signal, spelt in any way', async () => {
    const desk = await bench.desk(SERVED);
    await startOwner(desk);
    await bench.client.workflow.getHandle(deskOwnerId(desk.name)).signal('KILL', 'by hand, in the UI');
    await until('the kill was sent', () => desk.trader.sent('kill').length > 0);
    expect(await outcomeOf(desk)).toMatchObject({ kind: 'kill', proven: true });
  });

  it('carries out every stop that is asked for while one runs', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.stubbornEntries = 1;
    await order(desk, 'stop', 'one');
    await until('the first was sent', () => desk.trader.sent('stop').length === 1);
    await order(desk, 'stop', 'two');
    await until('the second was sent', () => desk.trader.sent('stop').length === 2);
    desk.trader.entriesWorking = 0;
    expect((await outcomeOf(desk)).proven).toBe(true);
  });

  it('escalates by name when the desk is not flat in time, and goes on until it is', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.positions = ['ETH/USDT'];
    desk.trader.stuck = true;
    await order(desk, 'closeAll', 'out', { closeAllDeadlineMs: 300 });
    const notices = async () => {
      const { rows } = await bench.database.pool.query(
        'select severity, title, body from notice where desk = $1 order by id',
        [desk.name],
      );
      return rows;
    };
    await until('an alarm', async () => (await notices()).length > 0);
    expect(desk.alarms[0]).toContain('ETH/USDT');
    desk.trader.positions = [];
    expect(await outcomeOf(desk)).toMatchObject({ kind: 'closeAll', proven: true });
    const escalation = (await desk.evidence('emergency-stop')).find(({ step_key }) =>
      step_key.startsWith('escalated'),
    );
    expect(escalation).toMatchObject({ verdict: 'fail' });
    expect(escalation?.observed).toContain('ETH/USDT');
    // What people read last is that it is over.
    const rows = await notices();
    expect(rows.map(({ severity, title }) => [severity, title])).toEqual([
      ['critical', `Alarm on ${desk.name}`],
      ['info', `${desk.name}: the alarm is over`],
    ]);
    expect(rows[1].body).toMatch(/^Proven now\. Flat: trader .*, positions: none$/);
    expect(desk.alarms).toHaveLength(1);
    await keepHistory(bench, 'emergency-stop-escalated-then-proven', emergencyStopId(desk.name));
  });

  it('ends unproven with a failed verdict after the last round, never in silence', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.stubbornEntries = 1;
    await order(desk, 'stop', 'test', { roundsMax: 2 });
    const outcome = await outcomeOf(desk);
    expect(outcome.proven).toBe(false);
    expect(outcome.detail).toContain('a person has to look');
    expect(desk.alarms.join()).toContain('1 entry orders work');
    const proof = (await desk.evidence('emergency-stop')).find(({ kind }) => kind === 'check');
    expect(proof).toMatchObject({ verdict: 'fail' });
  });

  it('keeps on until a trader that was gone has taken the stop', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.gone = true;
    await order(desk, 'stop', 'test');
    await until('the failure is on record', async () =>
      (await desk.evidence('emergency-stop')).some(({ verdict }) => verdict === 'fail'),
    );
    desk.trader.gone = false;
    expect((await outcomeOf(desk)).proven).toBe(true);
    expect(desk.trader.sent('stop')).toHaveLength(1);
  });

  it('is owed while the trader can not write it, and is sent again to the one that is restarted', async () => {
    const desk = await bench.desk(SERVED);
    const { incarnation } = desk.trader;
    desk.trader.offDisk = 'no space left on device';
    const { workflowId } = await order(desk, 'stop', 'test', { stopDeadlineMs: 300 });
    await until('people to be told', () => desk.alarms.length > 0);
    expect(desk.alarms[0]).toContain(
      `trader ${incarnation} has not kept it (HALTED: done, but not on disk (no space left on device))`,
    );
    expect(await owesStop(bench.temporal, desk.name, incarnation)).toBe(true);
    expect(desk.trader.halts).toHaveLength(1);
    // Restarted, with its stop lost: nothing but this holds it back. It answers once we have asked, or the stop may be sent before.
    desk.trader.gone = true;
    desk.trader.restart();
    expect(await owesStop(bench.temporal, desk.name, incarnation)).toBe(true);
    desk.trader.gone = false;
    expect(await outcomeOf(desk)).toMatchObject({ kind: 'stop', proven: true });
    expect(desk.trader.halts).toMatchObject([{ cause: 'startup' }, { cause: 'person', by: 'anna' }]);
    const sent = (await desk.evidence('emergency-stop')).filter(({ kind }) => kind === 'action');
    expect(sent.map(({ verdict }) => verdict).sort()).toEqual(['fail', 'pass']);
    await keepHistory(bench, 'emergency-stop-not-on-disk', workflowId);
  });

  it('says of a kill that is sent on that one person can lift what comes of it', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.gone = true;
    await order(desk, 'kill', 'test', { roundsMax: 2 });
    await until('people to be told', () =>
      desk.alarms.join().includes('is sent a stop, which one person can lift: kill again then'),
    );
    desk.trader.gone = false;
    expect(await outcomeOf(desk)).toMatchObject({ kind: 'stop', proven: true });
    expect(desk.trader.sent('kill')).toEqual([]);
  });

  it('is sent on after the last round, as a stop, to a trader that has not taken it', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.gone = true;
    desk.trader.positions = ['BTC/USDT'];
    const { workflowId } = await order(desk, 'closeAll', 'test', { roundsMax: 2 });
    await until('people to be told', () =>
      desk.alarms.join().includes('a trader that comes back is sent a stop'),
    );
    expect(await owesStop(bench.temporal, desk.name, desk.trader.incarnation)).toBe(true);
    // Of an account that begins meanwhile: armed before the stop has found it, it would be halted in the middle of its trades.
    expect(await owesStop(bench.temporal, desk.name, 'later1')).toBe(true);
    desk.trader.gone = false;
    expect(await outcomeOf(desk)).toMatchObject({ kind: 'stop', proven: true });
    expect(desk.trader.sent('stop')).toMatchObject([{ by: 'anna', reason: 'test' }]);
    // By then it may be days later: people decide whether everything is closed.
    expect(desk.trader.positions).toEqual(['BTC/USDT']);
    await keepHistory(bench, 'emergency-stop-sent-on', workflowId);
  });

  it('is owed to a trader that it has yet to find, until it is proven or where it looks for none', async () => {
    const desk = await bench.desk(SERVED);
    const { incarnation } = desk.trader;
    const owes = (one: string): Promise<boolean> => owesStop(bench.temporal, desk.name, one);
    desk.trader.stubbornEntries = 1;
    await order(desk, 'stop', 'test');
    await until('the stop was taken', async () => !(await owes(incarnation)));
    expect(await owes('later1')).toBe(true);
    desk.trader.entriesWorking = 0;
    await outcomeOf(desk);
    expect(await owes('later1')).toBe(false);

    const named = await bench.desk(SERVED);
    named.trader.gone = true;
    await bench.client.workflow.start('emergencyStop', {
      workflowId: emergencyStopId(named.name),
      taskQueue: emergencyQueue(named.name),
      args: [{ desk: named.name, incarnations: [named.trader.incarnation], orders: [], timing: TIMING }],
    });
    await until('it is owed', () => owesStop(bench.temporal, named.name, named.trader.incarnation));
    expect(await owesStop(bench.temporal, named.name, 'later1')).toBe(false);
    named.trader.gone = false;
    await outcomeOf(named);
  });

  it('runs to its end although it was cancelled', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.stubbornEntries = 1;
    const handle = await order(desk, 'stop', 'test');
    await until('the stop was sent', () => desk.trader.sent('stop').length > 0);
    await handle.cancel();
    desk.trader.entriesWorking = 0;
    expect((await outcomeOf(desk)).proven).toBe(true);
  });

  it('says which known trader was not reached when its engine worker is dead', async () => {
    const desk = await bench.desk({ incarnations: ['dead00'] });
    await order(desk, 'stop', 'test', { roundsMax: 1, queueWaitMs: 200 });
    await until('people to be told', () => desk.alarms.join().includes('dead00 not reached'));
    const running = bench.client.workflow.getHandle(emergencyStopId(desk.name));
    const progress = await running.query<EmergencyOutcome>(EMERGENCY_MESSAGES.progress);
    expect(progress.proven).toBe(false);
    expect(progress.detail).toContain('dead00 not reached');
    await running.terminate();
  });

  it('leaves one row of evidence a step although the activity that wrote it is tried again', async () => {
    const lost = new Set<string>();
    const desk = await bench.desk({
      // The worst moment for another try: the work was done, the answer never arrived.
      afterActivity: (name, [, steps]) => {
        if (name !== 'recordEvidenceBatch') return;
        const [first] = steps as readonly { readonly stepKey: string }[];
        if (first === undefined || lost.has(first.stepKey)) return;
        lost.add(first.stepKey);
        throw new Error('the answer was lost');
      },
    });
    await order(desk, 'stop', 'test');
    await outcomeOf(desk);
    const keys = (await desk.evidence('emergency-stop')).map(({ step_key }) => step_key);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(3);
    expect(lost.size).toBeGreaterThan(0);
  });

  it('names each trader that it left out, with when it was last seen, in its answer and its evidence', async () => {
    const gone = { incarnation: 'gone00', place: 'there', seenMs: Date.now() - 4 * 86_400_000 };
    const desk = await bench.desk({ ...SERVED, gone: [gone] });
    await order(desk, 'stop', 'test');
    const outcome = await outcomeOf(desk);
    expect(outcome.proven).toBe(true);
    expect(outcome.detail).toContain(wordsOf(gone));
    expect(await leftOut(desk)).toMatchObject([
      { kind: 'report', verdict: 'warn', observed: expect.stringContaining(wordsOf(gone)) },
    ]);
  });

  it('does not count as left out what is reached', async () => {
    const desk = await bench.desk({ ...SERVED, incarnations: [] });
    const { incarnation } = desk.trader;
    await bench.client.workflow.start('emergencyStop', {
      workflowId: emergencyStopId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [
        {
          desk: desk.name,
          incarnations: [incarnation],
          gone: [{ incarnation, place: 'here', seenMs: 0 }],
          orders: [],
          timing: TIMING,
        },
      ],
    });
    expect((await outcomeOf(desk)).detail).not.toContain('left out');
    expect(await leftOut(desk)).toEqual([]);
  });

  it('counts a desk that was armed again meanwhile as superseded, and does not stop it twice', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.stubbornEntries = 1;
    await order(desk, 'stop', 'test');
    await until('the stop was sent', () => desk.trader.sent('stop').length > 0);
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect(await outcomeOf(desk)).toMatchObject({ proven: false, superseded: true });
    expect(desk.trader.sent('stop')).toHaveLength(1);
  });
});

describe.concurrent('the desk owner', () => {
  it('lets a trader go that was not seen for days: a stop is proven without it, and names it', async () => {
    const desk = await bench.desk(SERVED);
    const gone = { incarnation: 'gone00', place: 'there', seenMs: Date.now() - 4 * 86_400_000 };
    const { incarnation } = desk.trader;
    const here = { incarnation, place: 'here', seenMs: Date.now() };
    const owner = await bench.client.workflow.start('deskOwner', {
      workflowId: deskOwnerId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, admitted: [gone, here], orders: [], timing: TIMING }],
    });
    await owner.signal('stop', 'now');
    await until('the stop', () => desk.trader.sent('stop').length > 0);
    expect(await outcomeOf(desk)).toMatchObject({
      proven: true,
      detail: expect.stringContaining(wordsOf(gone)),
    });
    expect(await leftOut(desk)).toMatchObject([
      { kind: 'report', verdict: 'warn', observed: expect.stringContaining(wordsOf(gone)) },
    ]);
    await owner.terminate();
  });

  it('forgets a trader that was not seen for a month, and never one that is there for one that is gone', async () => {
    const desk = await bench.desk(SERVED);
    const unseen = (days: number) => ({
      incarnation: `unseen${days}`,
      place: `there${days}`,
      seenMs: Date.now() - days * 86_400_000,
    });
    const days = [31, 29, ...Array.from({ length: 8 }, (_, at) => 20 - at), 2, 1];
    const owner = await bench.client.workflow.start('deskOwner', {
      workflowId: deskOwnerId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, admitted: days.map(unseen), orders: [], timing: TIMING }],
    });
    await owner.executeUpdate('admitIncarnation', { args: [{ incarnation: 'new111', place: 'here' }] });
    const known = (await owner.query('incarnations')) as readonly { readonly incarnation: string }[];
    expect(known.map(({ incarnation }) => incarnation)).toEqual([
      ...[20, 19, 18, 17, 16, 15, 14, 13, 2, 1].map((day) => `unseen${day}`),
      'new111',
    ]);
    await owner.terminate();
  });

  it('counts one whose time nobody recorded from now on, so that it is gone some day', async () => {
    const desk = await bench.desk(SERVED);
    const beforeMs = Date.now();
    await startOwner(desk);
    const owner = bench.client.workflow.getHandle(deskOwnerId(desk.name));
    const [known] = (await owner.query('incarnations')) as readonly { readonly seenMs?: number }[];
    // By the server's clock, in whole milliseconds or seconds.
    expect(known?.seenMs).toBeGreaterThanOrEqual(beforeMs - 5_000);
    await owner.terminate();
  });

  it('knows one incarnation a place, the newest, and refuses malformed ones', async () => {
    const desk = await bench.desk(SERVED);
    await startOwner(desk);
    const owner = bench.client.workflow.getHandle(deskOwnerId(desk.name));
    await owner.executeUpdate('admitIncarnation', { args: [{ incarnation: 'new111', place: 'here' }] });
    await owner.executeUpdate('admitIncarnation', { args: [{ incarnation: 'far222', place: 'there' }] });
    expect(await owner.query('incarnations')).toMatchObject([
      { incarnation: 'new111', place: 'here' },
      { incarnation: 'far222', place: 'there' },
    ]);
    // The same trader in a container that was made anew, under another host name.
    await owner.executeUpdate('admitIncarnation', { args: [{ incarnation: 'far222', place: 'elsewhere' }] });
    expect(await owner.query('incarnations')).toMatchObject([
      { incarnation: 'new111', place: 'here' },
      { incarnation: 'far222', place: 'elsewhere' },
    ]);
    await expect(
      owner.executeUpdate('admitIncarnation', { args: [{ incarnation: 'no/good', place: 'here' }] }),
    ).rejects.toThrow();
  });
});
