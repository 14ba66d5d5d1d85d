import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAuditorCredentials, readCredentials } from '../../src/venue/binance/credentials.js';
import { chooseEndpoint, endpointLabel } from '../../src/venue/binance/endpoint.js';
import { judgePermissions, readKeyPermissions } from '../../src/venue/binance/permissions.js';

const key = 'k'.repeat(64);

describe('the key of the environment', () => {
  it('is read from BINANCE_API_KEY and BINANCE_SECRET_KEY', () => {
    expect(readCredentials({ BINANCE_API_KEY: ` ${key}\n`, BINANCE_SECRET_KEY: 's' })).toEqual({
      ok: true,
      credentials: { apiKey: key, secret: 's' },
    });
  });

  it('is read from the files that BINANCE_API_KEY_FILE and BINANCE_SECRET_KEY_FILE name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-key-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'key'), `${key}\n`);
    writeFileSync(join(folder, 'secret'), 's\n');
    const given = { BINANCE_API_KEY_FILE: join(folder, 'key') };
    const absent = join(folder, 'absent');
    expect(readCredentials({ ...given, BINANCE_SECRET_KEY_FILE: join(folder, 'secret') })).toEqual({
      ok: true,
      credentials: { apiKey: key, secret: 's' },
    });
    expect(readCredentials({ ...given, BINANCE_SECRET_KEY_FILE: absent })).toMatchObject({
      ok: false,
      problem: `BINANCE_SECRET_KEY_FILE: expected a file that can be read, ${absent} can't be (ENOENT)`,
    });
  });

  it.each([
    [{}, 'BINANCE_API_KEY and BINANCE_SECRET_KEY are not set'],
    [{ BINANCE_API_KEY: key }, 'BINANCE_SECRET_KEY is not set'],
    [{ BINANCE_API_KEY: 'your-key-here', BINANCE_SECRET_KEY: 's' }, 'does not look like a key'],
  ])('that is missing or wrong is said plainly, without it: %j', (environment, problem) => {
    const read = readCredentials(environment);
    expect(read).toMatchObject({ ok: false });
    expect(read.ok ? '' : read.problem).toContain(problem);
    expect(JSON.stringify(read)).not.toContain('your-key-here');
  });
});

describe('the key of the auditor', () => {
  const own = { BINANCE_AUDITOR_API_KEY: 'r'.repeat(64), BINANCE_AUDITOR_SECRET_KEY: 'read' };
  const traders = { BINANCE_API_KEY: key, BINANCE_SECRET_KEY: 's' };

  it('is its own where there is one, and the trader’s where that is all there is', () => {
    expect(readAuditorCredentials({ ...traders, ...own })).toEqual({
      ok: true,
      credentials: { apiKey: 'r'.repeat(64), secret: 'read' },
    });
    expect(readAuditorCredentials(traders)).toEqual({
      ok: true,
      credentials: { apiKey: key, secret: 's' },
    });
  });

  it.each([
    [{}, 'BINANCE_AUDITOR_API_KEY is not set, and BINANCE_API_KEY and BINANCE_SECRET_KEY are not set'],
    [{ ...traders, ...own, BINANCE_AUDITOR_SECRET_KEY: '' }, 'BINANCE_AUDITOR_SECRET_KEY is not set'],
    [{ ...own, BINANCE_AUDITOR_API_KEY: 'short' }, 'BINANCE_AUDITOR_API_KEY does not look like a key'],
  ])('that is missing or wrong is named by its own variables: %#', (environment, problem) => {
    const read = readAuditorCredentials(environment);
    expect(read.ok ? '' : read.problem).toMatch(new RegExp(`^${problem}`));
  });
});

describe('the endpoint', () => {
  it('is the testnet unless the desk file leaves it', () => {
    expect(chooseEndpoint(true, {})).toEqual({ kind: 'testnet' });
    expect(chooseEndpoint(false, {})).toEqual({ kind: 'live' });
  });

  it('is a simulator where the environment names one, on this machine only', () => {
    const simulator = chooseEndpoint(false, { BINANCE_SIMULATOR_URL: 'http://127.0.0.1:9080' });
    expect(endpointLabel(simulator)).toBe('Binance simulator at http://127.0.0.1:9080');
    for (const address of [
      'http://example.com:9080',
      'https://127.0.0.1:9080',
      'http://127.0.0.1:9080.evil.org',
    ]) {
      expect(() => chooseEndpoint(true, { BINANCE_SIMULATOR_URL: address })).toThrow(
        'must be an address of this machine',
      );
    }
  });
});

describe('permissions of a key', () => {
  const good = {
    source: 'key',
    reading: true,
    spotTrading: true,
    withdrawals: false,
    others: [],
    boundToAddresses: true,
  } as const;

  const spotOnly = {
    enableReading: true,
    enableSpotAndMarginTrading: true,
    enableWithdrawals: false,
    ipRestrict: true,
  };

  it.each([
    'enableMargin',
    'enableFutures',
    'enableVanillaOptions',
    'enableInternalTransfer',
    'permitsUniversalTransfer',
    'enablePortfolioMarginTrading',
  ])('are read whole: %s forbids trading', (other) => {
    expect(judgePermissions(readKeyPermissions(spotOnly), 'trade').problems).toEqual([]);
    const { problems } = judgePermissions(readKeyPermissions({ ...spotOnly, [other]: true }), 'trade');
    expect(problems).toEqual([expect.stringContaining(other)]);
  });

  it('are not taken for denied where the exchange leaves one out', () => {
    for (const left of Object.keys(spotOnly))
      expect(() => readKeyPermissions({ ...spotOnly, [left]: undefined })).toThrow(left);
  });

  it('are right for spot only', () => {
    expect(judgePermissions(good, 'trade')).toEqual({ problems: [], warnings: [] });
  });

  it.each([
    [{ withdrawals: true }, 'may withdraw'],
    [{ others: ['enableFutures'] }, 'more than spot trading (enableFutures)'],
    [{ spotTrading: false }, 'may not trade'],
    [{ reading: false }, 'may not read'],
  ])('%j forbids trading', (change, problem) => {
    expect(judgePermissions({ ...good, ...change }, 'trade').problems.join()).toContain(problem);
  });

  it('warn of a key that works from anywhere', () => {
    expect(judgePermissions({ ...good, boundToAddresses: false }, 'trade').warnings).toHaveLength(1);
  });
});
