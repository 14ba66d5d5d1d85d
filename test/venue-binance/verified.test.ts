/** What has to be in order before anything that takes risk is sent: key, symbols, and an exchange that answers. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { VenueUnavailable } from '../../src/venue/port.js';
import { tradedVenue } from '../../src/venue/registry.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { BTC, ETH, INSTRUMENTS, openOnSimulator, openVenue, QUICK } from './support/opened.js';
import { OTHER_KEY, READING_KEY, rawClient, TRADING_KEY, WITHDRAWING_KEY } from './support/raw-client.js';

/** Looked at again by itself where an exchange that is busy has not answered in time. */
const says = (venue: BinanceVenue, reason: string) =>
  eventually(() => expect(venue.state.reasons.join(' ')).toContain(reason));

describe('the key', () => {
  it('that may withdraw is refused: nothing that takes risk is sent', async () => {
    const { venue, simulator } = await openOnSimulator({ credentials: WITHDRAWING_KEY });
    await says(venue, 'the key may withdraw');
    expect(venue.state.up).toBe(false);
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(0);
    expect(await venue.permissions()).toMatchObject({ source: 'key', withdrawals: true, spotTrading: true });
  });

  it('that may not trade is refused for a trader and wanted for an auditor', async () => {
    const trader = await openOnSimulator({ credentials: READING_KEY });
    await says(trader.venue, 'the key may not trade');
    const audited = async ({ apiKey, secret }: typeof READING_KEY) => {
      const env = { BINANCE_AUDITOR_API_KEY: apiKey, BINANCE_AUDITOR_SECRET_KEY: secret };
      const signedIn = tradedVenue('binance').live.signInToRead(env);
      if (!signedIn.ok) throw new Error(signedIn.problem);
      const endpoint = { kind: 'simulator', address: trader.simulator.address } as const;
      return signedIn.access.tryOut({ endpoint, instruments: INSTRUMENTS, foreign: {} });
    };
    expect(await audited(READING_KEY)).toEqual({ problems: [], warnings: [] });
    expect((await audited(TRADING_KEY)).problems).toEqual([
      'the key may trade: a read-only key is expected here',
    ]);
  });

  it('that is of another account than the books sends no order, not one that closes either', async () => {
    const { venue, simulator } = await openOnSimulator({ expectedAccount: () => 'another' });
    await says(venue, "the desk's books are of the account another");
    const stop = approved({ purpose: 'protective', type: 'stop', side: 'sell', stopTicks: 5_900_000 });
    expect(await venue.submit(stop)).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(0);
    const { venue: same } = await openOnSimulator({ expectedAccount: () => venue.accountId?.() ?? null });
    await eventually(() => expect(same.state.up).toBe(true));
  });

  it('may be a newer one of the same account, and goes on where the older one is deleted', async () => {
    const { venue: before, simulator } = await openOnSimulator();
    const control = (path: string, body: object) =>
      fetch(`${simulator.address}/_simulator/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const made = await control('key', { account: 'desk' });
    const credentials = (await made.json()) as { apiKey: string; secret: string };
    const venue = await openVenue(simulator, { credentials });
    onTestFinished(() => venue.close());
    await control('revoke', { apiKey: TRADING_KEY.apiKey });
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
    await expect(before.balances()).rejects.toThrow('-2015');
  });

  it('that is deleted is noticed with the next request: the venue is down at once, and up again with the key', async () => {
    // The wait for the next look is longer than this test: only the answer brings it forward.
    const { venue, simulator, events, raw } = await openOnSimulator({
      times: { ...QUICK, monitorMs: 20_000 },
    });
    await eventually(() => expect(venue.state.up).toBe(true));
    const { keys } = simulator.simulation.exchange;
    const key = keys.get(TRADING_KEY.apiKey)!;
    await raw.control('revoke', { apiKey: TRADING_KEY.apiKey });
    await expect(venue.balances()).rejects.toThrow('-2015');
    await says(venue, 'the exchange refuses the key: GET account: -2015 Invalid API-key');
    expect(events.at(-1)).toMatchObject({ kind: 'health', state: 'down' });
    const sent = simulator.simulation.count('POST', '/api/v3/order');
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(sent);
    keys.set(TRADING_KEY.apiKey, key);
    await eventually(() => expect(venue.state.up).toBe(true));
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
  });

  it('that is deleted is noticed within a look although nothing is asked meanwhile, and so is one that may do more', async () => {
    const { venue, simulator, raw } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    const { keys } = simulator.simulation.exchange;
    const key = keys.get(TRADING_KEY.apiKey)!;
    await raw.control('revoke', { apiKey: TRADING_KEY.apiKey });
    await says(venue, 'the exchange refuses the key: GET ');
    keys.set(TRADING_KEY.apiKey, key);
    await eventually(() => expect(venue.state.up).toBe(true));
    keys.set(TRADING_KEY.apiKey, { ...key, permissions: { ...key.permissions, withdrawals: true } });
    await says(venue, 'the exchange refuses the key: the key may withdraw');
  });

  it('that one odd answer refuses stays in use: the exchange is asked once more before anything is down', async () => {
    // Looked at again only because of that answer.
    const { venue, events, raw, simulator } = await openOnSimulator({
      times: { ...QUICK, monitorMs: 20_000 },
    });
    await eventually(() => expect(venue.state.up).toBe(true));
    const healthEvents = () => events.filter(({ kind }) => kind === 'health').length;
    const before = healthEvents();
    const asked = simulator.simulation.count('GET', '/sapi/v1/account/apiRestrictions');
    const body = JSON.stringify({ code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' });
    await raw.control('fault', {
      method: 'POST',
      path: '/api/v3/order',
      times: 1,
      effect: { kind: 'answer', status: 401, body },
    });
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'rejected', code: '-2015' });
    await eventually(() =>
      expect(simulator.simulation.count('GET', '/sapi/v1/account/apiRestrictions')).toBe(asked + 1),
    );
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
    expect(healthEvents()).toBe(before);
  });

  it('that the exchange does not know is said plainly, without the key in it', async () => {
    const { venue } = await openOnSimulator({ credentials: { apiKey: 'u'.repeat(64), secret: 'wrong' } });
    await says(venue, '-2015');
    expect(venue.state.reasons.join(' ')).not.toContain('uuuu');
  });

  it('never shows up in what is recorded, also when its signature is wrong', async () => {
    const { venue } = await openOnSimulator({ credentials: { ...OTHER_KEY, secret: 'q'.repeat(64) } });
    const shown =
      JSON.stringify(venue.state) + String(await venue.balances().catch((error: unknown) => error));
    expect(shown).toContain('-1022');
    expect(shown).not.toContain('qqqq');
    expect(shown).not.toContain(OTHER_KEY.apiKey);
    expect(shown).not.toContain('signature=');
  });
});

describe('symbols', () => {
  it('of which the exchange takes none keep the venue down', async () => {
    const { venue, raw } = await openOnSimulator(
      {},
      {
        symbols: [
          { base: 'BTC', price: '60000', tickSize: '0.1', stepSize: '0.00001' },
          { base: 'ETH', price: '3000' },
        ],
      },
    );
    await eventually(() => expect(venue.state.up).toBe(true));
    expect(venue.closedInstruments?.()).toEqual([
      { instrument: BTC, why: expect.stringContaining("BTC/USDT: the desk file's tickSize 0.01 is finer") },
    ]);
    await raw.control('status', { symbol: 'ETHUSDT', status: 'BREAK' });
    await says(venue, "BTC/USDT: the desk file's tickSize 0.01 is finer");
    await says(venue, 'ETH/USDT is not trading');
    expect((await venue.symbols()).get('ETHUSDT')?.status).toBe('BREAK');
    await raw.control('status', { symbol: 'ETHUSDT', status: 'TRADING' });
    await eventually(() => expect(venue.state.up).toBe(true));
  });

  it('that are halted, have no bid or are listed no more close themselves alone: the account is read, the others trade', async () => {
    const { venue, raw, simulator } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.submit(approved({ instrument: ETH, quantityLots: 100 }));
    const read = async () => [
      await venue.positions(),
      await venue.openOrders(),
      await venue.fillsSince(Date.now() - 60_000),
    ];
    const before = await read();
    expect(before[0]).toMatchObject([{}, { quantityLots: expect.any(Number) }]);
    await raw.control('depth', { symbol: 'ETHUSDT', levels: 0, levelValue: '0' });
    expect(await read()).toEqual(before);
    await raw.control('status', { symbol: 'ETHUSDT', status: 'HALT' });
    expect(await venue.submit(approved({ instrument: ETH }))).toMatchObject({ kind: 'rejected' });
    const closed = (why: string) => [{ instrument: ETH, why: expect.stringContaining(why) }];
    await eventually(() =>
      expect(venue.closedInstruments?.()).toEqual(closed('not trading at the exchange (HALT)')),
    );
    await raw.control('delist', { symbol: 'ETHUSDT' });
    await eventually(() =>
      expect(venue.closedInstruments?.()).toEqual(closed('is not listed at the exchange')),
    );
    expect((await read())[0]).toEqual(before[0]);
    expect(venue.state.up).toBe(true);
    expect(await venue.orderByClientId('fabc1231', ETH)).toBe(null);
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
    const restarted = await openVenue(simulator);
    onTestFinished(() => restarted.close());
    await eventually(() => expect(restarted.state.up).toBe(true));
    expect(restarted.closedInstruments?.()).toEqual(closed('is not listed at the exchange'));
  });

  it.each([
    ['lotSize', '0.001', 'coarser', '0.00001'],
    ['lotSize', '0.000001', 'finer', '0.00001'],
    ['tickSize', '0.1', 'coarser', '0.01'],
    ['tickSize', '0.001', 'finer', '0.01'],
  ] as const)(
    'of which the desk file has another %s (%s, %s) are closed: a fill between its steps could not be booked',
    async (step, ours, is, exchanges) => {
      const [btc, eth] = INSTRUMENTS;
      const { venue } = await openOnSimulator({ instruments: [{ ...btc!, [step]: ours }, eth!] });
      await eventually(() => expect(venue.state.up).toBe(true));
      const why = `BTC/USDT: the desk file's ${step} ${ours} is ${is} than the exchange's, ${exchanges}`;
      expect(venue.closedInstruments?.()).toEqual([{ instrument: BTC, why }]);
      expect((await venue.tradable()).get('BTC/USDT')).toBe(why);
    },
  );

  it('whose steps the exchange makes finer while the desk runs are closed at the next look at them', async () => {
    const { venue, raw } = await openOnSimulator({ times: { ...QUICK, symbolsMs: 100 } });
    await eventually(() => expect(venue.state.up).toBe(true));
    expect(venue.closedInstruments?.()).toEqual([]);
    await raw.control('filters', { symbol: 'BTCUSDT', stepSize: '0.000001' });
    await eventually(() =>
      expect(venue.closedInstruments?.()).toMatchObject([
        { instrument: BTC, why: expect.stringContaining('lotSize 0.00001 is coarser') },
      ]),
    );
  });

  it('tell what the exchange takes in one order, in lots of the desk, and how many stops', async () => {
    const quantities = { minQty: '0.00015', maxQty: '900.00005', marketMaxQty: '71.5' };
    const { venue } = await openOnSimulator(
      { instruments: [{ ...INSTRUMENTS[BTC]!, lotSize: '0.0001' }, INSTRUMENTS[ETH]!] },
      {
        symbols: [
          { base: 'BTC', price: '60000', stepSize: '0.00001', ...quantities },
          { base: 'ETH', price: '3000' },
        ],
      },
    );
    await eventually(() => expect(venue.state.up).toBe(true));
    expect(venue.quantityLimits?.()).toMatchObject([
      { instrument: BTC, minLots: 2, maxLots: 9_000_000, maxMarketLots: 715_000, maxStops: 5 },
      { instrument: ETH, minLots: 1, maxStops: 5 },
    ]);
  });

  it('tell again what the exchange takes once it has refused an order for that', async () => {
    const { venue, raw, events } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.submit(approved({ quantityLots: 1000 }));
    await raw.control('filters', { symbol: 'BTCUSDT', marketMaxQty: '0.004' });
    const sale = { purpose: 'close', side: 'sell', quantityLots: 900 } as const;
    expect(await venue.submit(approved(sale))).toMatchObject({ kind: 'rejected', code: '-1013' });
    await eventually(() =>
      expect(venue.quantityLimits?.()).toContainEqual(
        expect.objectContaining({ instrument: BTC, maxMarketLots: 400 }),
      ),
    );
    // The engine reads the account, and hears of it, at once.
    await eventually(() =>
      expect(events.filter(({ kind }) => kind === 'health').at(-1)).toMatchObject({
        state: 'up',
        detail: 'the exchange takes other orders than before',
      }),
    );
  });

  it.each([
    ['one order', { maxQty: '0.5' }],
    ['one order at the market', { marketMaxQty: '0.5' }],
  ])('keep the venue down where a lot of the desk file is more than %s', async (_, quantities) => {
    const { venue } = await openOnSimulator(
      { instruments: [{ ...INSTRUMENTS[BTC]!, lotSize: '1' }] },
      { symbols: [{ base: 'BTC', price: '60000', stepSize: '0.00001', ...quantities }] },
    );
    await says(venue, "BTC/USDT: the desk file's lotSize 1 is more than the exchange takes in one order");
  });
});

describe('an exchange that is away', () => {
  it('does not keep the trader from starting, and comes up by itself', async () => {
    const { simulator } = await openOnSimulator();
    const raw = rawClient(simulator.address);
    await raw.control('maintenance', { on: true });
    const venue = await openVenue(simulator, { breaker: { failuresToOpen: 5, openMs: 200 } });
    expect(venue.state.up).toBe(false);
    await expect(venue.balances()).rejects.toBeInstanceOf(VenueUnavailable);
    await raw.control('maintenance', { on: false });
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.close();
  });
});
