/** Real money: the report is reviewed, two people approve, the first period is watched. A refused attempt is followed by another. */

import { goLiveId, releaseOf } from '../../../../src/domain/go-live-terms.js';
import { PRODUCT_VERSION } from '../../../../src/operations/go-live/start-go-live.js';
import { until } from '../../eventually.js';
import { type Bench, countOf } from '../bench.js';
import type { Procedure } from '../procedure.js';
import { vote } from './vote.js';

const PATIENCE_MS = 170_000;

interface Task {
  readonly id: number;
  readonly source: string;
  readonly state: string;
}

export const goLive: Procedure = {
  name: 'going live',
  prepare: async ({ operations, pages: [operator] }) => {
    if ((await operations.readStatus()).goLive.granted === null) return;
    await operator.send('POST', '/api/golive/revoke', { reason: 'the next cell' });
  },
  carryOut: async (bench, watch, cell) => {
    await until(
      'live, and the first period over',
      async () => {
        const attempts = await attemptsOf(bench);
        const ours = attempts.find(({ reason }) => reason === cell);
        if (ours?.state === 'completed') return true;
        if (ours?.finishedMs === null) return help(bench, ours.workflowId);
        const { desk, configHash } = await bench.operations.readStatus();
        const release = releaseOf(PRODUCT_VERSION, configHash);
        const last = Math.max(
          0,
          ...attempts.filter((one) => one.release === release).map(({ attempt }) => attempt),
        );
        watch(goLiveId(desk, release, last + 1));
        await bench.pages[0].send('POST', '/api/golive', { reason: cell });
        return false;
      },
      PATIENCE_MS,
    );
  },
  leaves: async (bench, { workflowId, firstRunId }, cell) => {
    const key = [workflowId];
    return {
      granted: (await bench.operations.readStatus()).goLive.granted?.step,
      completed: await countOf(bench, "golive_attempt where reason = $1 and state = 'completed'", [cell]),
      reviews: await countOf(bench, 'task where workflow_id = $1 and first_run_id = $2', [
        workflowId,
        firstRunId,
      ]),
      approvals: await countOf(bench, 'approval where workflow_id = $1', key),
      votes: await countOf(
        bench,
        'approval_vote where approval_id in (select id from approval where workflow_id = $1)',
        key,
      ),
    };
  },
};

async function attemptsOf({ operations }: Bench) {
  const { attempts, problems } = await operations.readGoLive();
  if (problems.some((problem) => problem.startsWith('Postgres'))) throw new Error(problems.join('; '));
  return attempts;
}

/** What people are asked, they do. */
async function help(bench: Bench, workflowId: string): Promise<false> {
  const [operator] = bench.pages;
  const { tasks } = await operator.get<{ tasks: readonly Task[] }>('/api/tasks?state=open');
  for (const { id } of tasks.filter(({ source }) => source.startsWith(`${workflowId}:`))) {
    await operator.send('POST', `/api/tasks/${id}/done`, { note: 'above the bounds' });
  }
  for (const page of bench.pages) await vote(page, workflowId);
  return false;
}
