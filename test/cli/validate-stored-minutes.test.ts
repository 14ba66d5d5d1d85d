import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { commandsInOneProcess } from './run-command.js';

const runCommand = commandsInOneProcess();

const DAY_MS = 86_400_000;
const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
// Counted once: a day may end while these tests run.
const [before, first, second, third] = [day(5), day(4), day(3), day(2)];

let simulator: BinanceSimulator;
let folder: string;
let btc = '';
beforeAll(async () => {
  simulator = await startBinanceSimulator({ history: { minutes: 6 * 1440, waves: { minutes: 12 } } });
  folder = mkdtempSync(join(tmpdir(), 'fermata-validate-stored-'));
  // Averages as quick as the waves: a trade of each coin in each of them.
  const shipped = readFileSync(join(import.meta.dirname, '../../desks/crypto-bot/desk.yaml'), 'utf8');
  const quick = { fastBars: 2, slowBars: 3, entryOffsetTicks: 0 };
  writeFileSync(
    join(folder, 'quick.yaml'),
    Object.entries(quick).reduce(
      (text, [key, bars]) => text.replace(new RegExp(`${key}: \\d+`), `${key}: ${bars}`),
      shipped,
    ),
  );
  for (const [symbol, last] of [
    ['BTC/USDT', third],
    ['ETH/USDT', second],
  ] as const) {
    const span = ['--from', first, '--to', last, '--desk', 'crypto-bot'];
    const venue = ['--simulated-venue', simulator.address];
    const fetched = await runCommand(folder, ['data', 'fetch', symbol, ...span, ...venue, '--json']);
    expect(fetched.code, fetched.err).toBe(0);
    if (symbol === 'BTC/USDT') btc = (JSON.parse(fetched.out) as { file: string }[])[0]?.file ?? '';
  }
});
afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

const validate = (...args: string[]) =>
  runCommand(folder, ['validate', '--desk', 'quick.yaml', '--simulated-venue', simulator.address, ...args]);

interface Report {
  readonly period: { readonly from: string; readonly to: string; readonly reached: string };
  readonly market: { readonly files: { symbol: string; fetched: { address: string } | null }[] };
  readonly trades: { opened: string }[];
  readonly data: { readonly coverage: { symbol: string; expected: number; bars: number }[] };
}

describe('fermata validate --from DATE --to DATE', () => {
  it('trades on exactly the stored minutes of both days, from the first to the last', async () => {
    const { out, err } = await validate('--from', first, '--to', second, '--json');
    expect(out, err).not.toBe('');
    const { period, market } = JSON.parse(out) as Report;
    const until = `${third}T00:00:00.000Z`;
    expect(period).toMatchObject({ from: `${first}T00:00:00.000Z`, to: until, reached: until });
    expect(new Set(market.files.map(({ symbol }) => symbol))).toEqual(new Set(['BTC/USDT', 'ETH/USDT']));
    for (const { fetched } of market.files) expect(fetched).toMatchObject({ address: simulator.address });
  });

  it('begins at the first day although older minutes are stored, and ends after a shorter --duration', async () => {
    const { out, err } = await validate('--from', second, '--to', second, '--duration', '3h', '--json');
    expect(out, err).not.toBe('');
    const { period, data, trades } = JSON.parse(out) as Report;
    expect(period).toMatchObject({
      ...{ from: `${second}T00:00:00.000Z`, to: `${second}T03:00:00.000Z` },
      reached: `${second}T03:00:00.000Z`,
    });
    expect(data.coverage).toMatchObject([
      { symbol: 'BTC/USDT', expected: 180, bars: 180 },
      { symbol: 'ETH/USDT', expected: 180, bars: 180 },
    ]);
    // The minutes before it are there for averages alone, which then need no time of it.
    const opened = trades.map((trade) => trade.opened).sort();
    expect(opened.length).toBeGreaterThan(20);
    expect(opened.length).toBeLessThanOrEqual(2 * 15); // waves of three hours
    expect(opened[0]?.slice(0, 14)).toBe(`${second}T00:`);
    expect(Number(opened[0]?.slice(14, 16))).toBeLessThanOrEqual(12);
  });

  it('names the field, the instrument and the command that fetches them where minutes are missing', async () => {
    const late = await validate('--from', first, '--to', third);
    expect(late).toMatchObject({ code: 2 });
    expect(late.err).toContain(`--to: 1\u202f440 minutes of ETH/USDT are not stored, ${third} 00:00 UTC`);
    expect(late.err).toContain(`fermata data fetch ETH/USDT --from ${third} --to ${third} --desk quick.yaml`);
    const early = await validate('--from', before, '--to', second);
    expect(early).toMatchObject({ code: 2 });
    expect(early.err).toContain(`--from: 1\u202f440 minutes of BTC/USDT are not stored, ${before} 00:00 UTC`);
    expect(readdirSync(join(folder, 'home', 'validations'))).toHaveLength(2); // those of the tests before
  });

  it('takes no other market’s minutes for those of the desk', async () => {
    const end = await runCommand(folder, [
      ...['validate', '--desk', 'crypto-bot', '--from', first, '--to', second],
      ...['--simulated-venue', 'http://127.0.0.1:1'],
    ]);
    expect(end).toMatchObject({ code: 2, err: expect.stringContaining('from http://127.0.0.1:1') });
    const real = await runCommand(folder, [
      ...['validate', '--desk', 'crypto-bot', '--from', first, '--to', second],
    ]);
    expect(real).toMatchObject({
      code: 2,
      err: expect.stringMatching(/minutes of BTC\/USDT are not stored/),
    });
  });

  it.each([
    ['a --from that is no day', ['--from', '2026-02-30', '--to', second], /--from[\s\S]*expected a day like/],
    ['a --to that is no day', ['--from', first, '--to', 'yesterday'], /--to[\s\S]*expected a day like/],
    ['a --to before --from', ['--from', second, '--to', first], /--to lies before --from/],
    ['no --to', ['--from', first], /--to is missing/],
    ['no --from', ['--to', first], /--from is missing/],
    [
      '--data beside it',
      ['--from', first, '--to', second, '--data', import.meta.filename],
      /--data contradict/,
    ],
    ['a --duration past --to', ['--from', first, '--to', first, '--duration', '25h'], /--duration is longer/],
    ['a simulator without days', ['--duration', '3h'], /add --from DATE --to DATE/],
  ])('refuses %s, by name', async (_what, args, message) => {
    expect(await validate(...args)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  });

  it('refuses a file that was changed since it was fetched', async () => {
    appendFileSync(btc, ' ');
    const end = await validate('--from', first, '--to', second);
    expect(end).toMatchObject({ code: 2, err: expect.stringMatching(/SHA-256 differs[\s\S]*fetch it anew/) });
  });
});
