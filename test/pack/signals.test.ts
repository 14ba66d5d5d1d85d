/** A strategy of a desk's own that follows signals from outside. */
import { beforeAll, expect, it } from 'vitest';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();

beforeAll(() => {
  const onSignal = `onSignal(desk, signal) {
    desk.note(JSON.stringify(signal) + ' ' + desk.bid);
    if (signal.id === 'bad') throw new Error('unlucky');
    if (signal.stop === null) return 'it has no stop';
    for (const _ of [1, 2]) desk.enter({
      side: signal.action, type: 'limit', ticks: signal.entry, exits: { stop: { ticks: signal.stop } },
      restBars: 5, because: signal.id,
    });
  },`;
  write(
    'strategies/follows.ts',
    strategyOf('').replace("state: () => 'waits',", `state: () => 'waits', ${onSignal}`),
  );
});

it('sees it once warmed up, enters once, says why it does not, and is switched off where it throws', () => {
  const kind = './strategies/follows.ts';
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  const listed = { name: 'own', kind, symbols: ['BTC/USDT'], enabled: true, parameters: { bars: 1 }, own };
  const desk = new DeskUnderTest({ strategies: [listed] }, 2).active();
  const send = (id: string, stop: string | null) =>
    desk.command({
      name: 'signal',
      signal: {
        ...{ source: 'tv', id, revision: 1, symbol: 'BTC/USDT', action: 'buy', entry: '99.90', stop },
        ...{
          targets: ['104.00'],
          issuedMs: desk.marketMs - 2_000,
          expiresMs: null,
          validMs: 60_000,
          text: '',
        },
      },
    });
  const limits = () => [...desk.engine.view.signalsRefused.keys()];
  send('early', '98.00');
  expect(limits()).toEqual(['warming-up']);
  desk.bar(0, 10_000);
  send('bare', null);
  expect(limits()).toEqual(['warming-up', 'strategy']);
  expect(desk.engine.view.signals[0]?.refused?.reason).toBe('own: it has no stop');
  send('good', '98.00');
  expect(desk.recorded('order.intended')).toMatchObject([
    { order: { limitTicks: 9_990, signal: { id: 'good' } } },
  ]);
  expect(desk.recorded('note').map(({ text }) => text)).toContain(
    '{"symbol":"BTC/USDT","source":"tv","id":"good","revision":1,"action":"buy","entry":9990,"stop":9800,"targets":[10400],"ageSeconds":2} 10000',
  );
  send('bad', '98.00');
  expect(desk.recorded('strategy.toggled')).toMatchObject([{ strategy: 'own', enabled: false }]);
  expect(desk.engine.view.signals[0]?.refused?.reason).toMatch(/^own: it has failed: unlucky/);
});
