/** A person resumes after a stop. A trader that died meanwhile has a newer halt, which the person decides about then. */

import { resumptionId } from '../../../../src/contracts/queues.js';
import { until } from '../../eventually.js';
import { countOf, OPERATOR } from '../bench.js';
import type { Procedure } from '../procedure.js';

const PATIENCE_MS = 120_000;

export const resumption: Procedure = {
  name: 'a resumption',
  sometimes: ["Our book and the venue's", 'Arming refused'],
  prepare: async ({ operations }) => {
    await until('stopped', async () => {
      return (await operations.stopTrading(OPERATOR, { reason: 'to be resumed' })).proven;
    });
  },
  carryOut: async ({ runtime, operations, pages: [page] }, watch, cell) => {
    await until(
      'a person has resumed',
      async () => {
        const { mode, haltId } = await operations.readStatus();
        if (mode === 'ACTIVE') return true;
        if (haltId === null) return false;
        watch(resumptionId(runtime.desk, haltId));
        const key = `${cell}:${haltId}`;
        await page.send('POST', '/api/emergency/resume', { reason: cell }, key);
        return (await operations.readStatus()).mode === 'ACTIVE';
      },
      PATIENCE_MS,
    );
  },
  leaves: async (bench, { workflowId }) => ({
    stillHalted: await countOf(
      bench,
      "halts where reason = 'to be resumed' and lifted is null and desk = $1",
      [bench.runtime.desk],
    ),
    arms: await countOf(bench, "evidence where workflow_id = $1 and step_key = 'arm' and verdict = 'pass'", [
      workflowId,
    ]),
  }),
};
