import { randomUUID } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { emergencyStopId, resumptionId } from '../../src/contracts/queues.js';
import { RESUMPTION_TIMING } from '../../src/contracts/resumption.js';
import type { WaitingEntryStatus } from '../../src/contracts/trader-status.js';
import { ensureDataKey } from '../../src/home/secrets.js';
import { type Caller, notTaken, type OperationResult } from '../../src/operations/operation.js';
import { type Operations, operationsOver } from '../../src/operations/operations.js';
import { askForReason, NO_ANSWER } from '../../src/operations/record-audit.js';
import { beginRoutineRun, recordMissedRun } from '../../src/store/routine-run.js';
import { keepSeenRuns } from '../../src/store/runs-seen.js';
import { type CallableMethod, ControlFailure } from '../../src/trader/client.js';
import { validationPlace } from '../../src/validation/request.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { eventually, until } from '../support/eventually.js';
import { readAudit } from '../support/read-audit.js';
import { storeHours } from '../support/stored-hours.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { resume } from '../workflows/support/resumptions.js';
import { CODED_DESK } from '../workflows/support/serve-queue.js';
import { cryptoDesk } from './support/crypto-desk.js';
import { openOperations } from './support/open-operations.js';

let bench: Bench;
const opened: (() => Promise<void>)[] = [];
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await Promise.all(opened.map((close) => close()));
  await bench?.close();
});

const ANNA: Caller = { person: 'anna', via: 'web' };
const OTTO: Caller = { person: 'otto', via: 'web' };
/** Nothing listens on port 1. */
const NOWHERE = {
  kind: 'managed' as const,
  address: '127.0.0.1:1',
  namespace: 'fermata',
  uiAddress: 'http://127.0.0.1:1',
};

function operationsOf(desk: BenchDesk, down: { temporal?: boolean; postgres?: boolean } = {}): Operations {
  const pool = down.postgres ? new Pool({ host: '127.0.0.1', port: 1 }) : bench.database.pool;
  const address = down.temporal ? NOWHERE : bench.address;
  const { operations, temporal } = openOperations(bench, desk, { address, pool });
  opened.push(async () => {
    await temporal.close();
    if (down.postgres) await pool.end();
  });
  return operations;
}

/** Of its problems: a busy Postgres that answers too late has written all the same. */
const missed = ({ problems }: OperationResult) =>
  problems.filter((text) => !/may be missing|may have been asked/.test(text));

/** Given again with its id, a command is the same one: until Postgres answers in time, and the result says all of it. */
const answeredByPostgres = (give: () => Promise<OperationResult>): Promise<OperationResult> =>
  until('an answer of Postgres', async () => {
    const result = await give();
    return result.problems.some((text) => text.includes(NO_ANSWER)) ? null : result;
  });

/** Later than a stop is waited for where nobody says how long they wait. */
const LATE_MS = 11_000;

/** With Postgres there it is done, and leaves the one entry: what was only tried stays nowhere. */
async function toggleAgain(desk: BenchDesk, strategy: string): Promise<readonly string[]> {
  await operationsOf(desk).toggleStrategy(ANNA, { strategy, enabled: true, reason: 'test' });
  return (await audited(desk, 1)).map(({ action }) => action);
}

/**
 * The newest first. No operation waits long for its entry: who compares their order asks after each operation, or a late one
 * is written behind the next.
 */
const audited = (desk: BenchDesk, entries: number) =>
  until(`${entries} audit entries`, async () => {
    const found = await readAudit(bench.database.pool, desk.name);
    return found.length >= entries ? found : null;
  });

describe('what Temporal is asked to begin', () => {
  it('may have begun where Temporal does not answer: nobody says that nothing was changed', async () => {
    const desk = await bench.desk({ serve: [] });
    const without = operationsOf(desk, { temporal: true });
    const results = [
      await without.runRoutine(ANNA, { name: cryptoDesk().routines[0]?.name ?? '' }),
      await without.takeBackup(ANNA, { verify: false, patienceMs: 100 }),
    ];
    for (const { ok, detail } of results) {
      expect(ok).toBe(false);
      expect(detail).toContain('may have begun or not: Temporal');
      expect(detail).not.toContain('Nothing was changed');
    }
  });
});

describe.concurrent('stop trading', () => {
  it('goes to the trader first, is proven by it, and is handed to the workflow and the audit', async () => {
    const desk = await bench.desk();
    desk.trader.entriesWorking = 2;
    const result = await operationsOf(desk).stopTrading(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: true, workflowId: emergencyStopId(desk.name) });
    expect(missed(result)).toEqual([]);
    expect(result.haltId).toBe(desk.trader.haltId);
    await bench.client.workflow.getHandle(emergencyStopId(desk.name)).result();
    expect(desk.trader.sent('stop')).toMatchObject([{ by: 'anna', reason: 'test' }]);
    const audit = await audited(desk, 1);
    expect(audit).toMatchObject([{ person: 'anna', via: 'web', action: 'stop', outcome: 'proven' }]);
  });

  it('works while Temporal, Postgres or both are down, and says so', async () => {
    const desk = await bench.desk({ serve: [] });
    for (const down of [{ temporal: true }, { postgres: true }, { temporal: true, postgres: true }]) {
      desk.trader.entriesWorking = 2;
      const result = await operationsOf(desk, down).stopTrading(ANNA, { reason: 'test' });
      expect(result).toMatchObject({ ok: true, proven: true });
      const problems = result.problems.join(' ');
      if ('temporal' in down) expect(problems).toContain('The workflow that proves the stop was not started');
      if ('postgres' in down) expect(problems).toContain('The audit entry was not written');
    }
    expect(desk.trader.sent('stop')).toHaveLength(3);
  });

  it('leaves evidence where no workflow runs, too', async () => {
    const desk = await bench.desk({ serve: [] });
    await operationsOf(desk, { temporal: true }).stopTrading(ANNA, { reason: 'prices look wrong' });
    await eventually(async () =>
      expect(await desk.evidence('emergency-stop')).toMatchObject([
        { kind: 'human', verdict: 'pass', person: 'anna', observed: 'anna (web): prices look wrong' },
        { kind: 'check', verdict: 'pass', observed: expect.stringMatching(/^by the control socket/) },
      ]),
    );
  });

  it('is not called proven while an entry order still works', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.stubbornEntries = 1;
    const result = await operationsOf(desk).stopTrading(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: false });
    expect(result.detail).toMatch(/1 entry orders work; it is not taken back: the desk goes on with it$/);
    expect((await audited(desk, 1))[0]?.outcome).toBe('not proven: HALTED, 1 entry orders work');
  });

  it('is not called proven of a trader that took it and trades on', async () => {
    const desk = await bench.desk({ serve: [] });
    const status = desk.trader.status.bind(desk.trader);
    desk.trader.status = () => ({ ...status(), mode: 'ACTIVE' });
    const result = await operationsOf(desk).stopTrading(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: false });
    expect(result.detail).toContain('ACTIVE, 0 entry orders work');
  });

  it('is taken by the workflow when the trader does not answer, and not called proven', async () => {
    const desk = await bench.desk();
    desk.trader.gone = true;
    const result = await operationsOf(desk).stopTrading(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: false, workflowId: emergencyStopId(desk.name) });
    expect(result.detail).toMatch(
      /^The trader did not take the command: .*; it is not taken back: it is sent again until a trader takes it/,
    );
    desk.trader.gone = false;
    await bench.client.workflow.getHandle(emergencyStopId(desk.name)).result();
    expect(desk.trader.mode).toBe('HALTED');
  });
});

describe.concurrent('a stop that the trader can not write', () => {
  it('is not proven, and goes on: the workflow sends it again once the trader can write', async () => {
    const desk = await bench.desk();
    desk.trader.offDisk = 'no space left on device';
    const result = await operationsOf(desk).stopTrading(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: false, workflowId: emergencyStopId(desk.name) });
    expect(result.detail).toBe(
      'HALTED, 0 entry orders work; it is not on disk, and a restart of the trader takes it back: it is sent again until the trader can write it',
    );
    expect((await audited(desk, 1))[0]?.outcome).toMatch(
      /^not proven: HALTED, 0 entry orders work; it is not/,
    );
    desk.trader.restart();
    await bench.client.workflow.getHandle(emergencyStopId(desk.name)).result();
    expect(desk.trader.halts.map(({ cause }) => cause)).toEqual(['startup', 'person']);
  });

  it('has to be given again where no workflow keeps it, and nobody says that the journal has it', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.offDisk = 'no space left on device';
    const down = { temporal: true, postgres: true };
    const result = await operationsOf(desk, down).stopTrading(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: false, workflowId: null });
    expect(result.detail).toBe(
      'HALTED, 0 entry orders work; it is not on disk, and a restart of the trader takes it back: give it again right after that',
    );
    const problems = result.problems.join(' ');
    expect(problems).toContain('The evidence of it was not written');
    expect(problems).not.toContain("the trader's journal has it");
    desk.trader.offDisk = null;
    const later = await operationsOf(desk, down).stopTrading(ANNA, { reason: 'test' });
    expect(later.problems.join(' ')).toContain("the trader's journal has it");
  });
});

describe.concurrent('a change that the trader can not write', () => {
  it('is in effect, and not proven: a restart takes it back', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.offDisk = 'no space left on device';
    desk.trader.strategies = [{ name: 'trend', enabled: true } as never];
    const operations = operationsOf(desk);
    const results = [
      await operations.changeSize(ANNA, { sizePct: 50, reason: 'test' }),
      await operations.toggleStrategy(ANNA, { strategy: 'trend', enabled: false, reason: 'test' }),
      await operations.revokeGoLive(ANNA, { reason: 'test' }),
    ];
    for (const result of results) {
      expect(result).toMatchObject({ ok: true, proven: false });
      expect(result.detail).toContain('not on disk (no space left on device)');
    }
  });
});

describe.concurrent('a stop whose proof somebody waits for longer', () => {
  it('is asked for until then, also of a trader that comes back late', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.gone = true;
    setTimeout(() => {
      desk.trader.gone = false;
    }, LATE_MS);
    const asked = { reason: 'test', waitMs: 60_000 };
    expect(await operationsOf(desk, { temporal: true }).stopTrading(ANNA, asked)).toMatchObject({
      proven: true,
    });
  });
});

describe.concurrent('close all positions', () => {
  it('goes on without a trader, which is said: nobody expects it any more when one runs again', async () => {
    const desk = await bench.desk();
    desk.trader.positions = ['BTC/USDT'];
    desk.trader.refusesClosing = "the journal can't be written";
    const result = await operationsOf(desk).closeAllPositions(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: false, workflowId: emergencyStopId(desk.name) });
    expect(result.detail).toMatch(
      /can't be written; it is not taken back: it is sent again until a trader takes it/,
    );
    desk.trader.refusesClosing = null;
    await bench.client.workflow.getHandle(emergencyStopId(desk.name)).result();
    expect(desk.trader.positions).toEqual([]);
  });

  it('is proven only by what the venue says', async () => {
    const desk = await bench.desk();
    desk.trader.positions = ['BTC/USDT', 'ETH/USDT'];
    const result = await operationsOf(desk).closeAllPositions(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: true, proven: true });
    expect(missed(result)).toEqual([]);
    expect(result.detail).toContain('the venue reports no position');
    const alone = await bench.desk({ serve: [] });
    alone.trader.staleFlatProofs = 2;
    const later = await operationsOf(alone).closeAllPositions(ANNA, { reason: 'test' });
    expect(later).toMatchObject({ ok: true, proven: true });
    expect(alone.trader.sent('flatProof')).toHaveLength(3);
  });

  it('says at once why the trader refuses, and asks again only through the workflow', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.positions = ['BTC/USDT'];
    desk.trader.refusesClosing = "the journal can't be written";
    const result = await operationsOf(desk, { temporal: true }).closeAllPositions(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: false, proven: false });
    expect(result.detail).toBe(
      "The trader did not take the command: the journal can't be written To do: Look again.",
    );
    expect(desk.trader.sent('closeAll')).toHaveLength(1);
  });
});

describe.concurrent('resume trading', () => {
  it('is a signed decision that the resumption procedure carries out', async () => {
    const desk = await bench.desk();
    const haltId = desk.trader.halt('person', 'person');
    const result = await operationsOf(desk).resumeTrading(ANNA, { reason: 'all well' });
    expect(result).toMatchObject({
      ok: true,
      proven: true,
      haltId,
      workflowId: resumptionId(desk.name, haltId),
    });
    expect(desk.trader.sent('arm')).toMatchObject([
      { haltId, decisions: [{ person: 'anna', subject: haltId, reason: 'all well' }] },
    ]);
  });

  it('speaks of clocks where Temporal’s is so far ahead that a decision made now is past there', async () => {
    const desk = await bench.desk();
    desk.trader.halt('person', 'person');
    const { temporal, context } = openOperations(bench, desk);
    opened.push(() => temporal.close());
    const behind = { ...context, nowMs: () => Date.now() - 11 * 60_000 };
    const result = await operationsOver(behind).resumeTrading(ANNA, { reason: 'all well' });
    expect(result).toMatchObject({ ok: false, proven: false });
    expect(result.detail).toMatch(
      /the decision has expired: it counts until .* UTC, and Temporal’s clock says/,
    );
    expect(result.detail).toContain('set them right, then decide again. Stop and close-all work');
    expect(desk.trader.sent('arm')).toEqual([]);
  });

  it('says what halted the desk again as soon as it was armed', async () => {
    const desk = await bench.desk();
    const haltId = desk.trader.halt('person', 'person');
    desk.trader.haltsOnceArmed = 'daily-loss';
    const result = await operationsOf(desk).resumeTrading(ANNA, { reason: 'all well' });
    expect(result).toMatchObject({ ok: true, proven: false, haltId });
    expect(result.detail).toMatch(/^armed, .*; then halted anew: the desk is HALTED: daily-loss/);
  });

  it('lifts no other halt than the one that was shown', async () => {
    const desk = await bench.desk({ serve: [] });
    const shown = desk.trader.halt('person', 'person').slice(0, 16);
    const haltId = desk.trader.halt('drawdown', 'person');
    const result = await operationsOf(desk).resumeTrading(ANNA, { reason: 'all well', halt: shown });
    expect(result).toMatchObject({ ok: false, proven: false, haltId, workflowId: null });
    expect(result.detail).toContain('halted anew since. Nothing was changed');
    expect(await audited(desk, 1)).toMatchObject([
      {
        action: 'resume',
        person: 'anna',
        parameters: { reason: 'all well', haltId: shown },
        outcome: expect.stringContaining('halted anew since'),
      },
    ]);
    expect(desk.trader.sent('arm')).toEqual([]);
  });

  it('is no refusal where the checks take longer than a person waits: the desk may trade a moment later', async () => {
    const desk = await bench.desk();
    const haltId = desk.trader.halt('person', 'person');
    const timing = { ...RESUMPTION_TIMING, retryMs: 50, retryMsMax: 200, decisionWaitMs: 1 };
    const run = await resume(bench, desk, haltId, { timing });
    await run.waitsFor('a person');
    // They end once the person has the answer, however slow this machine is.
    let end = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      end = resolve;
    });
    desk.checks.set('data-fresh', async () => {
      await answered;
      return { verdict: 'pass', observed: 'fresh', expected: 'fresh' };
    });
    const result = await operationsOf(desk).resumeTrading(ANNA, { reason: 'all well' });
    end();
    expect(result).toMatchObject({ ok: true, proven: false, workflowId: run.workflowId });
    expect(result.detail).toMatch(
      /^The desk does not trade yet \(.*counts until .*Stop it if you don’t want that\.$/,
    );
    expect((await run.result()).state).toBe('armed');
  });

  it('is no refusal where a check fails: the decision counts, until the same person decides anew', async () => {
    const desk = await bench.desk();
    desk.trader.halt('person', 'person');
    desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: '9 s old', expected: 'fresh' }));
    const operations = operationsOf(desk);
    const first = await operations.resumeTrading(ANNA, { reason: 'all well' });
    expect(first).toMatchObject({ ok: true, proven: false });
    expect(first.detail).toMatch(
      /waits for these checks to pass: ✗ Market data fresh.*The decision counts until .*Stop it if you don’t want that\.$/,
    );
    const again = await operations.resumeTrading(ANNA, { reason: 'smaller', sizePct: 50 });
    expect(again).toMatchObject({ ok: true, proven: false });
    desk.checks.clear();
    await until('the desk to trade', () => desk.trader.mode === 'ACTIVE');
    expect(desk.trader.sent('arm')).toMatchObject([{ decisions: [{ sizePct: 50, reason: 'smaller' }] }]);
  });

  it('is decided anew where it is asked for again with its id, after a decision that the trader refused', async () => {
    const desk = await bench.desk();
    desk.trader.halt('person', 'person');
    const operations = operationsOf(desk);
    const request = { reason: 'all well', commandId: randomUUID() };
    desk.trader.refusesArming = 'the configuration has changed';
    const refused = await operations.resumeTrading(ANNA, request);
    expect(refused).toMatchObject({
      ok: false,
      detail: expect.stringContaining('configuration has changed'),
    });
    desk.trader.refusesArming = null;
    expect(await operations.resumeTrading(ANNA, request)).toMatchObject({ ok: true, proven: true });
    expect(desk.trader.mode).toBe('ACTIVE');
  });

  it('does not change the size of a desk that trades already: the answer names the size in force', async () => {
    const desk = await bench.desk({ serve: [] });
    const operations = operationsOf(desk);
    const result = await operations.resumeTrading(ANNA, { reason: 'smaller', sizePct: 50 });
    expect(result).toMatchObject({ ok: false, proven: false });
    expect(result.detail).toMatch(/trades already, at 100 % .* was not changed\. To do: .*fermata size 50/);
    desk.trader.sizePct = 50;
    expect(await operations.resumeTrading(ANNA, { reason: 'smaller', sizePct: 50 })).toMatchObject({
      ok: true,
      proven: true,
    });
  });

  it('is not done where an earlier decision arms the desk meanwhile, at another size', async () => {
    const desk = await bench.desk();
    desk.trader.halt('person', 'person');
    desk.checks.set('data-fresh', () => {
      desk.trader.mode = 'ACTIVE';
      return { verdict: 'fail', observed: '9 s old', expected: 'fresh' };
    });
    const asked = { reason: 'smaller', sizePct: 50 };
    const result = await operationsOf(desk).resumeTrading(ANNA, asked);
    expect(result).toMatchObject({ ok: false, proven: false });
    expect(result.detail).toContain('trades already, at 100 %');
  });

  it('of two people is done at the smaller of their sizes, and the second one is told which', async () => {
    const desk = await bench.desk();
    desk.trader.halt('kill', 'two-people');
    const operations = operationsOf(desk);
    const first = await operations.resumeTrading(ANNA, { reason: 'smaller', sizePct: 50 });
    expect(first).toMatchObject({ ok: true, proven: false });
    const second = await operations.resumeTrading(
      { person: 'ben', via: 'web' },
      { reason: 'as it was', sizePct: 100 },
    );
    expect(second).toMatchObject({ ok: true, proven: true });
    expect(second.detail).toMatch(/, at 50 % of its position size: the smallest/);
  });

  it('may count where Temporal does not answer: nobody says that the desk stays as it is', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.halt('person', 'person');
    const result = await operationsOf(desk, { temporal: true }).resumeTrading(ANNA, { reason: 'test' });
    expect(result).toMatchObject({ ok: false, proven: false });
    expect(result.detail).toMatch(
      /^Whether the decision counts is not known: Temporal at 127\.0\.0\.1:1 did not answer .*\. If it does, it counts until .*Stop it if you don’t want that\./,
    );
    expect(desk.trader.sent('arm')).toEqual([]);
  });

  it('says that the desk trades already, or that the trader does not answer', async () => {
    const desk = await bench.desk({ serve: [] });
    const operations = operationsOf(desk);
    expect(await operations.resumeTrading(ANNA, { reason: 'test' })).toMatchObject({
      ok: true,
      proven: true,
    });
    desk.trader.gone = true;
    expect(await operations.resumeTrading(ANNA, { reason: 'test' })).toMatchObject({
      ok: false,
      proven: false,
    });
  });
});

describe.concurrent('what nobody gave a reason for', () => {
  it('is done, kept as without one, and asked for afterwards, once', async () => {
    const desk = await bench.desk();
    const operations = operationsOf(desk);
    expect((await operations.stopTrading(ANNA, { reason: ' ' })).proven).toBe(true);
    await audited(desk, 1);
    const closing = { reason: null, commandId: randomUUID() };
    expect((await operations.closeAllPositions(ANNA, closing)).proven).toBe(true);
    await audited(desk, 2);
    const again = await answeredByPostgres(() => operations.closeAllPositions(ANNA, closing));
    expect((await operations.revokeGoLive(ANNA, { reason: null })).proven).toBe(true);
    await audited(desk, 3);
    expect((await operations.changeSize(ANNA, { sizePct: 50, reason: null })).proven).toBe(true);
    await audited(desk, 4);
    desk.trader.halt('person', 'person');
    const resumed = await operations.resumeTrading({ person: 'ben', via: 'telegram' }, { reason: null });
    expect(resumed.proven).toBe(true);
    expect(missed(resumed)).toEqual([]);
    await audited(desk, 5);
    const tasks = await until('five questions', async () => {
      const open = await operations.listTasks({ state: 'open' });
      return open.length >= 5 ? open : null;
    });
    expect(tasks.map(({ title }) => title).sort()).toEqual([
      'Say why anna closed all positions',
      'Say why anna made the position size 50 %',
      'Say why anna stopped trading',
      'Say why anna took the permission for real money back',
      'Say why ben resumed trading',
    ]);
    const closed = tasks.find(({ title }) => title.includes('closed'));
    expect(again.detail).toContain(`no reason was given: task ${closed?.id} asks for it`);
    await operations.completeTask(ANNA, { id: closed?.id ?? 0, note: 'the exchange was about to close' });
    expect(await audited(desk, 6)).toMatchObject([
      { action: 'completeTask', parameters: { note: 'the exchange was about to close' } },
      { action: 'resume', person: 'ben', parameters: { reason: 'no reason given' } },
      { action: 'changeSize', parameters: { reason: 'no reason given' } },
      { action: 'revokeGoLive', parameters: { reason: 'no reason given' } },
      // The same command again is the same entry.
      { action: 'closeAll', parameters: { reason: 'no reason given' } },
      { action: 'stop', parameters: { reason: 'no reason given' } },
    ]);
    const told = await bench.database.pool.query('select title from notice where desk = $1 and event = $2', [
      desk.name,
      'task',
    ]);
    expect(told.rows).toHaveLength(5);
  });

  it('is done while Postgres is down too, and who asked hears that nobody could be asked', async () => {
    const desk = await bench.desk({ serve: [] });
    const down = { temporal: true, postgres: true };
    const result = await operationsOf(desk, down).closeAllPositions(ANNA, { reason: null });
    expect(result).toMatchObject({ ok: true, proven: true });
    expect(result.problems.join(' ')).toContain('No reason was given, and nobody could be asked for it');
  });

  it('is not asked for where nothing was done, and one that nobody answers for holds nobody up', async () => {
    const silent = { connect: () => new Promise(() => undefined) } as never;
    const context = { pool: silent, desk: { desk: 'silent' }, runtime: { home: '' }, nowMs: Date.now };
    const asked = (ok: boolean) =>
      askForReason(
        context,
        ANNA,
        { did: 'resumed trading', commandId: 'one', reason: null },
        { ok, detail: ok ? 'it trades' : 'the trader refused', problems: ['one more'] },
      );
    expect(await asked(false)).toEqual({ ok: false, detail: 'the trader refused', problems: ['one more'] });
    expect(await asked(true)).toEqual({
      ...{ ok: true, detail: 'it trades' },
      problems: [
        'one more',
        'No reason was given, and nobody may have been asked for it: Postgres gave no answer within 1000 ms.',
      ],
    });
  });

  it('which nobody could audit is done where it makes the desk safer, and not where it takes risk', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const operations = operationsOf(desk, { postgres: true });
    const strategy = 'trend';
    desk.trader.strategies = [{ name: strategy, enabled: true } as never];
    const toggle = (enabled: boolean) =>
      operations.toggleStrategy(ANNA, { strategy, enabled, reason: 'test' });
    const off = await toggle(false);
    expect(off).toMatchObject({ ok: true, proven: true });
    expect(off.problems.join(' ')).toContain('The audit entry was not written');
    expect(await operations.changeSize(ANNA, { sizePct: 50, reason: 'test' })).toMatchObject({ ok: true });
    desk.trader.halt('person', 'person');
    const sent = () =>
      desk.trader.received.map(({ method }) => method).filter((method) => method !== 'status');
    const before = sent();
    const coins = { symbol: 'BTC/USDT', owner: 'desk', cost: '9', reason: 'test' } as const;
    const refused = [
      await toggle(true),
      await operations.changeSize(ANNA, { sizePct: 100, reason: 'test' }),
      await operations.claimCoins(ANNA, coins),
      await operations.explainCash(ANNA, { kind: 'deposit', amount: '5', reason: 'test' }),
      await operations.resumeTrading(ANNA, { reason: 'test' }),
    ];
    for (const { ok, detail } of refused)
      expect({ ok, detail }).toEqual({
        ok: false,
        detail: expect.stringMatching(
          /could not be written to the audit trail.*close-all, switching a strategy off and a smaller/,
        ),
      });
    expect(sent()).toEqual(before);
    expect(await operations.stopTrading(ANNA, { reason: 'test' })).toMatchObject({ ok: true, proven: true });
    expect(await toggleAgain(desk, strategy)).toEqual(['toggleStrategy']);
  });

  it('asks nobody where a reason was given, or nothing was done', async () => {
    const desk = await bench.desk({ serve: [] });
    const operations = operationsOf(desk, { temporal: true });
    await operations.closeAllPositions(ANNA, { reason: 'test' });
    await operations.resumeTrading(ANNA, { reason: null });
    expect(await operations.listTasks({})).toEqual([]);
  });
});

describe.concurrent('a routine on demand', () => {
  it('runs now and answers with its verdict', async () => {
    const desk = await bench.desk();
    const result = await operationsOf(desk).runRoutine(ANNA, { name: 'pre-market' });
    expect(result).toMatchObject({ ok: true, proven: true, detail: 'Pre-market: pass' });
    expect(result.workflowId).toMatch(/^routine:t-\w+:pre-market:2026-03-02T/);
    const parameters = { name: 'pre-market', workflowId: result.workflowId };
    const audit = await audited(desk, 2);
    for (const entry of audit)
      expect(entry).toMatchObject({ person: 'anna', action: 'runRoutine', parameters });
    // In no order: where Postgres is slow, the first is written behind the second.
    expect(audit.map(({ outcome }) => outcome).sort()).toEqual(['begun', 'pass']);
  });

  it('runs again once it is mended, also where the market stands', async () => {
    const desk = await bench.desk();
    const run = () => operationsOf(desk).runRoutine(ANNA, { name: 'pre-market' });
    desk.checks.set('venue-reachable', () => ({ verdict: 'fail', observed: 'silent', expected: 'answers' }));
    const failed = await run();
    expect(failed.verdict).toBe('fail');
    desk.checks.clear();
    const mended = await run();
    expect(mended).toMatchObject({ proven: true, verdict: 'pass' });
    expect(mended.workflowId).not.toBe(failed.workflowId);
  });

  it('is not proven where a step that is required has failed, however little that does', async () => {
    const desk = await bench.desk();
    const [shipped] = cryptoDesk().routines;
    const [step] = shipped?.steps ?? [];
    if (shipped === undefined || step === undefined) throw new Error('no routine');
    desk.checks.set('venue-reachable', () => ({ verdict: 'fail', observed: 'silent', expected: 'answers' }));
    const run = async (required: boolean) => {
      const routines = [{ ...shipped, steps: [{ ...step, onFail: 'warn' as const, required }] }];
      const { operations, temporal } = openOperations(bench, desk, { routines });
      opened.push(() => temporal.close());
      return operations.runRoutine(ANNA, { name: 'pre-market' });
    };
    expect(await run(true)).toMatchObject({
      ...{ ok: true, proven: false, verdict: 'warn' },
      detail: 'Pre-market: warn; Venue reachable (required) failed: silent',
    });
    expect(await run(false)).toMatchObject({
      proven: true,
      detail: 'Pre-market: warn; Venue reachable: silent',
    });
  });

  it('that the desk file does not have is refused with those that it has', async () => {
    const desk = await bench.desk({ serve: [] });
    const result = await operationsOf(desk).runRoutine(ANNA, { name: 'lunch' });
    expect(result).toMatchObject({ ok: false, proven: false, reason: 'unknown' });
    expect(result.detail).toContain('it has: pre-market');
  });
});

describe.concurrent('what is scheduled', () => {
  it('is told by the market’s clock, with everything else down', async () => {
    const desk = await bench.desk({ serve: [] });
    const beforeMs = Date.now();
    const [next] = await operationsOf(desk, { temporal: true, postgres: true }).listSchedules();
    const afterMs = Date.now();
    expect(next).toMatchObject({ routine: 'pre-market', clock: 'market', known: false, paused: false });
    const [known] = await operationsOf(desk, { temporal: true }).listSchedules();
    expect(known).toMatchObject({ known: true, last: null });
    expect(next).toMatchObject({ when: 'timed' });
    expect(next?.nextMarketMs).toBe(Date.parse('2026-03-03T00:00:00Z'));
    expect(known?.missed).toBe(null);
    const missed = {
      nominalMs: Date.parse('2026-03-02T00:00:00Z'),
      reason: 'the desk was off',
    };
    await recordMissedRun(bench.database.pool, { desk: desk.name, routine: 'pre-market', ...missed });
    expect((await operationsOf(desk, { temporal: true }).listSchedules())[0]).toMatchObject({ missed });
    await beginRoutineRun(bench.database.pool, {
      ...{ desk: desk.name, workflowId: 'w', firstRunId: '1', routine: 'pre-market', title: '' },
      ...{ nominalMs: missed.nominalMs + 60_000, startedMs: Date.now(), cause: 'person' },
    });
    expect((await operationsOf(desk, { temporal: true }).listSchedules())[0]).toMatchObject({ missed: null });
    const inMs = (14 * 3_600_000) / 60;
    expect(next?.nextMs).toBeGreaterThanOrEqual(beforeMs + inMs);
    expect(next?.nextMs).toBeLessThanOrEqual(afterMs + inMs);
  });

  it('has the routines without a time, too: at each start, after so many trades, or when somebody runs them', async () => {
    const desk = await bench.desk({ serve: [] });
    const [shipped] = cryptoDesk().routines;
    if (shipped === undefined) throw new Error('no routine');
    const untimed = { ...shipped, at: [] };
    const { operations, temporal } = openOperations(bench, desk, {
      address: NOWHERE,
      routines: [
        { ...untimed, name: 'at-start', onStart: true },
        { ...untimed, name: 'by-hand', onStart: false },
        { ...untimed, name: 'by-count', onStart: true, everyTrades: 20 },
      ],
    });
    opened.push(() => temporal.close());
    await bench.database.pool.query(
      `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, result, fees, why,
         config_hash, opened, market, wall, simulated)
       select $1, 'abc123', 't' || n, n, 'BTC/USDT', 'trend', 'long', 1, 1, 0, 'stop', 'hash', now(), now(), now(), true
       from generate_series(1, 23) n`,
      [desk.name],
    );
    expect(await operations.listSchedules()).toMatchObject([
      { routine: 'at-start', when: 'start', nextMs: null, nextMarketMs: null, last: null },
      { routine: 'by-hand', when: 'asked', nextMs: null, nextMarketMs: null, byTrades: null, last: null },
      { routine: 'by-count', when: 'trades', nextMs: null, byTrades: { every: 20, closed: 23, next: 40 } },
    ]);
  });
});

describe('switching a strategy', () => {
  it('on does not overtake somebody who switches it off meanwhile', async () => {
    const desk = await bench.desk({ serve: [] });
    const off = { automatic: false, by: 'otto', reason: 'it goes wild' };
    let read = 0;
    let stands = 1;
    Object.defineProperty(desk.trader, 'strategies', {
      get: () => [
        { name: 'trend', enabled: false, off: { ...off, atMarketMs: Math.floor(read++ / stands) } },
      ],
      set: () => undefined,
    });
    const on = { strategy: 'trend', enabled: true, reason: 'test' };
    expect(await operationsOf(desk).toggleStrategy(ANNA, on)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('by somebody meanwhile'),
    });
    expect(desk.trader.sent('toggle')).toEqual([]);
    stands = 1_000_000;
    await operationsOf(desk).toggleStrategy(ANNA, on);
    expect(desk.trader.sent('toggle')).toHaveLength(1);
  });

  it.each([
    [true, false],
    [false, true],
  ])('where neither on nor off is said, %s becomes %s', async (enabled, wanted) => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.strategies = [{ name: 'trend', enabled, off: null }] as never;
    await operationsOf(desk).toggleStrategy(ANNA, { strategy: 'trend', enabled: null, reason: 'test' });
    expect(desk.trader.sent('toggle')).toMatchObject([{ strategy: 'trend', enabled: wanted, by: 'anna' }]);
  });

  it('that the desk does not have is refused by name', async () => {
    const desk = await bench.desk({ serve: [] });
    const request = { strategy: 'nothing', enabled: false, reason: 'test' };
    expect(await operationsOf(desk).toggleStrategy(OTTO, request)).toMatchObject({
      ok: false,
      reason: 'unknown',
      detail: expect.stringContaining('no strategy nothing'),
    });
  });
});

describe.concurrent('closing one position, cancelling one entry', () => {
  const POSITION = { symbol: 'BTC/USDT' } as never;
  const ENTRY = { clientId: 'f1', symbol: 'BTC/USDT', purpose: 'entry' } as never;

  it('goes to the trader, is proven by reading it back, and is in the audit trail', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.held = [POSITION];
    desk.trader.orders = [ENTRY];
    const operations = operationsOf(desk);
    expect(await operations.closePosition(ANNA, { symbol: 'BTC/USDT', reason: null })).toMatchObject({
      ok: true,
      proven: true,
      detail: 'BTC/USDT is closed',
    });
    await audited(desk, 1);
    expect(await operations.cancelEntry(OTTO, { order: 'f1', reason: 'too far' })).toMatchObject({
      ok: true,
      proven: true,
    });
    expect(desk.trader.sent('closePosition')).toMatchObject([
      { symbol: 'BTC/USDT', by: 'anna', reason: 'no reason given' },
    ]);
    expect(desk.trader.sent('cancelEntry')).toMatchObject([
      { clientId: 'f1', by: 'otto', reason: 'too far' },
    ]);
    expect(await audited(desk, 2)).toMatchObject([
      { person: 'otto', action: 'cancelEntry', outcome: 'proven' },
      { person: 'anna', action: 'closePosition', outcome: 'proven' },
    ]);
  });

  it('cancels an entry that waits in the desk, proven once it waits no more', async () => {
    const desk = await bench.desk({ serve: [] });
    const waiting: WaitingEntryStatus = {
      ...{ clientId: 'f1', symbol: 'BTC/USDT', side: 'buy', type: 'ifTouched', strategy: 'dip' },
      ...{ waits: 'buy, once the ask is at 99.50 or below', stop: '98.00', sinceMs: null },
    };
    desk.trader.waitingEntries = [waiting, { ...waiting, clientId: 'f2' }];
    const read = desk.trader.status.bind(desk.trader);
    let readings = 0;
    desk.trader.status = () => {
      readings += 1;
      // Its first answers are of before the cancel.
      if (readings === 3) desk.trader.waitingEntries = [{ ...waiting, clientId: 'f2' }];
      return read();
    };
    expect(await operationsOf(desk).cancelEntry(OTTO, { order: 'f1', reason: null })).toMatchObject({
      ...{ ok: true, proven: true },
    });
    expect(readings).toBe(3);
    expect(desk.trader.sent('cancelEntry')).toMatchObject([{ clientId: 'f1', by: 'otto' }]);
  });

  it('is read back where the answer was lost', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.held = [POSITION];
    desk.trader.losesAnswersTo = 'closePosition';
    expect(await operationsOf(desk).closePosition(ANNA, { symbol: 'BTC/USDT', reason: null })).toMatchObject({
      ok: true,
      proven: true,
    });
  });

  it.each([
    ['goes on with it', null, /^BTC\/USDT is still open after 10 s; the trader goes on with it unless/],
    [
      'may not have it, where its answer was lost',
      'closePosition',
      /^BTC\/USDT is still open after 10 s; whether the trader took it is not known \(no answer to closePosition\): give it again/,
    ],
  ] as const)('says of what is not proven that the trader %s', async (_, losesAnswersTo, detail) => {
    const desk = await bench.desk({ serve: [] });
    Object.assign(desk.trader, { held: [POSITION], stuck: true, losesAnswersTo });
    expect(await operationsOf(desk).closePosition(ANNA, { symbol: 'BTC/USDT', reason: null })).toMatchObject({
      ...{ ok: true, proven: false },
      detail: expect.stringMatching(detail),
    });
  });

  it('needs neither Temporal nor Postgres, and says what the trader refuses', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.held = [POSITION];
    const operations = operationsOf(desk, { temporal: true, postgres: true });
    desk.trader.refusesClosing = 'the market is closed';
    expect(await operations.closePosition(ANNA, { symbol: 'BTC/USDT', reason: null })).toMatchObject({
      ok: false,
      detail: 'Nothing was changed: the market is closed. To do: Look again.',
    });
    desk.trader.refusesClosing = null;
    const closed = await operations.closePosition(ANNA, { symbol: 'BTC/USDT', reason: null });
    expect(closed).toMatchObject({ ok: true, proven: true });
    expect(closed.problems.join(' ')).toContain('The audit entry was not written');
  });
});

describe('what the trader refuses', () => {
  const refusedFor = (code: string) =>
    notTaken(
      new ControlFailure({ code, message: 'no', keptSafe: 'all of it', doThis: 'look' }),
      'Nothing was changed',
    );

  it.each(['unknown-symbol', 'unknown-order', 'unknown-strategy', 'no-such-stock'])(
    'is told apart where there is no such thing: %s',
    (code) =>
      expect(refusedFor(code)).toMatchObject({
        ...{ ok: false, reason: 'unknown' },
        detail: 'Nothing was changed: no. To do: look',
      }),
  );

  it('is no such thing where it is not in the state for it', () =>
    expect(refusedFor('no-position')).not.toHaveProperty('reason'));
});

describe.concurrent('what a person changes at the trader', () => {
  type Ask = (operations: Operations) => Promise<OperationResult>;
  const coins = { symbol: 'BTC/USDT', owner: 'foreign', cost: null, reason: 'test' } as const;
  const CHANGES: [CallableMethod, string, string, Ask][] = [
    ['claimCoins', 'claimCoins', 'The coins stay as they are', (of) => of.claimCoins(ANNA, coins)],
    [
      ...(['explainCash', 'explainCash', 'Nothing was booked'] as const),
      (of) => of.explainCash(ANNA, { kind: 'deposit', amount: '5', reason: 'test' }),
    ],
    [
      ...(['resize', 'changeSize', 'The position size stays as it is'] as const),
      (of) => of.changeSize(ANNA, { sizePct: 50, reason: 'test' }),
    ],
    [
      ...(['toggle', 'toggleStrategy', 'trend stays as it is'] as const),
      (of) => of.toggleStrategy(ANNA, { strategy: 'trend', enabled: false, reason: 'test' }),
    ],
    [
      ...(['revokeGoLive', 'revokeGoLive', 'Real money stays permitted'] as const),
      (of) => of.revokeGoLive(ANNA, { reason: 'test' }),
    ],
  ];

  it.each(CHANGES)(
    'and it refuses (%s) is answered with why, on record',
    async (method, action, kept, ask) => {
      const desk = await deskWithTrend();
      desk.trader.refuses = method;
      const detail = `${kept}: not now. To do: Look again.`;
      expect(await ask(operationsOf(desk))).toMatchObject({ ok: false, proven: false, detail });
      expect(await audited(desk, 1)).toMatchObject([{ action, outcome: detail }]);
    },
  );

  it.each(CHANGES)(
    'is not said to be as it was where no answer came (%s)',
    async (method, action, _, ask) => {
      const desk = await deskWithTrend();
      desk.trader.losesAnswersTo = method;
      const detail = `Whether the trader took it is not known: no answer to ${method}. Look at fermata status before you give it again.`;
      expect(await ask(operationsOf(desk))).toMatchObject({ ok: true, proven: false, detail });
      expect(await audited(desk, 1)).toMatchObject([{ action, outcome: detail }]);
    },
  );

  it('is not said of other coins than the person was shown', async () => {
    const desk = await deskWithTrend();
    const operations = operationsOf(desk);
    const inAccount = { symbol: coins.symbol, nobodys: '1.05000', foreign: '0.00000', toMove: '0.00000' };
    const answer = desk.trader.answer.bind(desk.trader);
    desk.trader.answer = async (method, params) => {
      const said = await answer(method, params);
      if (method === 'status') Object.assign(said, { coins: [inAccount] });
      return said;
    };
    const detail =
      'By now 1.05000 of BTC/USDT are nobody’s, not 0.05000. Nothing was changed. To do: say it of those.';
    const before = await operations.claimCoins(ANNA, { ...coins, nobodys: '0.05000' });
    expect(before).toMatchObject({ ok: false, proven: false, detail });
    expect(desk.trader.sent('claimCoins')).toEqual([]);
    expect(await operations.claimCoins(ANNA, { ...coins, nobodys: '1.05' })).toMatchObject({ ok: true });
    expect(desk.trader.sent('claimCoins')).toHaveLength(1);
  });

  it('is sent nowhere while what is now can not be read', async () => {
    const desk = await deskWithTrend();
    desk.trader.losesAnswersTo = 'status';
    for (const [method, , , ask] of CHANGES.slice(0, 4).filter(([name]) => name !== 'explainCash')) {
      const { ok, detail } = await ask(operationsOf(desk));
      expect({ ok, detail }).toMatchObject({
        ok: false,
        detail: expect.stringContaining('Nothing was changed'),
      });
      expect(desk.trader.sent(method)).toEqual([]);
    }
  });

  it('and what it says afterwards can not be read, counts as taken and not as proven', async () => {
    const desk = await deskWithTrend();
    const answer = desk.trader.answer.bind(desk.trader);
    desk.trader.answer = async (method, params) => {
      if (method !== 'status') desk.trader.losesAnswersTo = 'status';
      return answer(method, params);
    };
    const off = { strategy: 'trend', enabled: false, reason: 'test' };
    expect(await operationsOf(desk).toggleStrategy(ANNA, off)).toMatchObject({ ok: true, proven: false });
  });

  async function deskWithTrend() {
    const desk = await bench.desk({ serve: [] });
    desk.trader.strategies = [{ name: 'trend', enabled: true } as never];
    return desk;
  }
});

describe.concurrent('a split or a dividend of a stock', () => {
  const SPLIT = { kind: 'split', symbol: 'AAPL/USD', numerator: 4, denominator: 1 } as const;
  const PAID = { kind: 'dividend', symbol: 'AAPL/USD', perShare: '0.82' } as const;

  it('goes to the trader in the name of the person, and is in the audit trail', async () => {
    const desk = await bench.desk({ serve: [] });
    const operations = operationsOf(desk);
    const given = [
      () => operations.takeCorporateAction(OTTO, { action: SPLIT, reason: 'effective Monday' }),
      () => operations.takeCorporateAction(ANNA, { action: PAID, reason: 'ex-date today' }),
      () => operations.sayNoSplit(ANNA, { symbol: 'AAPL/USD', reason: 'bought by hand' }),
    ];
    for (const [before, give] of given.entries()) {
      expect(await give()).toMatchObject({ ok: true, proven: true, detail: 'done' });
      await audited(desk, before + 1);
    }
    expect(desk.trader.sent('corporateAction')).toMatchObject([
      { action: SPLIT, by: 'otto', reason: 'effective Monday' },
      { action: PAID, by: 'anna', reason: 'ex-date today' },
    ]);
    expect(desk.trader.sent('noSplit')).toMatchObject([{ symbol: 'AAPL/USD', by: 'anna' }]);
    expect(await audited(desk, 3)).toMatchObject([
      { person: 'anna', action: 'noSplit', parameters: { symbol: 'AAPL/USD', reason: 'bought by hand' } },
      { person: 'anna', action: 'corporateAction', parameters: { kind: 'dividend', what: '0.82' } },
      {
        ...{ person: 'otto', action: 'corporateAction', outcome: 'done' },
        parameters: { kind: 'split', symbol: 'AAPL/USD', what: '4:1', reason: 'effective Monday' },
      },
    ]);
  });

  it('that the trader refuses is answered with what to do, on record as refused', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.refusesAction = 'AAPL/USD is traded now';
    const refused = await operationsOf(desk).takeCorporateAction(OTTO, { action: SPLIT, reason: 'test' });
    const detail = 'Nothing was changed: AAPL/USD is traded now. To do: Look again.';
    expect(refused).toMatchObject({ ok: false, proven: false, detail });
    expect(await audited(desk, 1)).toMatchObject([{ action: 'corporateAction', outcome: detail }]);
  });

  it('of which no answer comes is not said to have changed nothing', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.gone = true;
    const unknown = await operationsOf(desk).takeCorporateAction(OTTO, { action: PAID, reason: 'test' });
    expect(unknown).toMatchObject({
      ...{ ok: true, proven: false },
      detail: expect.stringMatching(
        /^Whether the trader took it is not known: the trader is not there\. Look at .* taken in only once\.$/,
      ),
    });
    expect(await audited(desk, 1)).toMatchObject([{ outcome: unknown.detail }]);
  });

  it('that nothing could be written about never reaches the trader', async () => {
    const desk = await bench.desk({ serve: [] });
    const operations = operationsOf(desk, { postgres: true });
    for (const result of [
      await operations.takeCorporateAction(OTTO, { action: SPLIT, reason: 'test' }),
      await operations.sayNoSplit(OTTO, { symbol: 'AAPL/USD', reason: 'test' }),
    ])
      expect(result).toMatchObject({ ok: false, detail: expect.stringContaining('the audit trail') });
    expect([...desk.trader.sent('corporateAction'), ...desk.trader.sent('noSplit')]).toEqual([]);
  });
});

it('a validation that is asked for is kept, started, and not waited for', async () => {
  const home = mkdtempSync(join(tmpdir(), 'asked-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const desk = await bench.desk({ serve: [] });
  const deskFile = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));
  const { operations, temporal } = openOperations(bench, desk, { runtime: { home, deskFile } });
  opened.push(() => temporal.close());
  const asked = await operations.askForValidation(ANNA, { hours: 48 });
  expect(asked).toMatchObject({ ok: true, proven: false });
  const [, id = ''] = /^Validation (\S+) trades 48 h/.exec(asked.detail) ?? [];
  const kept = readFileSync(join(home, 'validations', id, 'request.json'), 'utf8');
  expect(JSON.parse(kept)).toMatchObject({
    id,
    durationMs: 48 * 3_600_000,
    requestedBy: 'anna',
    market: { kind: 'auto', files: [] },
  });
  const run = { firstRunId: 'f', runId: 'f', type: 'validation', routine: 'validation' };
  const seen = { ...run, workflowId: asked.workflowId ?? '', startedMs: 5_000, seenMs: 6_000 };
  await keepSeenRuns(bench.database.pool, desk.name, [
    seen,
    { ...seen, type: 'routine', workflowId: 'other' },
  ]);
  expect(await operations.listValidations()).toEqual({
    validations: [],
    running: [{ id, startedMs: 5_000 }],
  });
  await bench.client.workflow.getHandle(asked.workflowId ?? '').terminate();
  expect(await audited(desk, 1)).toMatchObject([{ action: 'validate', outcome: `started ${id}` }]);
});

it('a validation of a desk with playbooks in code has them, since routines name them', async () => {
  const home = mkdtempSync(join(tmpdir(), 'asked-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const folder = join(home, 'coded');
  cpSync(CODED_DESK, folder, { recursive: true });
  const deskFile = join(folder, 'desk.yaml');
  const step =
    '{ key: base, title: The database answers, check: database, onFail: incident, incident: late-bank }';
  const routine = `routines:\n  - name: noon\n    title: At noon\n    at: ['12:00']\n    steps:\n      - ${step}\n`;
  appendFileSync(deskFile, routine);
  const desk = await bench.desk({ serve: [] });
  const { operations, temporal } = openOperations(bench, desk, { runtime: { home, deskFile } });
  opened.push(() => temporal.close());
  const { workflowId, detail } = await operations.askForValidation(ANNA, { hours: 1 });
  await bench.client.workflow.getHandle(workflowId ?? '').terminate();
  const [, id = ''] = /^Validation (\S+) trades/.exec(detail) ?? [];
  expect(loadDesk(validationPlace(home, id).deskFile).desk.routines).toHaveLength(1);
});

it('a validation on stored minutes names a period that is listed, never a file, and no more hours than it has', async () => {
  const home = mkdtempSync(join(tmpdir(), 'asked-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const put = storeHours(home, cryptoDesk(), ensureDataKey(home));
  const fromMs = Date.UTC(2026, 9, 1);
  for (const symbol of ['BTC/USDT', 'ETH/USDT']) await put(symbol, '2026-10', fromMs, fromMs + 6 * 3_600_000);
  const desk = await bench.desk({ serve: [] });
  const deskFile = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));
  const { operations, temporal } = openOperations(bench, desk, { runtime: { home, deskFile } });
  opened.push(() => temporal.close());
  const stored = '2026-10-01T00:00Z/2026-10-01T06:00Z';
  expect(await operations.listStoredPeriods()).toMatchObject([{ name: stored }]);
  const refusal = async (wish: { hours: number; stored: string }) => {
    const { ok, detail } = await operations.askForValidation(ANNA, wish);
    expect(ok).toBe(false);
    return detail;
  };
  expect(await refusal({ hours: 6, stored: '/etc/passwd' })).toMatch(
    /^stored: expected one of the periods .* found "\/etc\/passwd". Nothing was started/,
  );
  expect(await refusal({ hours: 7, stored })).toMatch(/^hours: expected at most the 6 that are stored/);
  const asked = await operations.askForValidation(ANNA, { hours: 5, stored });
  const [, id = ''] = /^Validation (\S+) trades 5 h of stored minutes/.exec(asked.detail) ?? [];
  expect(JSON.parse(readFileSync(join(home, 'validations', id, 'request.json'), 'utf8'))).toMatchObject({
    ...{ durationMs: 5 * 3_600_000, beginMs: fromMs },
    market: { kind: 'recorded', files: [{ symbol: 'BTC/USDT' }, { symbol: 'ETH/USDT' }] },
  });
  await bench.client.workflow.getHandle(asked.workflowId ?? '').terminate();
});

it('stops a desk on paper too whose go-live somebody takes back, and says that there was none', async () => {
  const desk = await bench.desk();
  const { ok, proven, detail } = await operationsOf(desk).revokeGoLive(ANNA, { reason: 'mistyped' });
  expect([ok, proven, detail]).toEqual([
    true,
    true,
    expect.stringContaining('there was no go-live to take back'),
  ]);
  expect(desk.trader.mode).toBe('HALTED');
});
