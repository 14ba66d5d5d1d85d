/** The durable workflow on a real Temporal server and a real Postgres, the trading in a process of its own. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEvidenceActivities } from '../../src/activities/create-emergency-activities.js';
import { createValidationActivities } from '../../src/activities/create-go-live-activities.js';
import { operationsQueue } from '../../src/contracts/queues.js';
import { awaitValidation, startValidation } from '../../src/operations/validations.js';
import { readEvidence } from '../../src/store/evidence-rows.js';
import { readValidations } from '../../src/store/go-live-attempts.js';
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import type { SignedReport } from '../../src/validation/report/report.js';
import { isGenuine, keptReports, summaryText } from '../../src/validation/report/write-report.js';
import { placeAt, readRequest } from '../../src/validation/request.js';
import { readProgress, runValidation } from '../../src/validation/run.js';
import { bindAnswers, UNCOMPRESSED } from '../../src/worker/keep-worker.js';
import { UNHEARD } from '../../src/worker/reconcile/ended-runs.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { quietRuntime } from '../support/quiet-runtime.js';
import { sharedTemporal } from '../support/temporal.js';
import { IN_THIS_THREAD, servedBundle, ThreadlessWorker } from '../workflows/support/serve-queue.js';
import { HOUR_MS, PROGRAM, prepare, SIMULATED, temporaryFolder } from './support/validations.js';

const KEY = 'ab'.repeat(32);

let database: TestDatabase;
let temporal: TemporalAccess;
let connection: NativeConnection;

beforeAll(async () => {
  quietRuntime();
  const address = await sharedTemporal();
  database = await createTestDatabase();
  temporal = openTemporal({ home: null, temporal: address });
  connection = await NativeConnection.connect({ address: address.address, ...UNCOMPRESSED });
});

afterAll(async () => {
  await connection?.close();
  await temporal?.close();
  await database?.drop();
});

interface Validating {
  readonly home: string;
  readonly desk: string;
}

/** A worker of the desk; `stop` ends it as an orderly restart does. */
async function startWorker({ home, desk }: Validating): Promise<() => Promise<void>> {
  const { pool } = database;
  const worker = await ThreadlessWorker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: operationsQueue(desk),
    workflowBundle: servedBundle('operations'),
    sinks: UNHEARD,
    ...IN_THIS_THREAD,
    interceptors: { activity: [bindAnswers] },
    shutdownGraceTime: '100 milliseconds',
    activities: {
      ...createEvidenceActivities(pool),
      ...createValidationActivities({ home, pool, decisionKey: () => KEY, program: PROGRAM }),
    },
  });
  const running = worker.run();
  return async () => {
    worker.shutdown();
    await running;
  };
}

const newDesk = (): Validating => ({ home: temporaryFolder(), desk: `t-${randomBytes(4).toString('hex')}` });

describe('the workflow of a validation', () => {
  it('leaves the report in files and in Postgres, the evidence of each criterion, and a notice', async () => {
    const place = newDesk();
    const directory = prepare(place.home, { market: SIMULATED, durationMs: 4 * HOUR_MS });
    const request = { ...readRequest(placeAt(directory)), desk: place.desk };
    const stop = await startWorker(place);
    const outcome = await awaitValidation(temporal, await startValidation(temporal, request));
    await stop();

    expect(outcome.recommendation).toBe('NO-GO');
    const report = JSON.parse(readFileSync(outcome.files.json, 'utf8')) as SignedReport;
    expect(isGenuine(KEY, report)).toBe(true);
    const kept = readFileSync(join(keptReports(place.home), basename(outcome.files.json)), 'utf8');
    expect(JSON.parse(kept)).toEqual(report);
    const [row] = await readValidations(database.pool, report.desk);
    expect(row).toMatchObject({ recommendation: 'NO-GO', qualifies: false, hash: report.hash });
    expect(isGenuine(KEY, JSON.parse(row!.report) as SignedReport)).toBe(true);

    const evidence = await readEvidence(database.pool, { desk: place.desk });
    expect(evidence.map(({ stepKey, verdict }) => `${stepKey} ${verdict}`).sort()).toEqual([
      'data pass',
      'maxDrawdownPct pass',
      'minSharpe fail',
      'minTrades pass',
      'minWinRatePct fail',
      'recommendation fail',
      'trading pass',
    ]);
    const { verdicts } = report;
    for (const { name, text, bound, threshold } of verdicts)
      expect(evidence.find(({ stepKey }) => stepKey === name)).toMatchObject({
        ...{ routine: 'validation', observed: text, expected: `${bound} ${threshold}` },
        ...{ reference: report.hash, simulated: true },
      });
    expect(evidence.find(({ stepKey }) => stepKey === 'recommendation')).toMatchObject({
      ...{ observed: `NO-GO (v1, ${place.desk})`, expected: 'GO' },
    });
    const told = await database.ownerPool.query(
      "select event, severity, title, body from notice where fingerprint = 'validation:crypto-bot:v1'",
    );
    expect(told.rows).toEqual([
      {
        ...{ event: 'report', severity: 'warning', title: 'Paper validation of crypto-bot: NO-GO' },
        body: summaryText(report),
      },
    ]);
    await expect(database.pool.query('delete from validation_report')).rejects.toThrow('permission denied');
  });

  it('outlives its worker: the next one goes on, to the report of a run that was never disturbed', async () => {
    const place = newDesk();
    const asked = { id: 'v2', market: { ...SIMULATED, speed: 2_500 }, durationMs: 6 * HOUR_MS };
    const directory = prepare(place.home, asked);
    const request = { ...readRequest(placeAt(directory)), desk: place.desk };
    const stopFirst = await startWorker(place);
    const workflowId = await startValidation(temporal, request);
    await expect.poll(() => readProgress(placeAt(directory).progress)?.part ?? 0).toBeGreaterThan(0.2);
    await stopFirst();
    expect(readProgress(placeAt(directory).progress)?.part).toBeLessThan(1);

    const stopSecond = await startWorker(place);
    await awaitValidation(temporal, workflowId);
    await stopSecond();
    const whole = prepare(temporaryFolder(), { ...asked, market: SIMULATED });
    await runValidation(whole);
    expect(readFileSync(placeAt(directory).result, 'utf8')).toBe(readFileSync(placeAt(whole).result, 'utf8'));
  });

  it('is told once however often it is asked for', async () => {
    const place = newDesk();
    const directory = prepare(place.home, { id: 'v3', market: SIMULATED, durationMs: HOUR_MS });
    const request = { ...readRequest(placeAt(directory)), desk: place.desk };
    const stop = await startWorker(place);
    const first = await awaitValidation(temporal, await startValidation(temporal, request));
    const again = await awaitValidation(temporal, await startValidation(temporal, request));
    await stop();
    expect(again.hash).toBe(first.hash);
    const rows = await readValidations(database.pool, 'crypto-bot');
    expect(rows.filter(({ validationId }) => validationId === 'v3')).toHaveLength(1);
  });
});
