/** A limit is tightened at once, and loosened again by a vote. */

import { settingsChangeId } from '../../../../src/contracts/queues.js';
import { until } from '../../eventually.js';
import { type Bench, countOf } from '../bench.js';
import type { Procedure } from '../procedure.js';
import { approvalOf, vote } from './vote.js';

const KEY = 'risk.maxPositionSizePct';
const TIGHT = 2;
const LOOSE = 3;

interface Shown {
  readonly version: number;
  readonly settings: readonly { readonly key: string; readonly value: number }[];
}

export const settings: Procedure = {
  name: 'a change of settings',
  carryOut: async (bench, watch, cell) => {
    await until('tightened', async () => {
      if ((await read(bench)).value === TIGHT) return true;
      await change(bench, TIGHT, cell);
      return true;
    });
    let workflowId = '';
    await until('people are asked', async () => {
      workflowId = settingsChangeId(bench.runtime.desk, (await read(bench)).version + 1);
      watch(workflowId);
      if ((await approvalOf(bench.pages[0], workflowId, cell)) !== null) return true;
      await change(bench, LOOSE, cell);
      return true;
    });
    await until('voted', () => vote(bench.pages[0], workflowId, cell));
  },
  leaves: async (bench, { workflowId }, cell) => {
    const ofRun = 'approval where workflow_id = $1';
    const key = [workflowId];
    return {
      inForce: (await read(bench)).value,
      versions: await countOf(bench, 'settings_change where reason = $1', [cell]),
      approvals: await countOf(bench, ofRun, key),
      votes: await countOf(bench, `approval_vote where approval_id in (select id from ${ofRun})`, key),
      told: await countOf(
        bench,
        `notice where fingerprint like (select 'approval:' || id || '%' from ${ofRun})`,
        key,
      ),
    };
  },
};

const change = ({ pages: [page] }: Bench, value: number, reason: string) =>
  page.send('PUT', '/api/settings', { values: { [KEY]: value }, reason });

async function read({
  pages: [page],
}: Bench): Promise<{ readonly version: number; readonly value: number | undefined }> {
  const { version, settings } = await page.get<Shown>('/api/settings');
  return { version, value: settings.find(({ key }) => key === KEY)?.value };
}
