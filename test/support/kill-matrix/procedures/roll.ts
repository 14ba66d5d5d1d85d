/** The future is rolled to the month beside it, and its trader starts again with that. */

import { settingsChangeId } from '../../../../src/contracts/queues.js';
import { until } from '../../eventually.js';
import { type Bench, countOf } from '../bench.js';
import type { Procedure } from '../procedure.js';
import { approvalOf, vote } from './vote.js';

const KEY = 'instruments.NQ/USD.contractMonth';

interface Shown {
  readonly version: number;
  readonly settings: readonly {
    readonly key: string;
    readonly value: string;
    readonly choices?: readonly string[];
  }[];
}

export const roll: Procedure = {
  name: 'a roll of the future',
  carryOut: async (bench, watch, cell) => {
    let workflowId = '';
    await until('people are asked', async () => {
      const { version, month, choices } = await read(bench);
      workflowId = settingsChangeId(bench.runtime.desk, version + 1);
      watch(workflowId);
      if ((await approvalOf(bench.pages[0], workflowId, cell)) !== null) return true;
      // There and back: a simulated Gateway lists few months.
      const to = choices.find((choice) => choice !== month);
      await bench.pages[0].send('POST', '/api/roll', { symbol: 'NQ/USD', to, reason: cell });
      return true;
    });
    await until('voted', () => vote(bench.pages[0], workflowId, cell));
  },
  leaves: async (bench, { workflowId }, cell) => {
    const ofRun = 'approval where workflow_id = $1';
    const key = [workflowId];
    return {
      versions: await countOf(bench, 'settings_change where reason = $1', [cell]),
      approvals: await countOf(bench, ofRun, key),
      votes: await countOf(bench, `approval_vote where approval_id in (select id from ${ofRun})`, key),
      rolled: await countOf(
        bench,
        `notice where fingerprint in (select 'roll:' || id from ${ofRun}) and severity = 'info'`,
        key,
      ),
    };
  },
};

async function read({ pages: [page] }: Bench) {
  const { version, settings } = await page.get<Shown>('/api/settings');
  const found = settings.find(({ key }) => key === KEY);
  return { version, month: found?.value, choices: found?.choices ?? [] };
}
