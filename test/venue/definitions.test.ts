/** What every venue's definition has to hold, whichever it is. */
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readModules } from '../../scripts/structure/modules.mjs';
import { moneyAtStake } from '../../src/domain/account-name.js';
import { credentialIn, ENVIRONMENT } from '../../src/venue/environment.js';
import { asAtVenue, priceSourceOf, TRADED_VENUES, VENUES } from '../../src/venue/registry.js';
import { btc } from '../support/paper-instruments.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

describe('the registry', () => {
  it('has every folder that holds a definition, by the name of the folder', () => {
    const folders = readdirSync(join(root, 'src/venue'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /^[^/]+\/definition\.ts$/.test(path))
      .map((path) => dirname(path));
    const registered = VENUES.map(({ name }) => name);
    const lacking = folders.filter((folder) => !registered.includes(folder));
    expect(lacking, 'folders that src/venue/registry.ts lacks').toEqual([]);
    expect(registered.toSorted()).toEqual(folders.toSorted());
  });

  it('loads no library of a venue: that happens where one is opened', () => {
    const modules = new Map(readModules(root, 'src').map((module) => [module.path, module]));
    const loaded = new Set<string>(['src/venue/registry.ts']);
    for (const path of loaded)
      for (const { to, isType, isLazy } of modules.get(path)?.imports ?? [])
        if (!isType && !isLazy && modules.has(to)) loaded.add(to);
    // The names of the library's files are read elsewhere, too; these import one of them.
    const heavy = [...modules.values()].filter(
      ({ text }) => text.includes("resolve('ccxt')") && /import\((new URL\(|url\))/.test(text),
    );
    expect(heavy.length).toBeGreaterThan(1);
    expect(heavy.filter(({ path }) => loaded.has(path))).toEqual([]);
  });
});

describe('a paper account', () => {
  it.each([
    ['binance', 'spot', 5],
    ['binance', 'linear', undefined],
    ['ibkr', 'stock', undefined],
    ['kraken', 'spot', undefined],
  ] as const)(
    'of a desk at %s takes as many stops of one instrument (%s) as that does',
    (name, kind, most) => {
      expect(asAtVenue([{ ...btc, kind }], name)[0]?.maxStops).toBe(most);
    },
  );
});

describe('public prices', () => {
  it.each(VENUES)(
    'of $name are asked for where it answers anybody, and only what is there is asked first',
    ({ name, prices }) => {
      const address = prices.address({ kind: 'live' });
      // What is asked through a program on this machine has no address that answers anybody.
      if (prices.probe === null) expect(address).not.toMatch(/:\/\//);
      else {
        expect(new URL(address).protocol).toBe('https:');
        expect(prices.probe.startsWith(`${address}/`)).toBe(true);
      }
      expect(prices.redirect({ kind: 'live' })).toBeNull();
      expect(priceSourceOf(name)).toBe(prices);
    },
  );

  it('of a venue without a definition are left to the library, by its name', async () => {
    const prices = priceSourceOf('no-such-venue');
    expect(prices).toMatchObject({ probe: null, bestPrices: null });
    expect(prices.address({ kind: 'live' })).toBe('no-such-venue');
    const nobody = priceSourceOf('nobody').open({
      instruments: [],
      timeoutMs: 1,
      addresses: null,
      reader: 'fetch',
    });
    await expect(nobody).rejects.toThrow('nobody is not among the venues that can be read');
  });
});

it('Binance is asked before its library is loaded', () => {
  expect(priceSourceOf('binance').probe).not.toBeNull();
});

describe.each(TRADED_VENUES)('$name', ({ live, prices }) => {
  it('counts prices of a simulator for orders to that very simulator', () => {
    const desk = { venue: { testnet: true } };
    const at = ['http://127.0.0.1:9080', '127.0.0.1:9080'].flatMap((address) => {
      try {
        return [live.endpoint(desk, address, {})];
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return [];
      }
    });
    expect(at).toHaveLength(1);
    for (const endpoint of at) {
      expect(endpoint.kind).toBe('simulator');
      expect(prices.address(endpoint)).toBe(endpoint.kind === 'simulator' ? endpoint.address : '');
      expect(prices.redirect(endpoint)?.market).toBe('simulator');
    }
    expect(prices.redirect(live.endpoint(desk, undefined, {}))?.market).toBe('testnet');
    expect(() => live.endpoint(desk, 'http://10.0.0.1:9080', {})).toThrow(RangeError);
    expect(() => live.endpoint(desk, '10.0.0.1:9080', {})).toThrow(RangeError);
  });

  it('names its accounts so that everybody sees whose money it is', () => {
    const { accounts } = live;
    expect(moneyAtStake('live', accounts.live)).toBe('real money');
    expect(moneyAtStake('live', accounts.testnet)).toBe('test money');
    expect(moneyAtStake('live', accounts.simulator)).toBe('simulator money');
  });

  it('has a key for the trader and another for the auditor, each secret, in a variable or in a file; or none, and then none is needed', () => {
    const variables = ENVIRONMENT.flatMap((section) => section.variables);
    if (live.credentials.length === 0) {
      expect([live.auditorPrefix, live.signIn({}).ok, live.signInToRead({}).ok]).toEqual([null, true, true]);
      for (const { secret } of live.settings) expect(secret).toBe(false);
      return;
    }
    expect(new Set(live.credentials.map(({ holder }) => holder))).toEqual(new Set(['trader', 'auditor']));
    for (const { name, holder } of live.credentials) {
      expect(variables.find((one) => one.name === name)).toMatchObject({ secret: true });
      expect(variables.map((one) => one.name)).toContain(`${name}_FILE`);
      expect(credentialIn(`${name}_FILE`)).toEqual({ live, holder });
    }
  });
});

it('no two variables of the environment share a name', () => {
  const names = ENVIRONMENT.flatMap(({ variables }) => variables).map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

describe('a venue that orders go to', () => {
  it.each(TRADED_VENUES)(
    '$name says how symbols look there by one that does, and how often it may be asked',
    ({ live }) => {
      const taken = Object.values(live.takes);
      expect(taken.length).toBeGreaterThan(0);
      for (const { symbols } of taken) expect(symbols.example).toMatch(symbols.form);
      expect(live.rates.length).toBeGreaterThan(0);
      for (const { limit, windowMs } of live.rates) expect(Math.min(limit, windowMs)).toBeGreaterThan(0);
    },
  );
});
