/**
 * The way of a new user from `fermata init` to an hour of trading, by the commands that docs/GO_LIVE.md prints and no others, on
 * an account at the strict simulator with a past, foreign coins and a deposit while it runs. Prices swing in waves that the
 * shipped averages would take a day for; minutes are minutes. FERMATA_TRADING_MINUTES makes it shorter: fills take two waves.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import type { JournalEntry } from '../../src/engine/record.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';

const MINUTES = Number(process.env.FERMATA_TRADING_MINUTES ?? 60);
const MINUTE_MS = 60_000;
/** Of the prices, as in the documents: each one is bought and sold in two coins, at most. */
const WAVE_MINUTES = 12;
const MOST_MS = 150_000;
const FOREIGN: Readonly<Record<string, bigint>> = {
  USDT: 0n,
  BTC: 5_000_000n,
  ETH: 150_000_000n,
  SOL: 2_000_000_000n,
};

const simulators: ChildProcess[] = [];
let desk: DeskUnderTest;
afterAll(async () => {
  await desk?.dispose();
  for (const simulator of simulators) simulator.kill('SIGTERM');
});

/** Every line of the section's blocks, as printed, with the ports and days of this test. */
function printedCommands(ports: Readonly<Record<string, number>>): string[] {
  const text = readFileSync(join(repository, 'docs/GO_LIVE.md'), 'utf8');
  const [, section = ''] = text.split('## The whole way, on the simulator\n');
  const [whole = ''] = section.split('\n## ');
  const day = (ago: number) => new Date(Date.now() - ago * 24 * 60 * MINUTE_MS).toISOString().slice(0, 10);
  return [...whole.matchAll(/```bash\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block
      .trim()
      .split('\n')
      .map((line) =>
        line
          .trim()
          .replaceAll(/\b908[01]\b/g, (port) => String(ports[port]))
          .replace('FIRST-DAY', day(3))
          .replace('LAST-DAY', day(0)),
      ),
  );
}

async function startSimulator(line: string): Promise<void> {
  const [, args = ''] = line.split('npm run simulator -- ');
  const command = ['--import', 'tsx', 'simulators/run.ts', ...args.split(' ')];
  const child = spawn(process.execPath, command, { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
  endChildWithThisProcess(child);
  simulators.push(child);
  await new Promise<void>((ready, failed) => {
    child.stdout?.once('data', () => ready());
    child.once('exit', (code) => failed(new Error(`${line} ended with ${code}`)));
  });
}

function environmentOf(lines: readonly string[]): Record<string, string> {
  const exported = lines.filter((line) => line.startsWith('export ')).join(' ');
  return Object.fromEntries([...exported.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

/** A terminal in the folder of the installation: its exit code has to be 0. */
function terminal(environment: NodeJS.ProcessEnv): (line: string) => Promise<string> {
  const bin = join(desk.home, 'bin');
  mkdirSync(bin);
  const program = join(bin, 'fermata');
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${join(repository, 'bin/fermata.js')}' "$@"\n`,
  );
  chmodSync(program, 0o700);
  const env = { ...process.env, ...environment, FERMATA_HOME: desk.home, PATH: `${bin}:${process.env.PATH}` };
  return (line) =>
    new Promise((settle, fail) => {
      execFile('bash', ['-c', line], { cwd: desk.home, env, timeout: 240_000 }, (error, stdout, stderr) =>
        error === null ? settle(stdout) : fail(new Error(`${line}: ${stdout}\n${stderr}`)),
      );
    });
}

it(
  'a new user comes from init to armed by the documents alone, and an hour of trading keeps books equal to the exchange’s',
  async () => {
    const [exchangePort, telegramPort] = [await freePort(), await freePort()];
    const lines = printedCommands({ 9080: exchangePort, 9081: telegramPort });
    const exchange = `http://127.0.0.1:${exchangePort}`;
    const environment = environmentOf(lines);
    desk = deskUnderTest('crypto-live', environment);
    const run = terminal(environment);
    let approval = '';
    for (const line of lines) {
      if (line.startsWith('export ')) continue;
      if (line.startsWith('npm run simulator')) await startSimulator(line);
      else if (line.startsWith('fermata up ')) await desk.up(...line.split(' ').slice(2));
      else if (line.startsWith('fermata validate')) expect(await run(line)).toMatch(/^✓ GO/);
      else if (line === 'fermata coins') {
        await until('coins that were there', async () =>
          /nobody's 0.05000[\s\S]*nobody's 1.5000/.test(await run(line)),
        );
      } else if (line === 'fermata preflight')
        expect(await run(line)).toMatch(/✓ everything is ready for real money/);
      else if (line === 'fermata tasks')
        await until('a task', async () => /^ +1 {2}Review/m.test(await run(line)));
      else if (line === 'fermata approvals') {
        approval = await until('a question', async () => /^(\S+) {2}open$/m.exec(await run(line))?.[1]);
      } else if (line === 'fermata go-live --status') {
        await until('live', async () => /^live: /m.test(await run(line)), 120_000);
        expect(await desk.status()).toMatchObject({ mode: 'ACTIVE', cash: '10000.00', equity: '10000.00' });
      } else if (line.startsWith('fermata go-live --revoke')) {
        const [newest = ''] = (await run('fermata journal --last 1 --json')).trim().split('\n');
        const { sequence } = JSON.parse(newest) as JournalEntry;
        await anHour(exchange);
        const told = await run(`fermata journal --from ${sequence} --json`);
        expectTrading(
          told
            .trim()
            .split('\n')
            .map((entry) => JSON.parse(entry) as JournalEntry),
        );
        await run(line);
        expect(await desk.status()).toMatchObject({ mode: 'HALTED', goLive: { granted: null } });
      } else await run(line.replace(' ID ', ` ${approval} `));
    }
    const { positions, orders, coins } = await desk.status();
    expect({ positions, orders }).toEqual({ positions: [], orders: [] });
    expect(coins).toMatchObject([{ foreign: '0.05000' }, { toMove: '1.5000' }]);
    const verified = await run('fermata journal --verify --json');
    expect(JSON.parse(verified)).toMatchObject({ ledgerEqualsJournal: true });
    expect(await run('fermata incidents')).not.toMatch(/open/);
  },
  (MINUTES + 30) * MINUTE_MS,
);

/** A clean reading of an account that had stood still for so long, and still does: both books are the same, at once. */
const STILL_MS = 3_000;
const DEPOSIT = 50_000_000_000n;

/** Looks again and again; each reconciliation at which nothing was just traded is compared to the last unit. */
async function anHour(exchange: string): Promise<void> {
  const untilMs = Date.now() + MINUTES * MINUTE_MS;
  const compared = new Set<number>();
  let differsSinceMs: number | null = null;
  let seen = { balances: '', sinceMs: Date.now() };
  let now = await desk.status();
  while (Date.now() < untilMs) {
    const before = await balancesAt(exchange);
    now = await desk.status();
    const after = await balancesAt(exchange);
    expect(now.mode, now.reason).toBe('ACTIVE');
    expect(now.halts).toEqual([]);
    const { state, differences, atWallMs } = now.reconciliation;
    expect(differences.filter(({ rule }) => rule === 'halt')).toEqual([]);
    const [first, balances] = [before, after].map((one) => String(Object.entries(one)));
    const isStill = first === balances;
    if (!isStill || balances !== seen.balances) seen = { balances: String(balances), sinceMs: Date.now() };
    const differs = isStill ? difference(now, after) : '';
    const wasRead = isStill && state === 'clean' && (atWallMs ?? 0) - seen.sinceMs >= STILL_MS;
    if (wasRead && !isDeposit(now, after)) expect(differs).toBe('');
    if (differs === '') differsSinceMs = null;
    else differsSinceMs ??= Date.now();
    // The deposit is booked with the next reading, and that by the minute.
    expect(Date.now() - (differsSinceMs ?? Date.now()), differs).toBeLessThan(MOST_MS);
    if (isStill && differs === '' && state === 'clean' && atWallMs !== null) compared.add(atWallMs);
    await new Promise((settle) => setTimeout(settle, 1_000));
  }
  // The desk reads its account once a minute, and after each fill.
  expect(compared.size).toBeGreaterThanOrEqual(Math.floor(MINUTES * 0.8));
  expect(now.books).toMatchObject({ capitalMoved: '500.00000000', cashUnexplained: null, unvaluedFees: [] });
}

/** Bought and sold in each whole wave, and each reading of the account agreed with the books. */
function expectTrading(entries: readonly JournalEntry[]): void {
  const records = entries.map(({ record }) => record);
  const sides = records.flatMap((record) => (record.type === 'fill' ? [record.fill.side] : []));
  // The first and the last wave may be under way, and an entry may wait for a price that does not come.
  const trips = Math.floor(MINUTES / WAVE_MINUTES) - 1;
  for (const side of ['buy', 'sell'] as const)
    expect(sides.filter((one) => one === side).length, side).toBeGreaterThanOrEqual(trips);
  const readings = records.flatMap((record) => (record.type === 'reconciled' ? [record] : []));
  expect(readings.length).toBeGreaterThanOrEqual(Math.floor(MINUTES * 0.8));
  expect(readings.filter(({ clean }) => !clean)).toEqual([]);
  expect(records.filter(({ type }) => type === 'halt' || type === 'position.adopted')).toEqual([]);
}

/** What differs between both books; empty where they are equal to the last unit. */
function difference({ books }: TraderStatus, venue: Readonly<Record<string, bigint>>): string {
  const ours = Object.fromEntries(books.balances.map(({ asset, amount }) => [asset, units(amount)]));
  return Object.keys(FOREIGN)
    .filter((asset) => (ours[asset] ?? 0n) + (FOREIGN[asset] ?? 0n) !== venue[asset])
    .map((asset) => `${asset}: ${ours[asset] ?? 0n}, at the exchange ${venue[asset]}`)
    .join('; ');
}

/** The exchange has the deposit, and nothing else, that the books are about to hear of. */
function isDeposit({ books }: TraderStatus, venue: Readonly<Record<string, bigint>>): boolean {
  const ours = books.balances.find(({ asset }) => asset === 'USDT');
  return (
    difference({ books } as TraderStatus, { ...venue, USDT: units(ours?.amount ?? '0') }) === '' &&
    venue.USDT === units(ours?.amount ?? '0') + DEPOSIT
  );
}

async function balancesAt(exchange: string): Promise<Readonly<Record<string, bigint>>> {
  const { accounts } = (await (await fetch(`${exchange}/_simulator`)).json()) as {
    accounts: { name: string; balances: Record<string, { free: string; locked: string }> }[];
  };
  const { balances = {} } = accounts.find(({ name }) => name === 'desk') ?? {};
  return Object.fromEntries(
    Object.entries(balances).map(([asset, { free, locked }]) => [asset, units(free) + units(locked)]),
  );
}

const units = (text: string): bigint => BigInt(Math.round(Number(text) * 1e8));
