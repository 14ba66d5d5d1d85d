import { randomBytes } from 'node:crypto';
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import {
  applySchedules,
  REMOVED_NOTE,
  rememberPauses,
} from '../../src/operations/schedules/apply-schedules.js';
import { guardedSchedules } from '../../src/operations/schedules/guarded-schedules.js';
import { MARKET_CLOCK_NOTE } from '../../src/operations/schedules/market-clock.js';
import { scheduleDefinitions } from '../../src/operations/schedules/schedule-definition.js';
import { sweepMissed } from '../../src/operations/schedules/sweep-missed.js';
import { beginRoutineRun } from '../../src/store/routine-run.js';
import { readMissedRuns } from '../../src/store/run-missed.js';
import { readScheduleStates } from '../../src/store/schedule-state.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { sharedTemporal } from '../support/temporal.js';
import { until } from '../workflows/support/until.js';
import { cryptoDesk } from './support/crypto-desk.js';

let client: Client;
let database: TestDatabase;
let desk: Desk;

beforeAll(async () => {
  const { address, namespace } = await sharedTemporal();
  client = new Client({ connection: await Connection.connect({ address }), namespace });
  database = await createTestDatabase();
});
afterAll(async () => {
  await client?.connection.close();
  await database?.drop();
});
beforeEach(() => {
  const shipped = cryptoDesk();
  const routines = shipped.routines.filter(({ name }) => name === 'pre-market');
  desk = { ...shipped, routines, desk: `t-${randomBytes(4).toString('hex')}` };
});
afterEach(async () => {
  for (const scheduleId of [idOf('pre-market'), idOf('weekly')])
    await client.schedule
      .getHandle(scheduleId)
      .delete()
      .catch(() => {});
});

const idOf = (routine: string): string => `routine:${desk.desk}:${routine}`;
const apply = (of = desk, marketClock = false) =>
  applySchedules(client, database.pool, {
    desk: of.desk,
    definitions: scheduleDefinitions(of, 'abc123', true),
    marketClock,
  });
const stateOf = async (routine = 'pre-market') =>
  (await client.schedule.getHandle(idOf(routine)).describe()).state;

describe('schedules', () => {
  it('are made from the desk file, in its time zone, and run what it says', async () => {
    await apply();
    const { spec, action, policies, info } = await client.schedule.getHandle(idOf('pre-market')).describe();
    expect(spec.timezone).toBe('UTC');
    expect(action).toMatchObject({ workflowType: 'routine', taskQueue: `operations:${desk.desk}` });
    expect(action.args?.[0]).toMatchObject({ name: 'pre-market', cause: 'schedule', incarnation: 'abc123' });
    expect(policies.overlap).toBe(ScheduleOverlapPolicy.ALLOW_ALL);
    expect(info.nextActionTimes[0]?.toISOString()).toMatch(/T00:00:00\.000Z$/);
  });

  it('follow a changed desk file and keep a person’s pause with its note', async () => {
    await apply();
    await client.schedule.getHandle(idOf('pre-market')).pause('holiday, Anna');
    await apply({ ...desk, routines: desk.routines.map((routine) => ({ ...routine, at: ['06:15'] })) });
    expect(await stateOf()).toMatchObject({ paused: true, note: 'holiday, Anna' });
    const { info } = await client.schedule.getHandle(idOf('pre-market')).describe();
    expect(info.nextActionTimes[0]?.toISOString()).toMatch(/T06:15:00\.000Z$/);
    expect(await readScheduleStates(database.pool, desk.desk)).toMatchObject([
      { paused: true, note: 'holiday, Anna' },
    ]);
  });

  it('never lose a pause that a person makes while they are being updated', async () => {
    await apply();
    const handle = guardedSchedules(client).getHandle(idOf('pre-market'));
    const described = await handle.describe();
    await client.schedule.getHandle(idOf('pre-market')).pause('just now');
    // What was described before the pause is written after it; the server drops that, because the token is old.
    const [definition] = scheduleDefinitions(desk, 'def456', true);
    const describe = handle.describe.bind(handle);
    handle.describe = async () => described;
    await handle.update(() => ({ ...definition!.options, state: { paused: false } }));
    handle.describe = describe;
    expect(await stateOf()).toMatchObject({ paused: true, note: 'just now' });
  });

  it('come back paused when Temporal has started afresh', async () => {
    await apply();
    const handle = client.schedule.getHandle(idOf('pre-market'));
    await handle.pause('holiday');
    const definitions = scheduleDefinitions(desk, 'abc123', true);
    await rememberPauses(client, database.pool, { desk: desk.desk, definitions, marketClock: false });
    await handle.delete();
    await apply();
    expect(await stateOf()).toMatchObject({ paused: true, note: 'holiday' });
  });

  it('stay paused with the note "market clock" while market time is not wall time, and no longer', async () => {
    await apply(desk, true);
    expect(await stateOf()).toMatchObject({ paused: true, note: MARKET_CLOCK_NOTE });
    await apply(desk, false);
    expect(await stateOf()).toMatchObject({ paused: false });
  });

  it('of routines that the desk file no longer has are paused and say so', async () => {
    const weekly = { ...desk.routines[0]!, name: 'weekly' };
    await apply({ ...desk, routines: [...desk.routines, weekly] });
    await until('the list shows it', async () => {
      for await (const { scheduleId } of client.schedule.list())
        if (scheduleId === idOf('weekly')) return true;
      return false;
    });
    await apply();
    expect(await stateOf('weekly')).toMatchObject({ paused: true, note: REMOVED_NOTE });
    expect(await stateOf()).toMatchObject({ paused: false });
  });
});

describe('the sweep at the start', () => {
  it('records what was due while nothing ran, once, and leaves what a schedule still makes good', async () => {
    const run = { desk: desk.desk, routine: 'pre-market', title: 'Pre-market', cause: 'schedule' };
    const nominalMs = Date.parse('2026-03-01T00:00:00Z');
    await beginRoutineRun(database.pool, {
      ...run,
      workflowId: desk.desk,
      firstRunId: 'r1',
      nominalMs,
      startedMs: nominalMs,
    });
    const now = Date.parse('2026-03-04T00:30:00Z');
    expect(await sweepMissed(database.pool, desk, now)).toBe(2);
    expect(await sweepMissed(database.pool, desk, now)).toBe(0);
    const missed = await readMissedRuns(database.pool, desk.desk);
    expect(missed.map((one) => new Date(one.nominalMs).toISOString().slice(0, 10))).toEqual([
      '2026-03-03',
      '2026-03-02',
    ]);
  });

  it('records nothing for a desk that never ran', async () => {
    expect(await sweepMissed(database.pool, desk, Date.now())).toBe(0);
  });
});
