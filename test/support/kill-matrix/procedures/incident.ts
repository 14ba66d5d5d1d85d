/** An incident that a person reports on the page, takes, and declares over. */

import { incidentId } from '../../../../src/contracts/queues.js';
import { until } from '../../eventually.js';
import { type Bench, countOf } from '../bench.js';
import type { Procedure } from '../procedure.js';

interface Shown {
  readonly id: string;
  readonly title: string;
  readonly state: 'open' | 'acknowledged' | 'resolved';
}

export const incident: Procedure = {
  name: 'an incident',
  // The report, where its answer was lost and the person gave it again.
  sometimes: ['Seen again'],
  carryOut: async (bench, watch, cell) => {
    watch(incidentId(`${bench.runtime.desk}:reported:${cell}`));
    await until('reported', async () => {
      const body = { title: cell, detail: 'wicks of 5 %' };
      return (await shown(bench, cell)) ?? bench.pages[0].send('POST', '/api/incidents', body);
    });
    await answer(bench, cell, 'acknowledge', ['acknowledged', 'resolved']);
    await answer(bench, cell, 'resolve', ['resolved']);
  },
  leaves: async (bench, { workflowId, firstRunId }) => {
    const key = [workflowId, firstRunId];
    const ofRun = 'workflow_id = $1 and first_run_id = $2';
    return {
      resolved: await countOf(bench, `incident where ${ofRun} and state = 'resolved'`, key),
      reviews: await countOf(bench, `task where ${ofRun}`, key),
      told: await countOf(
        bench,
        `notice where fingerprint like (select 'incident:' || id || ':%' from incident where ${ofRun})`,
        key,
      ),
    };
  },
};

async function answer(
  bench: Bench,
  title: string,
  choice: 'acknowledge' | 'resolve',
  done: readonly Shown['state'][],
): Promise<void> {
  await until(choice, async () => {
    const found = await shown(bench, title);
    if (found === null) return false;
    if (done.includes(found.state)) return true;
    await bench.pages[0].send('POST', `/api/incidents/${found.id}/${choice}`, { note: 'seen' });
    return true;
  });
}

async function shown({ pages: [page] }: Bench, title: string): Promise<Shown | null> {
  const { incidents } = await page.get<{ incidents: readonly Shown[] }>('/api/incidents');
  return incidents.find((one) => one.title === title) ?? null;
}
