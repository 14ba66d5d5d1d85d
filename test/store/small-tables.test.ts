import { afterAll, beforeAll, expect, test } from 'vitest';
import { keysInPostgres } from '../../src/api/idempotency-keys.js';
import { askWhy } from '../../src/notify/notices.js';
import { appendAudit } from '../../src/store/audit.js';
import { readIncidents, saveIncident } from '../../src/store/incident-rows.js';
import { migrate } from '../../src/store/migrate.js';
import {
  beginRoutineRun,
  finishRoutineRun,
  readRoutineRuns,
  recordMissedRun,
} from '../../src/store/routine-run.js';
import { readScheduleStates, saveScheduleState } from '../../src/store/schedule-state.js';
import { recordSettings } from '../../src/store/settings-changes.js';
import { consumeSignInToken, createSignInToken } from '../../src/store/sign-in-means.js';
import { closeTask, openTask, readTasks } from '../../src/store/task-rows.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { readMissedRuns } from '../support/read-missed-runs.js';
import { neverForged, rowMaker } from '../support/row-makers.js';

const DESK = 'crypto-bot';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('migrations run once, also when two starts run them at once', async () => {
  const empty = await createTestDatabase({ migrated: false });
  const ran = await Promise.all([1, 2].map(() => migrate(empty, empty.database, empty.appPassword)));
  expect(ran.map((names) => names.length).toSorted()).toEqual([0, ran.flat().length]);
  expect(ran.flat()).toContain('0001-first-desk');
  expect(await migrate(empty, empty.database, empty.appPassword)).toEqual([]);
  await empty.drop();
});

test('a sign-in token works once, and not after its time', async () => {
  const token = await createSignInToken(database.pool, rowMaker, 'operator');
  const both = await Promise.all(
    [1, 2].map(() => consumeSignInToken(database.pool, rowMaker, token, neverForged)),
  );
  expect(both.filter((person) => person === 'operator')).toHaveLength(1);
  expect(both).toContain(null);
  const late = await createSignInToken(database.pool, rowMaker, 'operator', 0);
  expect(await consumeSignInToken(database.pool, rowMaker, late, neverForged)).toBeNull();
  expect(await consumeSignInToken(database.pool, rowMaker, 'never-given', neverForged)).toBeNull();
  const stored = await database.pool.query('select token_hash from sign_in_token');
  expect(JSON.stringify(stored.rows)).not.toContain(token);
});

test('who does something twice at once without a reason is asked once, however many tasks are open, and never for what was explained', async () => {
  const atMs = Date.now();
  const press = (commandId: string, ms = atMs) =>
    askWhy(database.pool, null, {
      ...{ desk: DESK, person: 'anna', via: 'web', did: 'stopped trading', commandId, atMs: ms },
    });
  for (let at = 0; at < 101; at += 1)
    await openTask(database.pool, {
      ...{ desk: DESK, source: `other:${at}`, title: 'Look', detail: 'Look.', dueMs: atMs },
    });
  const both = await Promise.all([press('c1'), press('c2')]);
  expect(new Set(both.map(({ id }) => id)).size).toBe(1);
  const [{ id }] = both;
  await closeTask(database.pool, { desk: DESK, id, state: 'done', by: 'anna', note: 'odd prices' });
  for (const again of ['c1', 'c2']) expect(await press(again)).toMatchObject({ id, state: 'done' });
  const later = await press('c3', Date.now() + 60_000);
  expect(later).toMatchObject({ state: 'open' });
  expect(later.id).not.toBe(id);
});

test('incidents and tasks are listed as many as asked for: a year has more than a screen shows', async () => {
  const desk = 'a-year';
  const over = { kind: 'order-rejected', severity: 'high', title: 'Over', state: 'resolved' } as const;
  for (let at = 0; at < 120; at += 1) {
    await openTask(database.pool, {
      ...{ desk, source: `task:${at}`, title: 'Look', detail: 'Look.', dueMs: at },
    });
    await saveIncident(database.pool, {
      ...{
        ...over,
        desk,
        workflowId: `w${at}`,
        id: `i${at}`,
        fingerprint: `f${at}`,
        firstRunId: 'r',
        subject: '',
      },
      ...{
        detail: '',
        phase: '',
        openedMs: at,
        respondByMs: at,
        escalations: 0,
        acknowledgedMs: null,
        revision: 1,
      },
      ...{ acknowledgedBy: null, resolvedMs: at, resolvedBy: null, outcome: '', simulated: true },
    });
  }
  expect(await readTasks(database.pool, desk, { limit: 1_000 })).toHaveLength(120);
  expect(await readTasks(database.pool, desk)).toHaveLength(100);
  expect(await readIncidents(database.pool, desk, { limit: 1_000 })).toHaveLength(120);
  expect(await readIncidents(database.pool, desk)).toHaveLength(100);
});

const keys = () => keysInPostgres(database.pool);

test('of two requests with one key at once, one is carried out, and later ones get its answer', async () => {
  const request = { desk: DESK, key: 'key-1', person: 'operator', requestHash: 'h1' };
  const taken = await Promise.all([1, 2, 3].map(() => keys().take(request)));
  expect(taken.map(({ state }) => state).toSorted()).toEqual(['new', 'running', 'running']);
  await keys().keep(request, { ok: true });
  expect(await keys().take(request)).toEqual({
    state: 'answered',
    answer: { ok: true },
  });
  expect(await keys().take({ ...request, requestHash: 'h2' })).toEqual({
    state: 'other-request',
  });
  expect(await keys().take({ ...request, person: 'other' })).toEqual({ state: 'new' });
});

test('a key that was given up, or whose process died, can be taken again', async () => {
  const request = { desk: DESK, key: 'key-2', person: 'operator', requestHash: 'h1' };
  await keys().take(request);
  await keys().giveUp(request);
  expect(await keys().take(request)).toEqual({ state: 'new' });
  await database.pool.query(
    "update idempotency set created = now() - interval '3 minutes' where key = 'key-2'",
  );
  expect(await keys().take(request)).toEqual({ state: 'new' });
  expect(await keys().take(request)).toEqual({ state: 'running' });
});

test('a key stands for its request for two days, and is a new one then, for any request', async () => {
  const request = { desk: DESK, key: 'friday', person: 'operator', requestHash: 'h1' };
  const inTime = async (requestHash: string, age: string) => {
    await database.pool.query(
      `update idempotency set created = now() - interval '${age}' where key = 'friday'`,
    );
    return (await keys().take({ ...request, requestHash })).state;
  };
  await keys().take(request);
  await keys().keep(request, {});
  expect(await inTime('h1', '47 hours')).toBe('answered');
  expect(await inTime('h1', '49 hours')).toBe('new');
  expect(await keys().take(request)).toEqual({ state: 'running' });
  await keys().keep(request, {});
  expect(await inTime('h2', '47 hours')).toBe('other-request');
  expect(await inTime('h2', '49 hours')).toBe('new');
});

test('answered keys are forgotten after days', async () => {
  const request = { desk: DESK, key: 'key-3', person: 'operator', requestHash: 'h1' };
  await keys().take(request);
  await keys().keep(request, {});
  await database.pool.query("update idempotency set created = now() - interval '3 days' where key = 'key-3'");
  const later = { ...request, key: 'key-4' };
  await keys().take(later);
  await keys().keep(later, {});
  const kept = await database.pool.query("select key from idempotency where key in ('key-3', 'key-4')");
  expect(kept.rows).toEqual([{ key: 'key-4' }]);
});

test('an audit entry with the same key is written once', async () => {
  const entry = {
    desk: DESK,
    person: 'operator',
    via: 'cli',
    action: 'stop',
    parameters: { reason: 'test' },
  } as const;
  await appendAudit(database.pool, { ...entry, outcome: 'ok', idempotencyKey: 'a' });
  await appendAudit(database.pool, { ...entry, outcome: 'other', idempotencyKey: 'a' });
  await appendAudit(database.pool, { ...entry, outcome: 'without key' });
  const found = await readAudit(database.pool, DESK);
  expect(found.map(({ outcome }) => outcome)).toEqual(['without key', 'ok']);
  expect(found[1]).toMatchObject({ ...entry, outcome: 'ok' });
});

test('a routine run ends once unless it is reset, and a missed one is recorded once', async () => {
  const run = { workflowId: 'w', firstRunId: 'f' };
  const begin = {
    ...run,
    desk: DESK,
    routine: 'pre-market',
    title: 'Pre-market',
    nominalMs: 1000,
    startedMs: 2000,
    cause: 'start',
  };
  await beginRoutineRun(database.pool, begin);
  await beginRoutineRun(database.pool, { ...begin, startedMs: 9000 });
  await finishRoutineRun(database.pool, { ...run, finishedMs: 3000, verdict: 'pass' });
  await finishRoutineRun(database.pool, { ...run, finishedMs: 3000, verdict: 'fail' });
  await beginRoutineRun(database.pool, begin);
  expect(await readRoutineRuns(database.pool, DESK)).toEqual([
    { ...begin, finishedMs: 3000, verdict: 'pass' },
  ]);
  await beginRoutineRun(database.pool, { ...begin, startedMs: 8000 });
  expect(await readRoutineRuns(database.pool, DESK)).toEqual([
    { ...begin, startedMs: 8000, finishedMs: null, verdict: null },
  ]);
  await finishRoutineRun(database.pool, { ...run, finishedMs: 9000, verdict: 'fail' });
  await finishRoutineRun(database.pool, { ...run, finishedMs: 3000, verdict: 'pass' });
  expect(await readRoutineRuns(database.pool, DESK)).toEqual([
    { ...begin, startedMs: 8000, finishedMs: 9000, verdict: 'fail' },
  ]);
  const missed = { desk: DESK, routine: 'pre-market', nominalMs: 5000, reason: 'the desk was down' };
  await recordMissedRun(database.pool, missed);
  await recordMissedRun(database.pool, { ...missed, reason: 'again' });
  expect(await readMissedRuns(database.pool, DESK)).toEqual([missed]);
});

test('a schedule keeps what a person did to it', async () => {
  const state = {
    desk: DESK,
    scheduleId: 's',
    routine: 'pre-market',
    paused: false,
    note: '',
    specHash: '1',
  };
  await saveScheduleState(database.pool, state);
  await saveScheduleState(database.pool, { ...state, paused: true, note: 'holiday' });
  expect(await readScheduleStates(database.pool, DESK)).toEqual([
    { ...state, paused: true, note: 'holiday' },
  ]);
});

test('a desk file gets a version when it is another one than before', async () => {
  const change = { desk: DESK, configHash: 'a', content: 'desk: a', by: 'operator', reason: 'start' };
  expect(await recordSettings(database.pool, change)).toBe(1);
  expect(await recordSettings(database.pool, change)).toBe(1);
  const both = await Promise.all(
    [1, 2].map(() => recordSettings(database.pool, { ...change, configHash: 'b' })),
  );
  expect(both).toEqual([2, 2]);
  expect(await recordSettings(database.pool, change)).toBe(3);
  const newest = await database.pool.query(
    'select config_hash, content, by_whom, reason from settings_version where desk = $1 and version = 3',
    [DESK],
  );
  expect(newest.rows).toEqual([
    { config_hash: 'a', content: 'desk: a', by_whom: 'operator', reason: 'start' },
  ]);
});
