/** 20 brackets at a simulated IB Gateway are closed, over the wire, and proven flat. */
import { describe, expect, it } from 'vitest';
import { BRACKETS, deskAtGateway, GATEWAY_FAULTS, type GatewayClosing } from '../support/desk-at-gateway.js';
import { untilHolds } from '../support/eventually.js';

async function closed(options: GatewayClosing): Promise<void> {
  const at = await deskAtGateway(options);
  try {
    expect([at.resting(), at.held()]).toEqual([2 * BRACKETS, BRACKETS]);
    const { flat } = await at.closeAll();
    expect(flat).toBe(true);
    expect([at.resting(), at.held()]).toEqual([0, 0]);
  } finally {
    await at.close();
  }
}

/** Beyond what entering and closing may each take on a busy machine. */
const TIMEOUT_MS = 480_000;

// Each waits for its own broker nearly all of its time.
describe.concurrent('20 positions with stop and target resting at the broker', {
  timeout: TIMEOUT_MS,
}, () => {
  it('leave books that agree with cash in cents, though what is sold costs fractions of one', async () => {
    const at = await deskAtGateway();
    try {
      await at.closeAll();
      const { engine, runner } = at.desk;
      const command = {
        commandId: 'read',
        by: 'test',
        reason: 'test',
        command: { name: 'reconcile' },
      } as const;
      await runner.command(command);
      const { atWallMs } = engine.view.reconciliation;
      await untilHolds(() => engine.view.reconciliation.atWallMs !== atWallMs);
      const { reconciliation, cashUnexplained, cash } = engine.view;
      expect([reconciliation.state, cashUnexplained]).toEqual(['clean', null]);
      expect(Number(cash) % 1_000_000, 'whole cents: nothing was tried').not.toBe(0);
    } finally {
      await at.close();
    }
  });

  it.each([0, 100, 250])('are closed and proven flat where each message takes %i ms', (latencyMs) =>
    closed({ latencyMs }),
  );

  it.each(GATEWAY_FAULTS)('are closed and proven flat where one in five is %s', (_name, fault) =>
    closed({ fault }),
  );
});
