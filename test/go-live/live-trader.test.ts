import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTrader } from '../../src/trader/start.js';
import { liveDesk, vote } from './support/live-desk.js';

const reconciled = (status: { reconciliation: { state: string } }) => status.reconciliation.state === 'clean';
const why = { commandId: 'c', by: 'operator', reason: 'a test' };

describe('a desk with real money at the exchange’s simulator', () => {
  it('starts HALTED with the account’s own money, and is armed by no decision but a go-live', async () => {
    const desk = await liveDesk();
    await desk.start();
    const status = await desk.until('reconciled', reconciled);
    expect(status).toMatchObject({
      mode: 'HALTED',
      trading: 'live',
      cash: '10000.00',
      goLive: { required: true, granted: null },
    });
    expect(status.marketData.label).toContain('inance');
    const { haltId, configHash } = status;
    const arm = desk.client.call(
      'arm',
      { ...why, haltId: haltId!, configHash, decisions: [] },
      { timeoutMs: 30_000 },
    );
    await expect(arm).rejects.toMatchObject({ code: 'go-live-required' });
  });

  it('has its account to itself: no other desk here trades it, whatever its key', async () => {
    const desk = await liveDesk();
    const first = await desk.start();
    const second = { ...desk.runtime, home: join(desk.home, 'desk-homes', 'second') };
    await expect(startTrader(second)).rejects.toThrow(/another desk that runs here trades the account/);
    await first.stop();
    const role = await startTrader(second);
    await role.stop();
  });

  it('trades with what two people approved, keeps it over a restart, and protects at the exchange', async () => {
    const desk = await liveDesk();
    const first = await desk.start();
    await desk.until('reconciled and priced', (now) => reconciled(now) && now.marketData.state === 'up');
    const proposal = await desk.proposal();
    const decisions = [vote(proposal, 'operator'), vote(proposal, 'second')];
    await desk.client.call('goLive', { ...why, proposal, decisions }, { timeoutMs: 30_000 });
    const live = await desk.status();
    expect(live).toMatchObject({
      mode: 'ACTIVE',
      goLive: { granted: { step: 0, approvedBy: ['operator', 'second'] } },
    });

    await first.stop();
    await desk.start();
    const again = await desk.until('reconciled', (now) => reconciled(now) && now.marketData.state === 'up');
    expect(again.mode).toBe('HALTED');
    expect(again.goLive.granted?.approvedBy).toEqual(['operator', 'second']);
    expect(again.halts.map(({ cause }) => cause)).toContain('startup');
  });
});
