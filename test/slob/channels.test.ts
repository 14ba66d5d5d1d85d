/** By what ways people of desks/slob are told: its summaries and what is critical by mail, and that a mail is missing. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOperationsActivities } from '../../src/activities/operations/create-operations-activities.js';
import type { RoutineCause } from '../../src/contracts/routine.js';
import { nominalTimesBetween } from '../../src/desk/nominal-times.js';
import { ownIncidents } from '../../src/desk/own-incidents.js';
import type { Desk, DeskRoutine } from '../../src/desk/schema.js';
import type { HaltCause } from '../../src/domain/mode.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { keepChannelHealth } from '../../src/home/channel-health.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { testAlert } from '../../src/operations/test-alert.js';
import { insertNotice } from '../../src/store/outbox.js';
import { saveScheduleState } from '../../src/store/schedule-state.js';
import { noticeOf } from '../../src/telegram/reading/journal-notices.js';
import { sweepMissed } from '../../src/temporal/schedules/sweep-missed.js';
import { startMail } from '../../src/worker/channels.js';
import { ANNA, FROM, fieldOf, MailBench } from '../mail/support/mail-bench.js';
import { eventually } from '../support/eventually.js';
import { RoutineBench } from './support/routine-bench.js';

/** A Friday, 17:00 and 17:30 in New York. */
const DUE = Date.parse('2026-07-17T21:00:00Z');
const DAY = 86_400_000;
const CHECKED = Date.parse('2026-07-17T21:30:00Z');

const bench = new RoutineBench();
let mail: MailBench | null = null;
beforeAll(() => bench.open());
beforeEach(() => {
  bench.renew();
  bench.trader.marketMs = CHECKED;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await mail?.close();
  mail = null;
});
afterAll(() => bench.close());

async function mailer(): Promise<MailBench> {
  const { home, database } = bench;
  mail = await MailBench.open({ pool: database.pool, desk: bench.context.desk, home });
  return mail;
}

/** A run of one of the desk's routines, as its workflow reports it. */
async function ran(
  name: string,
  nominalMs = DUE,
  cause: RoutineCause = 'schedule',
  startedMs = nominalMs,
): Promise<void> {
  const { desk } = bench.context;
  const activities = createOperationsActivities({
    ...{ pool: bench.database.pool, checks: new Map(), context: bench.context },
    ...{ deskText: '', decisionKey: () => '', nowMs: Date.now, log: { error: () => undefined } },
  });
  const { title, steps } = desk.routines.find((one) => one.name === name)!;
  const run = {
    desk: desk.desk,
    workflowId: `${desk.desk}:${name}:${nominalMs}`,
    firstRunId: '1',
    runId: '1',
  };
  await activities.openRoutineRun(run, {
    ...{ routine: name, title, nominalMs, startedMs, cause },
  });
  await activities.recordEvidenceBatch(
    run,
    // They run side by side: what ended last was begun first.
    steps.toReversed().map(({ key, title: step }) => ({
      ...{ routine: name, stepKey: key, attemptGroup: 0, name: step, kind: 'report', verdict: 'pass' },
      ...{ observed: `what ${key} found`, expected: '', startedMs: 0, finishedMs: 0, marketMs: 0 },
      ...{ person: null, reference: null, simulated: true },
    })),
  );
  await activities.closeRoutineRun(run, { verdict: 'pass', finishedMs: nominalMs });
}

const lampIs = (state: 'ok' | 'off' | 'refusing', why: string | null = null) => {
  const health = { channel: 'mail', state, sinceMs: 0, why, waiting: 0, refused: 0 } as const;
  keepChannelHealth(bench.home, bench.context.desk.desk, health, Date.now());
};
const outbox = async () => {
  const { rows } = await bench.database.pool.query(
    'select state from mail_outbox where desk = $1 order by id',
    [bench.context.desk.desk],
  );
  return rows.map(({ state }) => state);
};
const filled: EngineRecord = {
  type: 'fill',
  fill: {
    ...{ tradeId: '1', clientId: 'f1', instrument: 0, side: 'sell', quantityLots: 2, fee: 0 },
    ...{ priceTicks: 15_234 * 4, liquidity: 'taker', marketMs: 0, simulated: true },
  },
};
const atVenue = {
  type: 'halt',
  halt: {
    ...{ haltId: 'a'.repeat(32), mode: 'HALTED', scope: { kind: 'desk' }, cause: 'venue', by: 'fermata' },
    ...{ reason: 'IB Gateway does not answer', resume: 'auto', atWallMs: 0, atMarketMs: 0 },
  },
} as const satisfies EngineRecord;
const told = (record: EngineRecord) =>
  noticeOf(bench.context.desk, { incarnation: 'abc', sequence: 1, wallMs: 0, chain: '', record });

describe('by mail', () => {
  it.each([
    ['daily-summary', 'Daily summary', 'account performance setups orders trades errors'],
    ['weekly-summary', 'Weekly summary', 'performance kpis trend strategies costs incidents alerts'],
  ])('goes the %s, with what each of its steps found, in their order', async (name, title, keys) => {
    const sent = await mailer();
    sent.start();
    await ran(name);
    await eventually(() => expect(sent.letters).toHaveLength(1));
    const [letter] = sent.letters;
    const { steps } = bench.context.desk.routines.find((one) => one.name === name)!;
    expect(letter && [letter.from, letter.to]).toEqual([FROM, [ANNA]]);
    expect(letter && fieldOf(letter, 'Subject')).toBe(`${bench.context.desk.desk}: ${title}: pass`);
    const body = letter?.data.split('\r\n\r\n').slice(1).join('\r\n\r\n') ?? '';
    expect(steps.map(({ key }) => key).join(' ')).toBe(keys);
    const found = steps.map(({ key }) => body.indexOf(`what ${key} found`));
    expect(found).toEqual(found.toSorted((one, other) => one - other));
    expect(found).not.toContain(-1);
  });

  it('goes what is critical, whatever it is about; a fill does not', async () => {
    const sent = await mailer();
    for (const [at, notice] of [told(filled), told(atVenue)].entries())
      await insertNotice(bench.database.pool, { ...notice!, fingerprint: `${at}` });
    sent.start();
    await eventually(() => expect(sent.letters).toHaveLength(1));
    const [letter] = sent.letters;
    expect(letter && fieldOf(letter, 'Subject')).toMatch(/^CRITICAL: .*: HALTED, ERROR - Connection lost$/);
    expect(letter?.data).toContain('IB Gateway does not answer');
    expect(await outbox()).toHaveLength(1);
  });

  it('goes a test, whose delivery is recorded', async () => {
    const sent = await mailer();
    sent.start();
    const { desk, pool } = bench.context;
    const runtime = { ...bench.context.runtime, desk: desk.desk };
    const context = { desk, pool, runtime, newId: randomUUID, nowMs: Date.now };
    const tested = await testAlert(
      context as unknown as OperationContext,
      { person: 'operator', via: 'cli' },
      'mail',
    );
    expect(tested).toEqual({
      ...{ ok: true, reached: 1, chats: 1 },
      detail: 'A test alert reached 1 of 1 addresses.',
    });
    expect(sent.letters.map((letter) => fieldOf(letter, 'Subject'))).toEqual([`${desk.desk}: a test alert`]);
    expect(await sent.rows()).toMatchObject([
      { address: ANNA, state: 'sent', reply: expect.stringMatching(/^250 /) },
    ]);
    const audited = await bench.database.pool.query('select action, outcome from audit where desk = $1', [
      desk.desk,
    ]);
    expect(audited.rows).toEqual([{ action: 'notify:test', outcome: tested.detail }]);
  });

  it('goes nothing while its settings are not there, and those that are missing are named', async () => {
    const { desk } = bench.context;
    bench.context = { ...bench.context, desk: { ...desk, desk: 'slob' } };
    vi.stubEnv('SMTP_SERVER', '');
    await (await startMail(bench.context.runtime)).stop();
    const why = 'mail is not set up: set SMTP_SERVER and SENDER_EMAIL';
    expect(await bench.run('weekly mail')).toMatchObject({ verdict: 'not_run', observed: why });
    vi.stubEnv('SMTP_SERVER', 'smtp.fermata.example');
    vi.stubEnv('SENDER_EMAIL', '');
    await (await startMail(bench.context.runtime)).stop();
    expect(await bench.check('mail-round-trip', { waitSeconds: 0 })).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('nobody sends: set SENDER_EMAIL'),
    });
  });

  it('the weekly check passes once the server has taken a mail, and fails while it takes none', async () => {
    const sent = await mailer();
    sent.start();
    await eventually(() => expect(sent.lamp()?.state).toBe('ok'));
    expect(await bench.run('weekly mail')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^taken in \d+ ms: 250 /),
    });
    const effect = { kind: 'reply', reply: '550 5.1.1 no such user' } as const;
    sent.simulation.fault({ at: 'rcpt', effect });
    expect(await bench.run('weekly mail')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('550 5.1.1 no such user'),
    });
  });
});

describe('a mail that is missing', () => {
  const look = () => bench.run('mail-check sent');
  const sendAll = async (): Promise<void> => {
    const sent = await mailer();
    sent.start();
    await eventually(async () => {
      const states = await outbox();
      expect(states.length > 0 && states.every((state) => state === 'sent')).toBe(true);
    });
    await sent.stop();
  };

  it('opens an incident, half an hour after it was due', () => {
    const { onFail, check, incident } = bench.stepOf('mail-check sent');
    expect([check, onFail, incident]).toEqual(['mail-sent', 'incident', 'mail-missing']);
    const { routines, timezone } = bench.context.desk;
    const timesOf = (name: string) =>
      nominalTimesBetween(routines.find((one) => one.name === name)!, timezone, DUE - 6 * DAY, DUE + DAY, 9);
    // Of each day on which the daily summary goes.
    expect(timesOf('mail-check')).toEqual(timesOf('daily-summary').map((dueMs) => dueMs + DAY / 48));
    expect(timesOf('daily-summary')).toHaveLength(5);
  });

  it('has the settings checked, and the failures to send that were logged', async () => {
    const { steps } = ownIncidents(bench.context.desk).get('mail-missing')!;
    expect(steps.slice(0, 2).map(({ check }) => check)).toEqual(['mail-round-trip', 'log-search']);
    const sent = await mailer();
    const effect = { kind: 'reply', reply: '550 5.1.1 no such user' } as const;
    sent.simulation.fault({ at: 'rcpt', effect, times: Number.POSITIVE_INFINITY });
    sent.start();
    await ran('daily-summary');
    await eventually(() => expect(sent.log).not.toEqual([]));
    bench.writeLog(...sent.log.map((line) => [0, 'error', line] as const), [0, 'info', 'calm']);
    const looked = await bench.check('log-search', steps[1]?.with);
    expect(looked.observed).toMatch(
      /^1 line; the newest: trader: mail to .* is refused and not sent again: 550 5\.1\.1/,
    );
    bench.writeLog();
    expect(await bench.check('log-search', steps[1]?.with)).toMatchObject({ observed: '0 lines' });
  });

  it('is none where both summaries went out, and none was to where mail was never set up', async () => {
    expect(await look()).toMatchObject({ verdict: 'not_run' });
    lampIs('off', 'mail is not set up');
    expect(await look()).toMatchObject({ verdict: 'not_run', observed: 'mail is not set up' });
    await ran('daily-summary');
    await ran('weekly-summary');
    await sendAll();
    expect(await look()).toMatchObject({ verdict: 'pass', observed: '2 of 2 mailed' });
  });

  it('is found though no mailer runs, and though the routine itself did not run', async () => {
    lampIs('ok');
    await ran('daily-summary');
    expect(await look()).toMatchObject({
      verdict: 'fail',
      observed:
        'Daily summary of 2026-07-17 21:00 UTC: 0 of 0 mails were taken by the server: the mailer has not picked it up; ' +
        'Weekly summary of 2026-07-17 21:00 UTC: the routine did not run',
    });
  });

  it('is found however many summaries were due since', async () => {
    const { desk } = bench.context;
    const daily = desk.routines.find(({ name }) => name === 'daily-summary')!;
    const often = { ...daily, at: [], weekdays: [], every: '5m' };
    bench.context = { ...bench.context, desk: { ...desk, routines: [often] } };
    lampIs('ok');
    await ran('daily-summary', CHECKED - 20 * 3_600_000);
    const { verdict, observed } = await bench.check('mail-sent', { hours: 24 });
    expect(verdict).toBe('fail');
    expect(observed).toMatch(/^Daily summary of 2026-07-17 01:30 UTC: .*; and 233 more$/);
  });

  it('is found with what the server said, where that takes none', async () => {
    const sent = await mailer();
    const effect = { kind: 'reply', reply: '550 5.1.1 no such user' } as const;
    sent.simulation.fault({ at: 'rcpt', effect, times: Number.POSITIVE_INFINITY });
    sent.start();
    await ran('daily-summary');
    await ran('weekly-summary');
    await eventually(async () => expect(await outbox()).toEqual(['refused', 'refused']));
    await eventually(() => expect(sent.lamp()?.state).toBe('refusing'));
    expect(await look()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/0 of 1 mails were taken by the server: 550 5\.1\.1 no such user;/),
    });
  });

  it('is found where the settings are gone since', async () => {
    await ran('daily-summary');
    await ran('weekly-summary');
    await sendAll();
    lampIs('off', 'mail is not set up');
    bench.trader.marketMs = CHECKED + 3 * 86_400_000;
    await ran('daily-summary', DUE + 3 * 86_400_000);
    expect(await look()).toMatchObject({
      verdict: 'fail',
      observed:
        'Daily summary of 2026-07-20 21:00 UTC: 0 of 0 mails were taken by the server: mail is not set up',
    });
  });

  it('is not missing while its routine, late after a downtime, has just begun; later it is', async () => {
    const { desk } = bench.context;
    const daily = desk.routines.find(({ name }) => name === 'daily-summary')!;
    bench.context = { ...bench.context, desk: { ...desk, routines: [daily] } };
    lampIs('ok');
    await ran('daily-summary', DUE, 'schedule', Date.now());
    const ofToday = () => bench.check('mail-sent', { hours: 24 });
    expect(await ofToday()).toMatchObject({
      verdict: 'not_run',
      observed: 'Daily summary of 2026-07-17 21:00 UTC has just begun',
    });
    await bench.database.pool.query(`update routine_run set started = now() - interval '16 minutes'`);
    expect(await ofToday()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/the mailer has not picked it up$/),
    });
  });

  it('is not looked for before its time, nor from before the desk ran', async () => {
    lampIs('ok');
    await ran('daily-summary', DUE + 1);
    expect(await look()).toMatchObject({ verdict: 'not_run', observed: 'no summary was due' });
    bench.trader.marketMs = DUE + 14 * 60_000;
    await ran('daily-summary');
    expect(await look()).toMatchObject({ verdict: 'not_run' });
  });
});

describe('a mail that only the newest desk file knows of', () => {
  const MINUTE = 60_000;
  const changedMs = DUE + 12 * MINUTE;
  /** In New York: before the change, and long enough before the check. */
  const moved = ['17:05'];

  /** What the desk does at its start and each hour. */
  async function sweptWith(routines: Desk['routines'], nowMs: number): Promise<void> {
    const { context, home, database } = bench;
    bench.context = { ...context, desk: { ...context.desk, routines } };
    await sweepMissed({
      ...{ desk: bench.context.desk, pool: database.pool, home, nowMs: () => nowMs },
      ...{ catchUp: async () => undefined, hasRun: async () => true, missedCatchups: async () => 0 },
    });
  }
  const daily = () => bench.context.desk.routines.find(({ name }) => name === 'daily-summary')!;
  const look = () => bench.check('mail-sent');

  beforeEach(async () => {
    lampIs('ok');
    await ran('daily-summary', DUE - 7 * 24 * 60 * MINUTE);
  });

  it.each([
    ['was moved to another time', (one) => [one], (one) => [{ ...one, at: moved }]],
    ['has another name', (one) => [one], (one) => [{ ...one, name: 'evening', at: moved }]],
    ['tells its results', (one) => [{ ...one, tellResults: undefined }], (one) => [one]],
    ['was added after its time', () => [], (one) => [{ ...one, name: 'evening' }]],
    ['was put back after its time', () => [], (one) => [one]],
  ] satisfies readonly (readonly [
    string,
    (one: DeskRoutine) => readonly object[],
    (one: DeskRoutine) => readonly object[],
  ])[])('is not missing where a summary %s; later it is', async (_, before, after) => {
    const shipped = daily();
    await sweptWith([shipped], DUE - 60 * MINUTE);
    await sweptWith(before(shipped) as Desk['routines'], DUE - 50 * MINUTE);
    await sweptWith(after(shipped) as Desk['routines'], changedMs);
    expect(await look()).toMatchObject({ verdict: 'not_run', observed: 'no summary was due' });
    bench.trader.marketMs = CHECKED + 3 * 24 * 60 * MINUTE;
    expect(await look()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^Daily summary of 2026-07-20 21:0\d UTC: the routine did not run$/),
    });
  });

  it('is missing where its desk file stayed as it was, whatever is swept', async () => {
    for (const minutes of [-60, 12]) await sweptWith([daily()], DUE + minutes * MINUTE);
    expect(await look()).toMatchObject({ verdict: 'fail' });
  });

  it('is not missing while a person has paused its routine', async () => {
    const { desk } = bench.context;
    bench.context = { ...bench.context, desk: { ...desk, routines: [daily()] } };
    const state = { desk: desk.desk, routine: 'daily-summary', note: 'holiday', specHash: 'x' };
    const scheduleId = `routine:${desk.desk}:daily-summary`;
    await saveScheduleState(bench.database.pool, { ...state, scheduleId, paused: true });
    expect(await look()).toMatchObject({ verdict: 'not_run', observed: 'no summary was due' });
  });

  it('is not missing where a person ran its routine after its time; before it does not count', async () => {
    const ofToday = () => bench.check('mail-sent', { hours: 24 });
    const { desk } = bench.context;
    bench.context = { ...bench.context, desk: { ...desk, routines: [daily()] } };
    const sent = await mailer();
    sent.start();
    await ran('daily-summary', DUE - 10 * MINUTE, 'person');
    expect(await ofToday()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/the routine did not run$/),
    });
    await ran('daily-summary', DUE + 10 * MINUTE, 'person');
    await eventually(async () =>
      expect(await ofToday()).toMatchObject({ verdict: 'pass', observed: '1 of 1 mailed' }),
    );
    await sent.stop();
  });
});

describe('on Telegram', () => {
  it('goes an order that was filled, with its side, instrument and price', () => {
    expect(told(filled)).toMatchObject({
      event: 'fill',
      title: `${bench.context.desk.desk}: Order Filled - sell 2 NQ/USD at 15\u202f234.00`,
    });
    expect(bench.context.desk.notify.telegram.events).toContain('fill');
  });

  it('goes an error by its name', () => {
    expect(told(atVenue)).toMatchObject({
      ...{ event: 'halt', severity: 'critical' },
      title: `${bench.context.desk.desk}: HALTED, ERROR - Connection lost`,
      text: expect.stringMatching(
        /^IB Gateway does not answer\nCause: venue, by fermata\. Trades again by itself/,
      ),
    });
    const nameOf = (cause: HaltCause) => {
      const record = { ...atVenue, halt: { ...atVenue.halt, cause } };
      return told(record)?.title.split('HALTED')[1];
    };
    expect(
      (['stale-data', 'reconciliation', 'journal-fault', 'protection-missing', 'person'] as const).map(
        nameOf,
      ),
    ).toEqual([
      ...[', ERROR - Market data lost', ', ERROR - Books not proven', ', ERROR - Journal not writable'],
      ...[', ERROR - Position without a stop', ''],
    ]);
  });

  it('goes nothing while its token is not there, which the weekly check names', async () => {
    vi.stubEnv('TELEGRAM_BOT_TOKEN', '');
    expect(await bench.run('weekly telegram')).toMatchObject({
      verdict: 'not_run',
      observed: 'Telegram is not set up: TELEGRAM_BOT_TOKEN is not given',
    });
  });
});
