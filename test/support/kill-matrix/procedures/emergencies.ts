/** The buttons: stop, and close all. What was asked for is the same command, however often it is sent. */

import { emergencyStopId } from '../../../../src/contracts/queues.js';
import { until } from '../../eventually.js';
import { type Bench, OPERATOR } from '../bench.js';
import type { Facts, Procedure } from '../procedure.js';

/** Written where the workflow reaches the trader before the person's own line has. */
const SOMETIMES = ['Stop sent to the trader', 'Close all sent to the trader'];

export const stop: Procedure = {
  name: 'an emergency stop',
  sometimes: SOMETIMES,
  carryOut: async ({ runtime, operations }, watch, cell) => {
    watch(emergencyStopId(runtime.desk));
    const request = { reason: cell, commandId: cell };
    await until('the stop is under way', async () => {
      const { ok, workflowId } = await operations.stopTrading(OPERATOR, request);
      return ok && workflowId !== null;
    });
  },
  leaves: (bench, _run, cell) => haltOf(bench, cell),
};

export const closeAll: Procedure = {
  name: 'a close-all',
  sometimes: SOMETIMES,
  prepare: async ({ operations }) => {
    await until(
      'there is something to close',
      async () => (await operations.readStatus()).openPositions > 0,
      120_000,
    );
  },
  carryOut: async ({ runtime, operations }, watch, cell) => {
    watch(emergencyStopId(runtime.desk));
    const request = { reason: cell, commandId: cell };
    await until('closing is under way', async () => {
      const { ok, workflowId } = await operations.closeAllPositions(OPERATOR, request);
      return ok && workflowId !== null;
    });
  },
  leaves: async (bench, _run, cell) => {
    const halt = await haltOf(bench, cell);
    const { openPositions, openOrders } = await bench.operations.readStatus();
    return { ...halt, openPositions, openOrders };
  },
};

/** A trader that was killed comes back halted for its start as well: that is another halt, and none of this person's. */
async function haltOf({ operations }: Bench, cell: string): Promise<Facts> {
  const { mode, halts, entriesWorking } = await operations.readStatus();
  const ours = halts.filter(({ reason }) => reason === cell);
  return { mode, entriesWorking, causes: [...new Set(ours.map(({ cause }) => cause))] };
}
