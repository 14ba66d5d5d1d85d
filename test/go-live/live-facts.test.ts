/** What is seen at one look at a desk with real money: everything that is not as it should be, by name. */
import { expect, it } from 'vitest';
import {
  readIncidentFacts,
  readLiveFacts,
  readSituation,
} from '../../src/activities/create-engine-activities.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { proveStopped } from '../../src/trader/prove.js';
import { readStatus, readWords } from '../../src/trader/read-status.js';
import { scriptedStatus } from '../support/trader-status.js';

const seen = async (change: Partial<TraderStatus>): Promise<readonly string[]> =>
  (await readLiveFacts({ call: async () => scriptedStatus(change) } as never)).problems;

it('nothing where the desk trades, its books agree and every position is protected', async () => {
  expect(await seen({})).toEqual([]);
});

it('a reconciliation that is not clean, and each difference of the books', async () => {
  const difference = {
    what: 'position',
    symbol: 'BTC/USDT',
    ours: '0.2',
    venues: '0.1',
    rule: 'halt',
  } as const;
  const reconciliation = { state: 'differences', atWallMs: 0, differences: [difference] } as const;
  expect(await seen({ reconciliation })).toEqual([
    'reconciliation: differences',
    "BTC/USDT position: ours 0.2, the venue's 0.1",
  ]);
  const noted = { ...reconciliation, differences: [{ ...difference, rule: 'flag' as const }] };
  expect(await seen({ reconciliation: noted })).toEqual(['reconciliation: differences']);
  expect(await seen({ reconciliation: { state: 'pending', atWallMs: null, differences: [] } })).toEqual([
    'reconciliation: pending',
  ]);
});

it('a desk that does not trade, and a position without its stop', async () => {
  const [held] = scriptedStatus().positions;
  if (!held) throw new Error('the scripted trader holds nothing');
  expect(
    await seen({ mode: 'HALTED', reason: 'news', positions: [{ ...held, protection: 'missing' }] }),
  ).toEqual(['HALTED: news', 'BTC/USDT has no protective stop']);
});

it('nothing of a trader that is starting: it says HALTED, without orders and permission, of every desk', async () => {
  const call = async () =>
    scriptedStatus({ starting: true, mode: 'HALTED', reason: 'the trader is starting: x' });
  const trader = { call } as never;
  const days = {} as never;
  await expect(readLiveFacts(trader)).rejects.toThrow('the trader is starting: x');
  await expect(readIncidentFacts(trader, days, 'auto')).rejects.toThrow('the trader is starting: x');
  await expect(readSituation(trader, days)).rejects.toThrow('the trader is starting: x');
  await expect(readStatus({ trader })).rejects.toThrow('the trader is starting: x');
  expect(await readWords({ trader })).toMatchObject({ starting: true });
  expect(await proveStopped(trader, 0)).toMatchObject({ proven: false });
});

it('each trade where these are against each other, and elsewhere the position, once it is an incident', async () => {
  const [held] = scriptedStatus().positions;
  const { trade, ...position } = held!;
  const part = { ...trade!, protection: 'confirmed', averagePrice: '100000', result: '3.00' } as const;
  const up = { ...part, strategy: 'up', side: 'long', quantity: '0.002', stopPrice: '98000' } as const;
  const down = { ...up, strategy: 'down', side: 'short', stopPrice: '103000' } as const;
  const days = { startOfDay: () => 0, endOfDay: () => 0 } as never;
  const positions = [{ ...position, trade, quantity: '0.000', parts: [up, down] }, held!];
  const call = async () => scriptedStatus({ positions });
  const facts = await readIncidentFacts({ call } as never, days, 'auto');
  expect(facts.positions.map(({ strategy, quantity, stopPrice }) => [strategy, quantity, stopPrice])).toEqual(
    [
      ['up', '0.002', '98000'],
      ['down', '-0.002', '103000'],
      [held!.strategy, held!.quantity, held!.stopPrice],
    ],
  );
});
