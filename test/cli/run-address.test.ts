/** Where a person reads a run: said by commands and notices, as one address of the dashboard. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApprovalActivities } from '../../src/activities/operations/create-approval-activities.js';
import { outcomeLines, withRun } from '../../src/cli/act-on-desk.js';
import { approvalLines, votingLines } from '../../src/cli/commands/approval-commands.js';
import type { Approval } from '../../src/contracts/approval.js';
import type { Incident } from '../../src/contracts/incident.js';
import type { Task } from '../../src/contracts/operations-activities.js';
import { homePaths } from '../../src/home/runtime.js';
import { runAddressAt } from '../../src/home/started-desks.js';
import { approvalNotice, approvalReminder, incidentNotice } from '../../src/notify/button-notices.js';
import { routineNotice, taskNotice } from '../../src/notify/notices.js';
import { notify } from '../../src/notify/notify.js';
import { outcomeText } from '../../src/telegram/bot-context.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const RUN = 'routine:crypto-bot:daily:2026-03-02T00:00:00.000Z';
const ADDRESS = `http://127.0.0.1:8000/#run=${encodeURIComponent(RUN)}`;
const WHAT_TO_DO = 'http://127.0.0.1:8000/docs/WOKEN#routine-failed';
const OUTCOME = { ok: true, proven: true, detail: 'done', haltId: null, workflowId: RUN, problems: [] };

const ABOUT = {
  ...{ desk: 'crypto-bot', workflowId: RUN, firstRunId: 'f', title: 'T', detail: 'd', severity: 'high' },
  ...{ fingerprint: 'f', kind: 'exchange-down', openedMs: 0, respondByMs: 0, escalations: 0 },
};
const QUESTION: Approval = {
  ...{ id: 'q', desk: 'crypto-bot', token: 't', kind: 'settings', subject: 's', title: 'More room' },
  ...{ parameters: {}, parametersHash: 'h', needed: 1, roles: ['approver'], requestedBy: 'otto' },
  ...{ workflowId: RUN, runId: 'f', createdMs: 0, expiresMs: 0, closedMs: null, outcome: '' },
  state: 'open',
};

const home = mkdtempSync(join(tmpdir(), 'fermata-run-'));
let database: TestDatabase;

function desk(uiAddress: string | null): void {
  const runtime = { web: { host: '0.0.0.0', port: 8000 }, temporal: { kind: 'managed', uiAddress } };
  mkdirSync(homePaths(home).run, { recursive: true });
  writeFileSync(join(homePaths(home).run, 'runtime.json'), JSON.stringify(runtime));
}

beforeAll(async () => {
  vi.stubEnv('FERMATA_HOME', home);
  desk('http://127.0.0.1:8233');
  database = await createTestDatabase();
});
afterAll(async () => {
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});

async function newest(): Promise<{ readonly body: string }> {
  const { rows } = await database.pool.query<{ body: string }>(
    'select body from notice order by id desc limit 1',
  );
  return rows[0] ?? { body: '' };
}

describe('the run that something is about', () => {
  it('is an address of the page, in the output of commands and for scripts', () => {
    expect(withRun(OUTCOME).run).toBe(ADDRESS);
    expect(outcomeLines('routine daily', OUTCOME).join('\n')).toContain(ADDRESS);
    expect(withRun({ ...OUTCOME, workflowId: null }).run).toBeNull();
  });

  it('is said of each question that waits', () => {
    expect(approvalLines({ ...QUESTION, votes: [] }).join('\n')).toContain(ADDRESS);
  });

  it('says of a go-live that waits for people who has agreed and who is missing', async () => {
    const vote = { via: 'web', reason: 'r', votedMs: 0 };
    const asked = {
      ...QUESTION,
      needed: 2,
      votes: [{ ...vote, person: 'anna', choice: 'approve' as const }],
    };
    const listApprovals = async () => [asked, { ...asked, id: 'other', workflowId: 'other' }];
    const attempts = [{ workflowId: RUN }] as never;
    const shown = { attempts, approvers: ['anna', 'ben', 'carla'] };
    const task = { id: 7, title: 'Review the report', state: 'open', dueMs: 0, origin: { workflowId: RUN } };
    const listTasks = async () =>
      [
        task,
        { ...task, state: 'done' },
        { ...task, origin: null },
        { ...task, origin: { workflowId: 'other' } },
      ] as never;
    expect(await votingLines({ listApprovals, listTasks }, shown)).toEqual([
      'waits for a person until 1970-01-01 00:00 UTC: Review the report',
      '  once it is done: fermata task done 7 --note TEXT',
      'waits for people until 1970-01-01 00:00 UTC: More room',
      '  agreed: anna; 1 more needed, of: ben, carla',
      '  to vote: fermata approve q --reason TEXT',
    ]);
    const away = () => Promise.reject(new Error('Postgres is away'));
    expect(await votingLines({ listApprovals: away, listTasks: away }, shown)).toEqual([]);
  });

  it('stands whole in its notice, however long the text is', async () => {
    const problems = [{ name: 'Long', verdict: 'fail', observed: 'x'.repeat(5_000) }] as const;
    const notice = routineNotice({ desk: 'crypto-bot', workflowId: RUN, runId: 'f' }, 'fail', {
      title: 'Daily',
      problems,
    });
    if (notice === null) throw new Error('a failure is told');
    await notify(database.pool, notice, home);
    const { rows } = await database.pool.query<{ body: string }>('select body from notice');
    expect(rows[0]?.body.endsWith(`What to do: ${WHAT_TO_DO}\nIts run: ${ADDRESS}`)).toBe(true);
    expect(rows[0]?.body.length).toBeLessThanOrEqual(3_500);
  });

  it('is asked there, and not below a notice that can not say all that is agreed to', async () => {
    const votes = async (note: string) => {
      await notify(
        database.pool,
        approvalNotice({ ...QUESTION, id: `q-${note.length}`, parameters: { note } }),
        home,
      );
      const { rows } = await database.pool.query<{ body: string; buttons: readonly { text: string }[] }>(
        'select body, buttons from notice order by id desc limit 1',
      );
      const [{ body, buttons }] = rows as [(typeof rows)[number]];
      return { body, taps: buttons.map(({ text }) => text) };
    };
    expect((await votes('short')).taps).toEqual(['Approve', 'Reject', 'Details']);
    const cut = await votes('x'.repeat(3_250));
    expect(cut.taps).toEqual(['Reject', 'Details']);
    expect(cut.body).toMatch(/This is not all of it.*\n\n.*Its run: /s);
    expect(cut.body.length).toBeLessThanOrEqual(3_300);
  });

  it.each([
    ['an incident', incidentNotice({ ...ABOUT, id: 'i1', state: 'open' } as Incident, 'opened', null)],
    ['a question', approvalNotice(QUESTION)],
    ['a question that waits', approvalReminder(QUESTION, [], { escalates: true, key: 'e' })],
    ['a task', taskNotice({ ...ABOUT, id: 1, dueMs: 0, origin: ABOUT } as unknown as Task)],
  ])('is said in the notice of %s', async (_, notice) => {
    await notify(database.pool, notice, home);
    expect((await newest()).body).toContain(`Its run: ${ADDRESS}`);
  });

  it('is said in how a question ended, by the run that asked it', async () => {
    const { id, desk, runId, title } = QUESTION;
    await database.pool.query(
      `insert into approval (id, desk, token, kind, subject, title, parameters, parameters_hash, needed, roles,
         requested_by, workflow_id, run_id, expires)
       values ($1, $2, 't', 'settings', 's', $3, '{}', 'h', 1, '{approver}', 'otto', $4, $5, now())`,
      [id, desk, title, RUN, runId],
    );
    const { closeApproval } = createApprovalActivities({
      pool: database.pool,
      decisionKey: () => '',
      nowMs: Date.now,
      tell: (notice) => notify(database.pool, notice, home),
      trader: new ScriptedTrader('none').client,
    });
    const closed = { id, desk, title, runId, state: 'approved', detail: 'by anna', votes: [] } as const;
    await new MockActivityEnvironment({ workflowExecution: { workflowId: RUN, runId } }).run(() =>
      closeApproval(closed),
    );
    expect((await newest()).body).toContain(`Its run: ${ADDRESS}`);
  });

  it('is said in what a chat is answered', () => {
    const context = { desk: { desk: 'crypto-bot' }, runAddress: (run: string) => runAddressAt(home, run) };
    const text = outcomeText(context, 'Stop', OUTCOME);
    expect(text).toContain(`Its run: ${ADDRESS}`);
  });

  it('is not said where no UI of Temporal’s is behind our sign-in', () => {
    desk(null);
    expect(runAddressAt(home, RUN)).toBeNull();
    expect(outcomeLines('routine daily', OUTCOME).join('\n')).not.toContain('http');
  });
});
