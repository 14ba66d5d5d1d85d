/** One desk with real money at the exchange's simulator, from its validation to flat, as its people would do it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Signing } from '../../dashboard/src/api/shapes.js';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import { deriveSigningKey, signStatement } from '../../src/domain/signed-vote.js';
import { ensureDataKey } from '../../src/home/secrets.js';
import { minutesPlace, writeMinutes } from '../../src/market/fetched/minutes-file.js';
import type { UpSummary } from '../../src/supervisor/up-options.js';
import { liveDeskText } from '../go-live/support/live-desk.js';
import { chatOf } from '../support/chat-of.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { profitableRecording } from '../support/profitable-recording.js';
import { READING_KEY, TRADING_KEY } from '../venue-binance/support/raw-client.js';

const PASSWORD = 'a-password-of-my-own';
const OWN_PASSWORD = 'another one, for signing';
/** Within the waits of a busy machine; the entry itself waits for the end of a minute. */
const WAIT_MS = 150_000;
const PRICES = { BTC: 60_000, ETH: 3_000 } as const;

let exchange: BinanceSimulator;
let telegram: TelegramSimulator;
let desk: DeskUnderTest;
let screen: UpSummary;

/**
 * An entry waits for the end of a minute. At the exchange one ends when the desk may trade at the earliest, whatever this
 * machine's clock says: its own is half a minute off at most.
 */
const READY_MS = 32_000;
const MINUTE_MS = 60_000;
function skewedBy(beginsMs: number): () => number {
  const leftMs = MINUTE_MS - ((beginsMs + READY_MS) % MINUTE_MS);
  const skewMs = leftMs > MINUTE_MS / 2 ? leftMs - MINUTE_MS : leftMs;
  return () => Date.now() + skewMs;
}

beforeAll(async () => {
  exchange = await startBinanceSimulator({ walk: { everyMs: 250, ppm: 5 }, wallMs: skewedBy(Date.now()) });
  for (const base of ['BTC', 'ETH']) fallingHistory(base);
  telegram = await startTelegramSimulator();
  desk = deskUnderTest('crypto-live', {
    BINANCE_API_KEY: TRADING_KEY.apiKey,
    BINANCE_SECRET_KEY: TRADING_KEY.secret,
    BINANCE_AUDITOR_API_KEY: READING_KEY.apiKey,
    BINANCE_AUDITOR_SECRET_KEY: READING_KEY.secret,
    TELEGRAM_BOT_TOKEN: DEFAULT_TOKEN,
    TELEGRAM_API_ROOT: telegram.address,
    TELEGRAM_CHAT_ID: String(chatOf(telegram, 500).id),
    DASHBOARD_PASSWORD: PASSWORD,
    FERMATA_PERSON_PASSWORD: PASSWORD,
  });
  const file = join(desk.home, 'crypto-live.yaml');
  writeFileSync(file, quickAverages(liveDeskText()));
  screen = await desk.up('--desk', file, '--simulated-venue', exchange.address);
});

afterAll(async () => {
  await desk?.dispose();
  await telegram?.close();
  await exchange?.close();
});

function quickAverages(text: string): string {
  return text
    .replace('fastBars: 60', 'fastBars: 5')
    .replace('slowBars: 180', 'slowBars: 13')
    .replace('atrStopMultiple: 8', 'atrStopMultiple: 3')
    .replace('entryOffsetTicks: 1', 'entryOffsetTicks: 0');
}

/** So that the averages start the wrong way round, and cross when the price rises. */
function fallingHistory(base: string): void {
  const { candles } = exchange.simulation.exchange.market(`${base}USDT`);
  candles.forEach((candle, index) => {
    const last = candles.at(-1)!.close;
    const price = last + (last * BigInt(candles.length - index)) / 100_000n;
    Object.assign(candle, { open: price, high: price, low: price, close: price });
  });
}

const account = () => exchange.simulation.exchange.account('desk').balances;
const coins = (base: string) => (account().get(base)?.free ?? 0n) + (account().get(base)?.locked ?? 0n);
const resting = () =>
  [...exchange.simulation.exchange.open.values()].filter((order) => order.account === 'desk');

/** A real session of a person, by name and password. */
async function signIn(username: string) {
  const call = async (path: string, token: string, body?: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${screen.dashboardUrl}api/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answered = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(answered)}`);
    return answered;
  };
  const { accessToken } = await call('auth/login', '', { username, password: PASSWORD });
  const ask = (path: string, body?: object) => call(path, String(accessToken), body);
  return Object.assign(ask, { person: username });
}

/** The person enrols a key of their own, at the command line. */
async function enrolKey(person: string): Promise<void> {
  const file = (name: string, text: string): string => {
    const path = join(desk.home, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const passwords = [
    '--password-file',
    file('sign-in', PASSWORD),
    '--signing-password-file',
    file('own', OWN_PASSWORD),
  ];
  const enrolled = await desk.ask('person', 'key', person, ...passwords);
  expect(enrolled.code, enrolled.stderr).toBe(0);
}

type Session = Awaited<ReturnType<typeof signIn>>;

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly title: string;
}

/** The open one whose title says this: a routine that comes due meanwhile asks for things of its own. */
async function openOf<T extends Shown>(ask: Session, what: string, says = /./): Promise<T> {
  return until(`an open one of the ${what}`, async () =>
    ((await ask(what)) as Record<string, T[]>)[what]?.find(
      ({ state, title }) => state === 'open' && says.test(title),
    ),
  );
}

async function approve(ask: Session): Promise<void> {
  const approval = await openOf<Shown & { parametersHash: string }>(ask, 'approvals');
  const { parametersHash } = approval;
  const { statement, key } = (await ask(
    `signing?approval=${encodeURIComponent(approval.id)}`,
  )) as unknown as Signing;
  const own = await deriveSigningKey(OWN_PASSWORD, key!.salt);
  expect(own.publicKey).toBe(key!.publicKey);
  const signature = signStatement(own, statement!, ask.person);
  const vote = {
    signature,
    choice: 'approve',
    parametersHash,
    reason: 'figures and limits are as they should be',
  };
  await ask(`approvals/${encodeURIComponent(approval.id)}/vote`, vote);
}

/** As `fermata data fetch` leaves what it read from this very simulator. */
async function fetchedMinutes(base: string, price: number): Promise<string> {
  const minutes = 48 * 60;
  const [, ...rows] = readFileSync(profitableRecording(desk.home, base, price, minutes), 'utf8')
    .trim()
    .split('\n');
  const fromMs = Number(rows[0]!.split(',')[0]);
  const span = { fromMs, untilMs: fromMs + minutes * 60_000 };
  const about = {
    venue: 'binance',
    endpoint: 'simulator',
    address: exchange.address,
    symbol: `${base}/USDT`,
    month: '2025-01',
  } as const;
  const folder = join(desk.home, 'data');
  await writeMinutes(
    folder,
    { ...about, ...span, missing: [], fetchedAtMs: Date.now() },
    rows,
    ensureDataKey(desk.home),
  );
  return minutesPlace(folder, about);
}

describe('a desk with real money', () => {
  it('starts HALTED, and may not go live before its validation', async () => {
    expect(screen).toMatchObject({ desk: 'crypto-live', trading: 'live' });
    expect(await desk.status()).toMatchObject({ mode: 'HALTED', trading: 'live', cash: '10000.00' });
    await desk.signIn('operator', PASSWORD);
    // A machine that has just started everything may not make the checks in time, and says so: asked again.
    const refused = await until('checks that were made', async () => {
      const run = await desk.ask('go-live', '--reason', 'too early');
      return run.stdout.includes('could not be made') ? undefined : run;
    });
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/Paper validation/);
  });

  it('is validated on 48 recorded hours, and earns its GO there', async () => {
    const recordings: string[] = [];
    for (const [base, price] of Object.entries(PRICES))
      recordings.push('--data', `${base}/USDT=${await fetchedMinutes(base, price)}`);
    const run = await desk.run('validate', '--duration=48h', '--speed', 'max', '--json', ...recordings);
    expect(run.code, run.stdout).toBe(0);
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({ recommendation: 'GO', goLive: { qualifies: true } });
    expect(report.results.trades).toBeGreaterThanOrEqual(10);
    const untold = await desk.ask('preflight');
    expect(untold.stdout).toMatch(/no test alert has reached anybody yet/);
    const told = await desk.ask('notify', 'test', 'telegram');
    expect(told.stdout).toMatch(/✓ A test alert reached 1 of 1 chats/);
    const preflight = await desk.ask('preflight', '--json');
    expect(preflight.code).toBe(0);
    const { results } = JSON.parse(preflight.stdout);
    const open = results.filter(({ verdict }: { verdict: string }) => verdict !== 'pass');
    expect(open).toMatchObject([
      { key: 'approvers-keys', observed: expect.stringMatching(/operator.*second/) },
    ]);
  });

  it('is armed once its review is done and two people have approved, each signed in', async () => {
    const operator = await signIn('operator');
    expect(await operator('golive', { reason: 'the validation was good' })).toMatchObject({ ok: true });
    expect((await desk.ask('person', 'add', 'second', '--role', 'approver')).code).toBe(0);
    const second = await signIn('second');
    for (const person of ['operator', 'second']) await enrolKey(person);
    const { id } = await openOf<Shown>(operator, 'tasks', /Review the validation report/);
    await operator(`tasks/${id}/done`, { note: 'win rate, Sharpe and drawdown are above the bounds' });
    await approve(operator);
    expect((await desk.status()).mode).toBe('HALTED');
    await approve(second);
    const live = await until('live', async () => {
      const now = await desk.status();
      return now.mode === 'ACTIVE' && now;
    });
    expect(live.goLive.granted).toMatchObject({ step: 0, approvedBy: ['operator', 'second'] });
  });

  it('enters at the exchange when the averages cross, and is protected there', async () => {
    for (const [base, price] of Object.entries(PRICES)) move(base, price * 1.02);
    await until('entries of both at the exchange', () => resting().length === 2, WAIT_MS);
    expect(resting().map(({ side, kind }) => [side, kind])).toEqual([
      ['BUY', 'LIMIT'],
      ['BUY', 'LIMIT'],
    ]);
    for (const [base, price] of Object.entries(PRICES)) move(base, price * 1.018);
    const held = await until('both positions protected', async () => {
      const now = await desk.status();
      return now.positions.filter(({ protection }) => protection === 'confirmed').length === 2 && now;
    });
    expect(held.fills).toBeGreaterThanOrEqual(2);
    expect(resting().map(({ side, kind }) => [side, kind])).toEqual([
      ['SELL', 'STOP_LOSS'],
      ['SELL', 'STOP_LOSS'],
    ]);
  });

  it('is taken out of a position by the stop that rests at the exchange', async () => {
    move('ETH', PRICES.ETH * 0.95);
    const after = await until('one position left', async () => {
      const now = await desk.status();
      return now.openPositions === 1 && now.reconciliation.state === 'clean' && now;
    });
    expect(after.positions.map(({ symbol }) => symbol)).toEqual(['BTC/USDT']);
    expect(Number(after.positions[0]?.quantity)).toBeCloseTo(Number(coins('BTC')) / 1e8, 4);
    expect(resting()).toHaveLength(1);
  });

  it('keeps a ledger that equals its journal, and an auditor who sees no difference', async () => {
    // The ledger follows the journal: it may be an entry behind.
    const verified = await until('the ledger equal to the journal', async () => {
      const run = await desk.ask('journal', '--verify', '--json');
      return run.code === 0 ? JSON.parse(run.stdout) : Promise.reject(new Error(run.stdout + run.stderr));
    });
    expect(verified).toMatchObject({ ledgerEqualsJournal: true });
    expect((await desk.status()).halts).toEqual([]);
  });

  it('comes back HALTED after kill -9 of its trader, with its stop at the exchange, and arms no more by itself', async () => {
    const killed = await desk.pidOf('trader');
    process.kill(killed, 'SIGKILL');
    const back = await until('the trader again', async () => {
      const now = await desk.status();
      return now.pid !== killed && now.reconciliation.state === 'clean' && now;
    });
    expect(back).toMatchObject({ mode: 'HALTED', openPositions: 1 });
    expect(back.positions[0]?.protection).toBe('confirmed');
    expect(back.goLive.granted?.approvedBy).toEqual(['operator', 'second']);
    const routine = await desk.ask('run', 'pre-market');
    expect(routine.code, routine.stdout).toBe(0);
    expect((await desk.status()).mode).toBe('HALTED');
    expect(resting()).toHaveLength(1);
  });

  it('is closed, and proven flat at the exchange', async () => {
    const closed = await desk.ask('close-all', '--reason', 'end of the test');
    expect(closed.code, closed.stdout).toBe(0);
    expect(resting()).toEqual([]);
    // Less than a lot stays: the fee of a purchase is taken in its coins.
    expect(coins('BTC')).toBeLessThan(1000n);
    expect(coins('ETH')).toBeLessThan(10_000n);
  });
});

function move(base: string, price: number): void {
  exchange.simulation.setPrice(`${base}USDT`, price.toFixed(2));
}
