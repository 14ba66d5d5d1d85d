/** A deployment asks, backs up and switches, in this order, and says what came of it. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildExamined, DeployActivities, DeployResult } from '../../src/contracts/deploy.js';
import { deployId, operationsQueue } from '../../src/contracts/queues.js';
import { readApprovals } from '../../src/store/approval-rows.js';
import { until } from '../support/eventually.js';
import { deployInput, QUICK_ACTIVITIES } from '../support/kill-matrix/pressables.js';
import { openApproval, vote } from './support/decisions.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const FIT: BuildExamined = {
  build: {
    ...{ id: 'b', commit: 'c0ffee', version: '1.2.3', from: '/srv/fermata' },
    ...{ updated: ['clock@2.0.0'], testedMs: 1, testsTookMs: 61_000 },
  },
  problem: null,
  observed: 'fit',
};

interface Deployed extends BenchDesk {
  /** What was done, in its order. */
  readonly did: string[];
  readonly workflowId: string;
  result(): Promise<DeployResult>;
}

async function deploy(
  change: Partial<DeployActivities & Pick<typeof QUICK_ACTIVITIES, 'verifyBackup'>> = {},
  answerMs?: number,
): Promise<Deployed> {
  const did: string[] = [];
  const { takeBackup, verifyBackup, pruneBackups } = QUICK_ACTIVITIES;
  const activities = {
    ...{ takeBackup, verifyBackup, pruneBackups },
    examineBuild: async () => FIT,
    switchBuild: async () => ({ switched: true, says: 'build b runs, and everything of it answers' }),
    ...change,
  };
  const desk = await bench.desk({
    serve: ['operations'],
    activities: () => activities,
    afterActivity: (name) => {
      if (name in activities || name === 'recordApprovalVote') did.push(name);
    },
  });
  const workflowId = deployId(desk.name);
  const run = await bench.client.workflow.start('deploy', {
    workflowId,
    taskQueue: operationsQueue(desk.name),
    args: [deployInput(desk.name, answerMs === undefined ? {} : { expiresAfterMs: answerMs })],
  });
  return Object.assign(desk, { did, workflowId, result: () => run.result() as Promise<DeployResult> });
}

async function toldOf(desk: BenchDesk): Promise<string[]> {
  const { rows } = await bench.database.pool.query<{ title: string }>(
    `select title from notice where desk = $1 and fingerprint like 'deploy:%'`,
    [desk.name],
  );
  return rows.map(({ title }) => title.replace(`${desk.name}: `, ''));
}

const shown = ({ steps }: DeployResult): string[] => steps.map(({ key, verdict }) => `${key} ${verdict}`);

describe.concurrent('a deployment', () => {
  it('switches only once people agree to that very build, and a backup is verified', async () => {
    const asked: unknown[] = [];
    const desk = await deploy({
      switchBuild: async (order) => {
        asked.push(order);
        return { switched: true, says: 'build b runs, and everything of it answers' };
      },
    });
    const question = await openApproval(bench, desk.name);
    expect(question).toMatchObject({
      ...{ kind: 'deploy', subject: 'b', needed: 1, requestedBy: 'otto' },
      parameters: {
        ...{ commit: 'c0ffee', version: '1.2.3', from: '/srv/fermata', packages: 'updated: clock@2.0.0' },
        tests: 'all of them have passed, in 61 s',
      },
    });
    expect(desk.did).toEqual(['examineBuild']);
    await vote(bench, desk.name);
    const result = await desk.result();
    expect([result.verdict, result.detail]).toEqual(['pass', 'build b runs, and everything of it answers']);
    expect(shown(result)).toEqual(
      ['examine', 'agreed', 'backup', 'examine-again', 'switch'].map((key) => `${key} pass`),
    );
    expect(desk.did).toEqual([
      ...['examineBuild', 'recordApprovalVote', 'takeBackup', 'verifyBackup', 'pruneBackups'],
      ...['examineBuild', 'switchBuild'],
    ]);
    expect(asked).toEqual([{ key: expect.stringContaining(desk.workflowId), by: 'anna', to: 'b' }]);
    expect((await desk.evidence('deploy')).map(({ step_key: key, person }) => [key, person])).toEqual([
      ['examine', null],
      ['agreed', 'anna'],
      ['backup', null],
      ['examine-again', null],
      ['switch', 'anna'],
    ]);
    expect(await toldOf(desk)).toEqual(['build b runs']);
    await keepHistory(bench, 'deploy', desk.workflowId);
  });

  it('asks nobody about a build that open runs would stand still under', async () => {
    const problem = '1 of 3 open runs would stand still: routine:x';
    const desk = await deploy({ examineBuild: async () => ({ ...FIT, problem }) });
    expect(await desk.result()).toMatchObject({ verdict: 'fail', detail: expect.stringContaining(problem) });
    expect(desk.did).toEqual(['examineBuild']);
    expect(await readApprovals(bench.database.pool, desk.name)).toEqual([]);
    expect(await toldOf(desk)).toEqual(['build b was not deployed']);
    await keepHistory(bench, 'deploy-not-fit', desk.workflowId);
  });

  it('changes nothing where people refuse', async () => {
    const desk = await deploy();
    await vote(bench, desk.name, { choice: 'reject' });
    const result = await desk.result();
    expect([result.verdict, shown(result)[1], shown(result).at(-1)]).toEqual([
      ...['not_run', 'agreed not_run', 'switch not_run'],
    ]);
    expect(desk.did).toEqual(['examineBuild', 'recordApprovalVote']);
    await keepHistory(bench, 'deploy-refused', desk.workflowId);
  });

  it('changes nothing where the backup before it is not good', async () => {
    const bad = {
      key: 'verify',
      title: 'Verified',
      verdict: 'fail',
      observed: 'torn',
      expected: 'y',
    } as const;
    const desk = await deploy({ verifyBackup: async () => bad as never });
    await vote(bench, desk.name);
    expect(await desk.result()).toMatchObject({ verdict: 'fail', detail: expect.stringContaining('torn') });
    expect(desk.did).not.toContain('switchBuild');
    await keepHistory(bench, 'deploy-without-a-backup', desk.workflowId);
  });

  it('changes nothing where it is another commit than people were asked about', async () => {
    let looks = 0;
    const desk = await deploy({
      examineBuild: async () => {
        looks += 1;
        return looks === 1 ? FIT : { ...FIT, build: { ...FIT.build, commit: 'decaf' } as typeof FIT.build };
      },
    });
    await vote(bench, desk.name);
    const result = await desk.result();
    expect([result.verdict, result.detail]).toEqual(['fail', expect.stringContaining('asked about c0ffee')]);
    expect(desk.did).not.toContain('switchBuild');
  });

  it('tells people where the former build runs again', async () => {
    const says = 'build b is not well: it has ended with 1; the former build is started again';
    const desk = await deploy({ switchBuild: async () => ({ switched: false, says }) });
    await vote(bench, desk.name);
    expect(await desk.result()).toMatchObject({ verdict: 'fail', detail: `Switched: ${says}` });
    expect(await toldOf(desk)).toEqual(['build b was not deployed']);
    await keepHistory(bench, 'deploy-gone-back', desk.workflowId);
  });

  it('withdraws its question where it is cancelled', async () => {
    const desk = await deploy();
    await openApproval(bench, desk.name);
    await bench.client.workflow.getHandle(desk.workflowId).cancel();
    expect(await desk.result()).toMatchObject({
      ...{ verdict: 'not_run', detail: expect.stringContaining('cancelled') },
    });
    const [question] = await until('the question', () => readApprovals(bench.database.pool, desk.name));
    expect([question?.state, desk.did]).toEqual(['withdrawn', ['examineBuild']]);
    await keepHistory(bench, 'deploy-cancelled', desk.workflowId);
  });
});
