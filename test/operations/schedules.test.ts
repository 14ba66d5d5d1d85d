import { randomBytes } from 'node:crypto';
import { Client, Connection, ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import { beginRoutineRun } from '../../src/store/routine-run.js';
import { readScheduleStates, saveScheduleState } from '../../src/store/schedule-state.js';
import {
  applySchedules,
  guardedSchedules,
  REMOVED_NOTE,
  rememberPauses,
} from '../../src/temporal/schedules/apply-schedules.js';
import {
  MARKET_CLOCK_NOTE,
  scheduleDefinitions,
  scheduledRunId,
} from '../../src/temporal/schedules/schedule-definition.js';
import { type SweepContext, sweepMissed } from '../../src/temporal/schedules/sweep-missed.js';
import { SweepTimes } from '../../src/worker/schedule-upkeep.js';
import { until } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readMissedRuns } from '../support/read-missed-runs.js';
import { sharedTemporal } from '../support/temporal.js';
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
  it('are not made while what people did to them can’t be read: a paused one would run', async () => {
    const away = { query: () => Promise.reject(new Error('the database is away')) } as never;
    const definitions = scheduleDefinitions(desk, 'abc123', true);
    await expect(
      applySchedules(client, away, { desk: desk.desk, definitions, marketClock: false }),
    ).rejects.toThrow('the database is away');
    await expect(stateOf()).rejects.toThrow(/not found/i);
  });

  it('are made from the desk file, in its time zone, and run what it says', async () => {
    await apply();
    const { spec, action, policies, info } = await client.schedule.getHandle(idOf('pre-market')).describe();
    expect(spec.timezone).toBe('UTC');
    expect(action).toMatchObject({ workflowType: 'routine', taskQueue: `operations:${desk.desk}` });
    expect(action.args?.[0]).toMatchObject({ name: 'pre-market', cause: 'schedule', incarnation: 'abc123' });
    // Whoever runs Temporal reads it: its title, which a person wrote, stays sealed.
    const listed = { FermataSummary: [`Routine pre-market of ${desk.desk}`] };
    expect(action).toMatchObject({ searchAttributes: listed });
    expect(policies.overlap).toBe(ScheduleOverlapPolicy.ALLOW_ALL);
    expect(info.nextActionTimes[0]?.toISOString()).toMatch(/T00:00:00\.000Z$/);
  });

  it('of an interval are due at each of its times in the session', async () => {
    const quick = { ...desk.routines[0]!, at: [], every: '1h', session: '10:30-13:30' };
    await apply({ ...desk, timezone: 'America/New_York', routines: [quick] });
    const { spec, info } = await client.schedule.getHandle(idOf('pre-market')).describe();
    expect(spec.timezone).toBe('America/New_York');
    const hours = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', timeStyle: 'short' });
    const next = info.nextActionTimes.slice(0, 4).map((time) => hours.format(time));
    expect(next.sort()).toEqual(['10:30', '11:30', '12:30', '13:30']);
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
    // Temporal's list says it a moment later.
    await until('it is remembered', async () => {
      await rememberPauses(client, database.pool, { desk: desk.desk, definitions, marketClock: false });
      return (await readScheduleStates(database.pool, desk.desk)).find(({ note }) => note === 'holiday');
    });
    await handle.delete();
    const target = { desk: desk.desk, definitions, marketClock: false };
    await until(
      'it is seen that it is gone',
      async () => !(await rememberPauses(client, database.pool, target)),
    );
    await apply();
    expect(await stateOf()).toMatchObject({ paused: true, note: 'holiday' });
  });

  it('stay paused with the note "market clock" while market time is not wall time, and no longer', async () => {
    await apply(desk, true);
    expect(await stateOf()).toMatchObject({ paused: true, note: MARKET_CLOCK_NOTE });
    // It is nobody's wish, also not where Temporal starts afresh meanwhile.
    const definitions = scheduleDefinitions(desk, 'abc123', true);
    const target = { desk: desk.desk, definitions, marketClock: true };
    await until('it is listed', () => rememberPauses(client, database.pool, target));
    expect(await readScheduleStates(database.pool, desk.desk)).toEqual([]);
    await client.schedule.getHandle(idOf('pre-market')).delete();
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
    // Put back, they run again: nobody has paused them.
    const both = { ...desk, routines: [...desk.routines, weekly] };
    const definitions = scheduleDefinitions(both, 'abc123', true);
    await until('the list shows the pause', async () => {
      for await (const { scheduleId, state } of client.schedule.list())
        if (scheduleId === idOf('weekly')) return state.paused;
      return false;
    });
    await rememberPauses(client, database.pool, { desk: desk.desk, definitions, marketClock: false });
    await apply(both);
    expect(await stateOf('weekly')).toMatchObject({ paused: false });
  });
});

describe('the sweep for what was missed', () => {
  const at = (text: string): number => Date.parse(text);

  async function sweep(nowMs: number, given: Partial<SweepContext> = {}) {
    const caughtUp: string[] = [];
    const swept = await sweepMissed({
      desk,
      pool: database.pool,
      home: null,
      nowMs: () => nowMs,
      catchUp: async (_routine, nominalMs) => {
        caughtUp.push(new Date(nominalMs).toISOString());
      },
      missedCatchups: async () => 0,
      hasRun: async () => false,
      ...given,
    });
    return { swept, caughtUp };
  }

  const missedDays = async () =>
    (await readMissedRuns(database.pool, desk.desk)).map(({ nominalMs }) =>
      new Date(nominalMs).toISOString().slice(0, 10),
    );

  async function told(): Promise<readonly { title: string; body: string }[]> {
    const found = await database.pool.query('select title, body from notice where desk = $1 order by id', [
      desk.desk,
    ]);
    return found.rows;
  }

  const ran = (nominalMs: number) =>
    beginRoutineRun(database.pool, {
      desk: desk.desk,
      routine: 'pre-market',
      title: 'Pre-market',
      cause: 'schedule',
      workflowId: `${desk.desk}:${nominalMs}`,
      firstRunId: 'r1',
      nominalMs,
      startedMs: nominalMs,
    });

  it('records what was due while nothing ran, once, and tells people', async () => {
    await ran(at('2026-03-01T00:00:00Z'));
    const now = at('2026-03-04T01:30:00Z');
    expect((await sweep(now)).swept).toHaveLength(3);
    expect((await sweep(now)).swept).toEqual([]);
    expect(await missedDays()).toEqual(['2026-03-04', '2026-03-03', '2026-03-02']);
    expect(await told()).toMatchObject([
      {
        title: `${desk.desk}: 3 routines were missed`,
        body: expect.stringMatching(/due 2026-03-02.*missed/),
      },
    ]);
  });

  it('finds a due time in a downtime of minutes, of a routine that never ran yet, and makes it good', async () => {
    await sweep(at('2026-03-03T23:59:00Z'));
    const { swept, caughtUp } = await sweep(at('2026-03-04T00:05:00Z'));
    expect(swept).toMatchObject([{ routine: 'pre-market', caughtUp: true }]);
    expect(caughtUp).toEqual(['2026-03-04T00:00:00.000Z']);
    expect(await told()).toMatchObject([{ body: expect.stringMatching(/due 2026-03-04.*run now/) }]);
  });

  it('makes good what is due in the night that has no such hour: a schedule leaves that out', async () => {
    const nightly = { ...desk.routines[0]!, at: ['02:00'], weekdays: [], daysOfMonth: [] };
    desk = { ...desk, timezone: 'America/New_York', routines: [nightly] };
    await sweep(at('2026-03-08T06:55:00Z'));
    expect((await sweep(at('2026-03-08T07:05:00Z'))).caughtUp).toEqual(['2026-03-08T07:00:00.000Z']);
    const why = /due\.\nPre-market, due .*: run now \(the clocks went forward over its time/;
    expect(await told()).toMatchObject([{ body: expect.stringMatching(why) }]);
  });

  it.each([2, 25])(
    'makes it good as soon as it is due: %i minutes later it may be too late',
    async (latestMinutes) => {
      const nightly = { ...desk.routines[0]!, at: ['02:30'], weekdays: [], daysOfMonth: [], latestMinutes };
      desk = { ...desk, timezone: 'America/New_York', routines: [nightly] };
      // Hourly sweeps would be at 07:04 and 08:04.
      const begun = at('2026-03-08T07:00:00Z');
      let wall = begun;
      const times = new SweepTimes(
        desk,
        () => wall,
        () => wall - begun,
      );
      const made: string[] = [];
      for (; wall <= at('2026-03-08T09:00:00Z'); wall += 30_000) {
        if (!times.isDue()) continue;
        const hasRun = async () => made.length > 0;
        for (const nominal of (await sweep(wall, { hasRun })).caughtUp)
          made.push(`${nominal} at ${new Date(wall).toISOString()}`);
        times.done();
      }
      expect(made).toEqual(['2026-03-08T07:30:00.000Z at 2026-03-08T07:30:00.000Z']);
      expect(await missedDays()).toEqual([]);
    },
  );

  it('says of each that was missed whether the clocks left it out or nothing ran', async () => {
    const nightly = { ...desk.routines[0]!, at: ['02:00'], weekdays: [], daysOfMonth: [] };
    desk = { ...desk, timezone: 'America/New_York', routines: [nightly] };
    await sweep(at('2026-03-07T08:00:00Z'));
    await sweep(at('2026-03-10T05:00:00Z'));
    const missed = await readMissedRuns(database.pool, desk.desk);
    expect(missed.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('the desk was not running'),
      expect.stringContaining('the clocks went forward'),
    ]);
    const body = /was not running.*\n.*03-08.*: missed \(the clocks.*\n.*03-09.*: missed\n/;
    expect(await told()).toMatchObject([{ body: expect.stringMatching(body) }]);
  });

  it('leaves to its schedule what has only just come due, and says nothing of what ran', async () => {
    await sweep(at('2026-03-03T23:59:00Z'));
    expect((await sweep(at('2026-03-04T00:01:00Z'))).swept).toEqual([]);
    await ran(at('2026-03-04T00:00:00Z'));
    expect((await sweep(at('2026-03-04T00:10:00Z'))).swept).toEqual([]);
    expect(await told()).toEqual([]);
  });

  it('looks at it again where it could not be made good', async () => {
    await sweep(at('2026-03-03T23:59:00Z'));
    const now = at('2026-03-04T00:05:00Z');
    const catchUp = () => Promise.reject(new Error('Temporal is away'));
    await expect(sweep(now, { catchUp })).rejects.toThrow('away');
    expect((await sweep(now)).caughtUp).toHaveLength(1);
  });

  it('neither tells nor makes good what Temporal has a run of, and waits where that can not be asked', async () => {
    await sweep(at('2026-03-02T23:59:00Z'));
    const now = at('2026-03-04T00:05:00Z');
    const away = () => Promise.reject(new Error('Temporal is away'));
    await expect(sweep(now, { hasRun: away })).rejects.toThrow('away');
    expect(await told()).toEqual([]);
    expect(await sweep(now, { hasRun: async () => true })).toEqual({ swept: [], caughtUp: [] });
    expect([await told(), await missedDays()]).toEqual([[], []]);
  });

  it('tells what was missed also where another one can not be made good, once', async () => {
    const weekly = { ...desk.routines[0]!, name: 'weekly', title: 'Weekly' };
    const both = { ...desk, routines: [...desk.routines, weekly] };
    const now = at('2026-03-04T00:05:00Z');
    await sweep(at('2026-03-02T23:59:00Z'), { desk: both });
    const catchUp: SweepContext['catchUp'] = async ({ name }) => {
      if (name === 'pre-market') throw new Error('Temporal is away');
    };
    for (const _ of [1, 2]) await expect(sweep(now, { desk: both, catchUp })).rejects.toThrow('away');
    const missed = { title: `${desk.desk}: 2 routines were missed` };
    const good = { title: `${desk.desk}: 1 routine is made good` };
    expect(await told()).toMatchObject([
      { ...missed, body: expect.stringMatching(/Pre-market.*03-03.*missed\nWeekly, due 2026-03-03.*missed/) },
      { ...good, body: expect.stringMatching(/Weekly, due 2026-03-04.*run now/) },
    ]);
    expect((await sweep(now, { desk: both })).caughtUp).toEqual(['2026-03-04T00:00:00.000Z']);
    expect((await told()).map(({ title }) => title)).toEqual([missed.title, good.title, good.title]);
  });

  it('tells what was missed before it is recorded: nobody tells what is', async () => {
    await sweep(at('2026-03-02T23:59:00Z'));
    const now = at('2026-03-04T12:00:00Z');
    const query = database.pool.query.bind(database.pool) as (...given: unknown[]) => Promise<unknown>;
    const pool = {
      query: (text: string, ...given: unknown[]) =>
        text.includes('into routine_sweep') ? Promise.reject(new Error('killed')) : query(text, ...given),
    };
    await expect(sweep(now, { pool: pool as never })).rejects.toThrow('killed');
    // It was recorded by then.
    expect(await missedDays()).toEqual(['2026-03-04', '2026-03-03']);
    expect((await sweep(now)).swept).toEqual([]);
    expect(await told()).toMatchObject([{ title: `${desk.desk}: 2 routines were missed` }]);
  });

  it('tells what the schedule itself has given up, beyond what is found', async () => {
    await sweep(at('2026-03-03T12:00:00Z'), { missedCatchups: async () => 4 });
    await sweep(at('2026-03-04T12:00:00Z'), { missedCatchups: async () => 7 });
    expect(await told()).toMatchObject([
      { body: expect.stringMatching(/03-04.*missed\n.*gave up 2 starts/) },
    ]);
  });

  it('tells what the schedule itself has given up', async () => {
    await sweep(at('2026-03-03T23:59:00Z'), { missedCatchups: async () => 4 });
    await sweep(at('2026-03-03T23:59:30Z'), { missedCatchups: async () => 6 });
    expect(await told()).toMatchObject([{ body: expect.stringMatching(/gave up 2 starts/) }]);
  });

  it('does not count what a person has paused', async () => {
    await sweep(at('2026-03-01T12:00:00Z'));
    const state = { desk: desk.desk, routine: 'pre-market', note: 'holiday', specHash: 'x' };
    await saveScheduleState(database.pool, { ...state, scheduleId: idOf('pre-market'), paused: true });
    expect((await sweep(at('2026-03-04T12:00:00Z'))).swept).toEqual([]);
  });

  it('does not count what came due while the desk file did not have it, once it is put back', async () => {
    await sweep(at('2026-01-10T12:00:00Z'));
    await sweep(at('2026-01-10T13:00:00Z'), { desk: { ...desk, routines: [] } });
    await sweep(at('2026-04-20T12:00:00Z'), { desk: { ...desk, routines: [] } });
    expect((await sweep(at('2026-04-20T13:00:00Z'))).swept).toEqual([]);
    expect(await told()).toEqual([]);
    // It counts again from then on.
    expect((await sweep(at('2026-04-21T13:00:00Z'))).swept).toHaveLength(1);
  });

  it('does not make good what came due while a person had paused it, once it is resumed', async () => {
    const minutes = (count: number) => Date.now() + count * 60_000;
    const dueAt = new Date(minutes(-20)).toISOString().slice(11, 16);
    const daily = { ...desk.routines[0]!, at: [dueAt], weekdays: [], daysOfMonth: [] };
    desk = { ...desk, timezone: 'UTC', routines: [daily] };
    await sweep(minutes(-40));
    await apply();
    const handle = client.schedule.getHandle(idOf('pre-market'));
    await handle.pause('holiday');
    await apply();
    await handle.unpause();
    await apply();
    expect((await sweep(minutes(5))).swept).toEqual([]);
    // It counts again from then on.
    expect((await sweep(minutes(24 * 60))).swept).toHaveLength(1);
  });

  describe('after a change of the timetable', () => {
    const every = (interval: string): Desk => ({
      ...desk,
      routines: [{ ...desk.routines[0]!, at: [], every: interval, weekdays: [], daysOfMonth: [] }],
    });

    it('does not count times that did not exist yet', async () => {
      await sweep(at('2026-03-04T09:40:00Z'), { desk: every('30m') });
      const hasRun: SweepContext['hasRun'] = async (_routine, ms) => ms === at('2026-03-04T10:00:00Z');
      const changed = { desk: every('5m'), hasRun };
      expect(await sweep(at('2026-03-04T10:20:30Z'), changed)).toEqual({ swept: [], caughtUp: [] });
      // Nor does the next sweep, which looks a moment further back; then it counts again.
      const next = await sweep(at('2026-03-04T10:28:30Z'), changed);
      expect(next.caughtUp).toEqual(['2026-03-04T10:25:00.000Z']);
    });

    it('makes good what was due by the old one and is due by the new one', async () => {
      await sweep(at('2026-03-04T09:40:00Z'), { desk: every('30m') });
      const { caughtUp } = await sweep(at('2026-03-04T10:20:30Z'), { desk: every('20m') });
      expect(caughtUp).toEqual(['2026-03-04T10:00:00.000Z']);
    });

    it('does not count what came due while it had none, once it is put back with other times', async () => {
      await sweep(at('2026-03-04T09:40:00Z'), { desk: every('30m') });
      await sweep(at('2026-03-04T09:50:00Z'), { desk: { ...desk, routines: [] } });
      expect((await sweep(at('2026-03-04T12:20:00Z'), { desk: every('10m') })).swept).toEqual([]);
    });

    it('goes on with what an earlier version remembered, which knew no timetable', async () => {
      await sweep(at('2026-03-03T23:59:00Z'));
      await database.pool.query('update routine_sweep set timetable = null where desk = $1', [desk.desk]);
      expect((await sweep(at('2026-03-04T00:05:00Z'))).caughtUp).toHaveLength(1);
    });

    it('keeps the old one in mind until everything is made good', async () => {
      await sweep(at('2026-03-04T09:40:00Z'), { desk: every('30m') });
      const catchUp = () => Promise.reject(new Error('Temporal is away'));
      const [now, changed] = [at('2026-03-04T10:20:30Z'), every('5m')];
      await expect(sweep(now, { desk: changed, catchUp })).rejects.toThrow('away');
      expect((await sweep(now, { desk: changed })).caughtUp).toEqual(['2026-03-04T10:00:00.000Z']);
    });
  });

  it('names a run that is made good as its schedule would have named it', async () => {
    await apply();
    const [start, end] = [new Date('2026-03-01T23:00:00Z'), new Date('2026-03-02T01:00:00Z')];
    await client.schedule.getHandle(idOf('pre-market')).backfill([{ start, end, overlap: 'ALLOW_ALL' }]);
    const id = scheduledRunId(idOf('pre-market'), at('2026-03-02T00:00:00Z'));
    const run = client.workflow.getHandle(id);
    await until('the run of the schedule', () => run.describe().catch(() => null));
    await run.terminate();
  });

  it('is due at the start, minutes later, hourly, and at once when the clock has jumped', () => {
    let [wall, steady] = [at('2026-03-01T12:00:00Z'), 0];
    const times = new SweepTimes(
      desk,
      () => wall,
      () => steady,
    );
    const pass = (ms: number, jumpMs = 0) => {
      wall += ms + jumpMs;
      steady += ms;
      const isDue = times.isDue();
      if (isDue) times.done();
      return isDue;
    };
    expect(pass(0)).toBe(true);
    expect(pass(60_000)).toBe(false);
    expect(pass(240_000)).toBe(true);
    expect(pass(3_000_000)).toBe(false);
    expect(pass(600_000)).toBe(true);
    // A closed laptop: the wall clock has gone on.
    expect(pass(1_000, 8 * 3_600_000)).toBe(true);
    expect(pass(1_000)).toBe(false);
    expect(pass(300_000)).toBe(true);
  });
});

describe('schedules on the market clock', () => {
  it('are seen where a person has unpaused one, and paused again', async () => {
    await apply(desk, true);
    const target = {
      desk: desk.desk,
      definitions: scheduleDefinitions(desk, 'abc123', true),
      marketClock: true,
    };
    const look = () => rememberPauses(client, database.pool, target);
    await until('all of them are listed', look);
    await client.schedule.getHandle(idOf('pre-market')).unpause('by hand');
    await until('it is seen', async () => !(await look()));
    await apply(desk, true);
    expect(await stateOf()).toMatchObject({ paused: true, note: MARKET_CLOCK_NOTE });
  });

  it('say in what they start that its time is the market’s', () => {
    const [definition] = scheduleDefinitions(desk, 'abc123', true, true);
    expect(definition?.options.action.args?.[0]).toMatchObject({ marketClock: true });
  });
});
