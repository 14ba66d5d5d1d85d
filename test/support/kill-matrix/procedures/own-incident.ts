/** An incident of a desk's own kind that a person opens, whose playbook is carried out. */

import { incidentId } from '../../../../src/contracts/queues.js';
import { ownIncidents } from '../../../../src/desk/own-incidents.js';
import { loadDesk } from '../../../../src/venue/load-desk.js';
import { until } from '../../eventually.js';
import { type Bench, countOf } from '../bench.js';
import type { Procedure } from '../procedure.js';
import { vote } from './vote.js';

const PATIENCE_MS = 290_000;

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly detail: string;
  readonly state: 'open' | 'acknowledged' | 'resolved';
}

interface Task {
  readonly id: number;
  readonly source: string;
}

/** As a person opens it. What its playbook asks of people they do, with this answer where it lets them choose. */
export const ownIncident = (kind: string, answer = ''): Procedure => ({
  name: `the incident ${kind}`,
  // The report, where its answer was lost and the person gave it again.
  sometimes: ['Seen again'],
  carryOut: async (bench, watch, cell) => {
    const [page] = bench.pages;
    const workflowId = incidentId(`${bench.runtime.desk}:${kind}`);
    watch(workflowId);
    await until(
      `${kind} is over`,
      async () => {
        const { incidents } = await page.get<{ incidents: readonly Shown[] }>('/api/incidents');
        const ours = incidents.find((one) => one.kind === kind && one.detail.includes(cell));
        if (ours?.state === 'resolved') return true;
        if (ours === undefined) {
          await page.send('POST', '/api/incidents', { kind, title: cell });
          return false;
        }
        const { tasks } = await page.get<{ tasks: readonly Task[] }>('/api/tasks?state=open');
        for (const { id } of tasks.filter(({ source }) => source.startsWith(`${workflowId}:`)))
          await page.send('POST', `/api/tasks/${id}/done`, { note: 'looked at it' });
        if (answer !== '') await vote(page, workflowId, answer);
        if (await isForPerson(bench, kind, ours.id))
          await page.send('POST', `/api/incidents/${ours.id}/resolve`, { note: 'looked at it' });
        return false;
      },
      PATIENCE_MS,
    );
  },
  leaves: async (bench, { workflowId, firstRunId }) => {
    const key = [workflowId, firstRunId];
    const ofRun = 'workflow_id = $1 and first_run_id = $2';
    return {
      resolved: await countOf(bench, `incident where ${ofRun} and state = 'resolved'`, key),
      tasks: await countOf(bench, `task where ${ofRun}`, key),
      votes: await countOf(
        bench,
        `approval_vote where approval_id in (select id from approval where workflow_id = $1 and created >=
           (select opened from incident where ${ofRun}))`,
        key,
      ),
      told: await countOf(
        bench,
        `notice where fingerprint like (select 'incident:' || id || ':opened%' from incident where ${ofRun})`,
        key,
      ),
    };
  },
});

/** Its last one has its evidence, and it does not end by itself: with trading, or as what was done has passed. */
async function isForPerson({ runtime, operations }: Bench, kind: string, id: string): Promise<boolean> {
  const own = ownIncidents(loadDesk(runtime.deskFile).desk).get(kind);
  if (own === undefined) throw new Error(`the desk has no incident ${kind}`);
  if (own.over !== 'person') return false;
  const last = 'steps' in own ? own.steps.at(-1)?.title : undefined;
  const timeline = (await operations.readIncident(id))?.timeline ?? [];
  return timeline.some(({ name }) => name === last);
}
