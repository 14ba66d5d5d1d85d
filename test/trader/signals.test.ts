/** Signals over the control socket of a real trader. */
import { expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { SignalBody } from '../../src/domain/signal.js';
import { recordsIn, traderHome } from './spawn-trader.js';

let commands = 0;
const why = () => {
  commands += 1;
  return { commandId: `signal-${commands}`, by: 'operator', reason: 'a test' };
};

it('are kept over kill -9: sent again, nothing is entered again, and a bad one is refused with its field', async () => {
  const home = traderHome({
    edit: (text) => {
      const document = parseDocument(text);
      document.setIn(['strategies', 0, 'kind'], 'externalSignals');
      document.setIn(['strategies', 0, 'parameters'], {
        sources: 'tv',
        entryRestBars: 10_000,
        minRewardToRisk: 0,
      });
      return document.toString();
    },
  });
  const first = await home.start();
  await home.arm();
  const { marketData } = await home.until(({ marketData: { lastPrices } }) => lastPrices.length > 0);
  const [{ symbol, bid } = { symbol: '', bid: '' }] = marketData.lastPrices;
  const below = (percent: number): string => (Number(bid) * (1 - percent / 100)).toFixed(2);
  const signal = {
    ...{ source: 'tv', id: '42', symbol, action: 'buy', validSeconds: 604_800 },
    ...{ entry: below(0.5), stop: below(1), targets: [bid] },
  } satisfies SignalBody;
  await home.client.call('signal', { ...why(), signal });
  const entries = () =>
    recordsIn(home.journal, 'order.intended').filter(({ order }) => order.purpose === 'entry');
  expect(entries()).toMatchObject([{ order: { signal: { source: 'tv', id: '42', revision: 1 } } }]);
  first.child.kill('SIGKILL');
  await first.exited;
  await home.start();
  await home.arm();
  expect(await home.client.call('signal', { ...why(), signal })).toMatchObject({
    detail: expect.stringContaining('known already'),
  });
  expect(entries()).toHaveLength(1);
  await expect(
    home.client.call('signal', { ...why(), signal: { ...signal, id: '43', stop: '0' } }),
  ).rejects.toMatchObject({ code: 'signal-input', message: 'stop: expected a price above zero, found 0' });
  const noList = { ...signal, targets: '1' } as unknown as typeof signal;
  await expect(home.client.call('signal', { ...why(), signal: noList })).rejects.toMatchObject({
    message: expect.stringMatching(/^params\.signal\.targets: expected a list, found "1"/),
  });
  await home.client.call('withdrawSignal', { ...why(), source: 'tv', id: '42' });
  expect((await home.status()).signals).toMatchObject({
    newest: [{ source: 'tv', id: '42', revision: 1, symbol, action: 'buy', standing: 'withdrawn' }],
    refused: [{ limit: 'input', count: 1 }],
  });
});
