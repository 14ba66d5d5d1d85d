/** The SLOB desk's own incidents beside its lost connection (test/incidents) and its breaker (breaker.test.ts). */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { incidentNotice } from '../../src/notify/button-notices.js';
import { readIncidents } from '../../src/store/incident-rows.js';
import { closeTask, readTasks } from '../../src/store/task-rows.js';
import { incidentStart } from '../../src/temporal/report-incident.js';
import { ActivityLog } from '../../src/trader/status/activity.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { incidentsOfOrders } from '../../src/worker/incidents-of-trader.js';
import { roleLog } from '../../src/worker/role-log.js';
import { openIncident, type RunningIncident, timelineOf } from '../incidents/incident-bench.js';
import { calm, openPlaybookBench, type PlaybookBench, stepOf } from '../incidents/playbook-bench.js';
import { until } from '../support/eventually.js';
import { openApproval, vote } from '../workflows/support/decisions.js';

const { desk: slob } = loadDesk(resolveDesk('slob'));

let playbooks: PlaybookBench;
beforeAll(async () => {
  playbooks = await openPlaybookBench();
});
afterAll(() => playbooks?.close());
beforeEach(() => {
  calm(playbooks.desk);
  playbooks.desk.checks.clear();
});

function startOf(kind: string) {
  const symptom = { kind, subject: '', key: 'k', source: 'test', title: kind, detail: 'it was seen' };
  return incidentStart(slob, symptom, null).args[0];
}

function open(kind: string): Promise<RunningIncident> {
  const { playbook } = startOf(kind);
  return openIncident(playbooks.bench, playbooks.desk, { kind, subject: '', playbook });
}

const taskOf = (title: string) =>
  until(`the task "${title}"`, async () =>
    (await readTasks(playbooks.bench.database.pool, playbooks.desk.name)).find(
      (task) => task.title === title && task.state === 'open',
    ),
  );

it('keeps the last 100 lines of a process that ended or did not answer, and watches it for ten minutes', () => {
  expect(startOf('crash-and-restart').settings).toMatchObject({ logLines: 100, watchMinutes: 10 });
});

it.each([
  ['crash-and-restart', 'crash-and-restart', 'critical'],
  ['large-drawdown', 'large-drawdown', 'critical'],
  ['connection-lost', 'own-incident', 'critical'],
  ['database-corruption', 'own-incident', 'critical'],
  ['order-rejected', 'own-incident', 'critical'],
  ['breaker-triggered', 'own-incident', 'critical'],
  ['mail-missing', 'own-incident', 'warning'],
])('tells people of %s with the way to what is done, %s', (kind, section, told) => {
  const { fingerprint, severity, title, subject } = startOf(kind);
  const row = { ...{ id: 'i', desk: 'slob', workflowId: 'w', firstRunId: 'r', fingerprint, kind, subject } };
  const times = { openedMs: 0, respondByMs: 0, acknowledgedMs: null, resolvedMs: null, escalations: 0 };
  const said = { detail: 'seen', phase: '', outcome: '', acknowledgedBy: null, resolvedBy: null };
  const incident = { ...row, ...times, ...said, severity, title, simulated: false, revision: 1 } as const;
  // `workflowId` becomes the address of its run.
  expect(incidentNotice({ ...incident, state: 'open' }, 'opened', null)).toMatchObject({
    ...{ about: section, workflowId: 'w', severity: told },
  });
});

it('opens an incident where the error log grows', () => {
  const quick = slob.routines.find(({ name }) => name === 'quick-check');
  expect(quick?.steps.find(({ key }) => key === 'errors')).toMatchObject({
    ...{ check: 'log-errors', onFail: 'incident' },
  });
});

it('tells people of what is critical within five minutes again, and then more of them', () => {
  const { critical } = slob.incidents.severities;
  expect(critical).toEqual({ respondMinutes: 5, escalateMinutes: [15, 60] });
  for (const kind of ['large-drawdown', 'breaker-triggered', 'database-corruption'])
    expect(startOf(kind)).toMatchObject({ severity: 'critical', timing: { respondMs: 300_000 } });
});

describe('a damaged database', () => {
  /** Of this incident's question, not of one that a test before has left. */
  const restoreOf = ({ firstRunId }: RunningIncident): string => `${firstRunId.slice(-8)}:restore`;

  it('stops the desk before it is looked at, and asks for the newest good backup', async () => {
    const { bench, desk } = playbooks;
    let stopped = 0;
    desk.checks.set('database-intact', () => {
      stopped = desk.trader.sent('stop').length;
      return { verdict: 'fail', observed: 'orders, page 3: invalid page', expected: 'whole' };
    });
    const incident = await open('database-corruption');
    expect(await openApproval(bench, desk.name, restoreOf(incident))).toMatchObject({
      ...{ title: 'Restore the newest good backup', parameters: { action: 'restore-database' } },
    });
    expect(stopped).toBe(1);
    expect(await stepOf(bench, incident, 'Database whole')).toMatchObject({
      ...{ verdict: 'fail', observed: 'orders, page 3: invalid page' },
    });
    await incident.end();
  });

  it('is restored once a person agrees, looked at again, and told of where its row is gone', async () => {
    const { bench, desk } = playbooks;
    const { pool, ownerPool } = bench.database;
    let isRestored = false;
    desk.checks.set('database-intact', () => ({
      verdict: isRestored ? 'pass' : 'fail',
      observed: 'looked at',
      expected: 'whole',
    }));
    const asked: string[] = [];
    desk.restores.carryOut = async (key, by) => {
      asked.push(by);
      // The backup's knows nothing of an incident that began after it.
      await ownerPool.query('delete from incident where desk = $1', [desk.name]);
      // The first attempt ends with its worker.
      if (asked.length === 1) throw new Error('its worker has ended');
      isRestored = true;
      return { restored: true, says: `backup of then is in its place (${key.split(':').at(-1)})` };
    };
    const incident = await open('database-corruption');
    await vote(bench, desk.name, { idEnds: restoreOf(incident) });
    const ledger = await stepOf(bench, incident, 'Ledger caught up, positions as at the broker');
    expect(ledger.verdict).toBe('pass');
    expect(asked).toEqual(['anna', 'anna']);
    expect(await stepOf(bench, incident, 'Restore the newest good backup')).toMatchObject({
      ...{ verdict: 'pass', person: 'anna' },
      observed: expect.stringContaining('backup of then is in its place (restore). Proven: it answers'),
    });
    expect(await stepOf(bench, incident, 'Before the restore')).toMatchObject({
      observed: expect.stringContaining('Database whole'),
    });
    expect(await stepOf(bench, incident, 'Restored database whole')).toMatchObject({ verdict: 'pass' });
    expect(await stepOf(bench, incident, 'Restore it by hand')).toMatchObject({ verdict: 'not_run' });
    await until('its row', async () =>
      (await readIncidents(pool, desk.name)).find(({ workflowId }) => workflowId === incident.workflowId),
    );
    await incident.end();
  });

  it('is restored by hand where that did not come to its end', async () => {
    const { bench, desk } = playbooks;
    desk.checks.set('database-intact', () => ({ verdict: 'fail', observed: 'torn', expected: 'whole' }));
    desk.checks.set('positions-agree', () => ({ verdict: 'pass', observed: 'both', expected: 'both' }));
    desk.restores.carryOut = async () => ({ restored: false, says: 'there is no good backup of slob' });
    const failed = await open('database-corruption');
    await vote(bench, desk.name, { idEnds: restoreOf(failed) });
    // While it is down, nothing else says which desk is meant.
    expect((await taskOf('Restore it by hand')).detail).toContain(
      'fermata down --desk slob; fermata restore --latest --db-only --desk slob; fermata up --desk slob.',
    );
    expect(await stepOf(bench, failed, 'Restore the newest good backup')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringContaining('there is no good backup of slob') },
    });
    await failed.end();
  });

  it('is restored by nobody where it is whole', async () => {
    const incident = await open('database-corruption');
    expect(await stepOf(playbooks.bench, incident, 'Restore the newest good backup')).toMatchObject({
      ...{ verdict: 'not_run', observed: 'not run: "Database whole" passed' },
    });
    await incident.end();
  });

  it('is read to its end, however large, and what people are asked in the night is open in the morning', () => {
    const { playbook, timing } = startOf('database-corruption');
    const looks = playbook?.steps.filter(({ check }) => check === 'database-intact');
    expect(looks).toMatchObject([{ timeoutSeconds: 600 }, { timeoutSeconds: 600, unless: 'intact' }]);
    expect(timing).toMatchObject({ offerMs: 12 * 3_600_000 });
  });

  it('is looked for each night, and opens the incident', () => {
    const nightly = slob.routines.find(({ name }) => name === 'backup');
    expect(nightly?.steps[0]).toMatchObject({
      ...{ check: 'database-intact', onFail: 'incident', incident: 'database-corruption' },
    });
  });
});

describe('a daily mail that is missing', () => {
  const settingsAre = (verdict: 'pass' | 'fail'): void => {
    playbooks.desk.checks.set('mail-round-trip', () => ({
      ...{ verdict, observed: 'nobody sends: set SENDER_EMAIL', expected: 'taken' },
    }));
    playbooks.desk.checks.set('log-search', () => ({ verdict: 'pass', observed: '0 lines', expected: '' }));
  };

  it('has its settings checked, and a person mends what is named', async () => {
    settingsAre('fail');
    const incident = await open('mail-missing');
    expect((await taskOf('Mend the mail settings')).detail).toContain('SENDER_EMAIL');
    expect(await stepOf(playbooks.bench, incident, 'Send failures in the log')).toMatchObject({
      ...{ observed: '0 lines' },
    });
    await incident.end();
  });

  it('is mended by nobody where the settings are right', async () => {
    settingsAre('pass');
    const incident = await open('mail-missing');
    expect(await stepOf(playbooks.bench, incident, 'Mend the mail settings')).toMatchObject({
      ...{ verdict: 'not_run' },
    });
    await incident.end();
  });
});

describe('a rejected order', () => {
  it('opens its investigation once, with the broker’s reason', async () => {
    const { bench } = playbooks;
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const { pool } = bench.database;
    await pool.query(
      `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, reason, simulated,
         created_market, created, updated)
       select $1, 'fabcdef-' || state || hours, 'NQ/USD', 'sell', 'limit', 'entry', 'slob', state, 2, 'price does not conform (110)',
         false, now(), now(), now() - make_interval(hours => hours)
         from unnest(array['rejected', 'filled', 'rejected'], array[23, 23, 25]) as told (state, hours)`,
      [desk.name],
    );
    const context = {
      ...{ temporal: bench.temporal, pool, trader: desk.trader.client, desk: { ...slob, desk: desk.name } },
      ...{ log: roleLog('test'), seen: { incarnation: desk.trader.incarnation } },
    };
    const opened = () => readIncidents(pool, desk.name);
    const seen = async () => {
      const found = await pool.query<{ times: number }>('select times from incident_alert where desk = $1', [
        desk.name,
      ]);
      return found.rows.map(({ times }) => Number(times));
    };
    // Each worker looks back, and says it once.
    for (let worker = 1; worker <= 2; worker += 1) {
      const watch = incidentsOfOrders(context, context.log);
      await until('the incident', async () => ((await opened()).length > 0 ? true : undefined));
      await until('its look', async () => ((await seen())[0] === worker ? true : undefined));
      await watch?.stop();
    }
    expect(await seen()).toEqual([2]);
    expect(await opened()).toMatchObject([
      {
        kind: 'order-rejected',
        detail: 'sell 2 NQ/USD (entry) (fabcdef-rejected23): price does not conform (110)',
      },
    ]);
  });

  it.each(['201: no trading permission', 'NOT_SENT: Not sent: 5 NQZ6 would take too much margin.'])(
    'is found in the log by its search: %s',
    (reason) => {
      const search = startOf('order-rejected').playbook?.steps.find(({ key }) => key === 'log');
      const log = new ActivityLog([]);
      log.add(
        { type: 'order.state', clientId: 'c', state: 'rejected', venueId: null, reason, marketMs: 0 },
        0,
      );
      expect(log.newestFirst()[0]?.text).toContain(search?.with?.has ?? 'a search');
    },
  );

  it('is looked at with orders, log and books, and a person says why', async () => {
    const { bench, desk } = playbooks;
    const incident = await open('order-rejected');
    const task = await taskOf('Why the order was rejected');
    const note = 'a tick that CME changed';
    await closeTask(bench.database.pool, { desk: desk.name, id: task.id, state: 'done', by: 'anna', note });
    expect((await incident.result()).outcome).toBe('"Why the order was rejected" passed');
    expect((await timelineOf(bench, incident)).slice(1, 5).map(({ name }) => name)).toEqual([
      ...['Orders since yesterday', 'What the log says of it', 'Books as at the broker'],
      'Why the order was rejected',
    ]);
    expect(await stepOf(bench, incident, 'Why the order was rejected')).toMatchObject({
      observed: `done by anna: ${note}`,
    });
    // Here the looks were scripted; the desk file says what is looked at.
    expect(startOf('order-rejected').playbook?.steps.slice(0, 3)).toMatchObject([
      { report: 'orders', with: { days: 1 } },
      { check: 'log-search', with: { has: 'was rejected' } },
      { check: 'books-agree' },
    ]);
  });
});
