/**
 * The shipped SLOB desk at Interactive Brokers' simulated Gateway, all its processes, as a user starts it: from `kill -9` of the
 * trader to reconciled, from a setup to its alert in Telegram, and the memory of the trader after some minutes of quotes.
 */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startIbkrSimulator } from '../simulators/ibkr/start.js';
import { DEFAULT_TOKEN } from '../simulators/telegram/simulation.js';
import { startTelegramSimulator } from '../simulators/telegram/start.js';
import { resolveDesk } from '../src/desk/resolve-desk.js';
import { homePaths } from '../src/home/runtime.js';
import { chatOf } from '../test/support/chat-of.js';
import { deskUnderTest } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';
import { untilHaltedAgain } from './killed-trader.js';
import { atLength, median, print } from './print.js';
import { mebibytesOf } from './process-figures.js';

const KILLS = atLength(3, 1);
const ALERTS = atLength(10, 1);
const MINUTES = Number(process.env.BENCH_MINUTES ?? atLength(10, 0.1));
const SAMPLE_MS = 5_000;
const LOOK_MS = 2;
const PATIENCE_MS = 60_000;

/** A setup each five seconds, whatever the hour and the market: what SLOB notes of one, and nothing is ordered. */
const FINDS_SETUPS = `
import { strategy } from 'fermata/strategy';
export default strategy({
  suits: 'ranging',
  parameters: {},
  create: () => ({
    warmupBars: 1,
    timerSeconds: 5,
    onBar() {},
    onTimer(desk, dueMs) {
      desk.note('Setup Detected - bench' + (dueMs / 5000) % 1000 + ': SHORT NQ @ 15010.75, stop 15028.00, target 14976.25');
    },
    state: () => 'finds setups',
  }),
});
`;

const simulator = await startIbkrSimulator({
  accounts: [{ id: 'DU1234567', cash: '100000.00' }],
  walkMs: 100,
});
const telegram = await startTelegramSimulator();
const alerts = chatOf(telegram, 500);
const desk = deskUnderTest('slob', {
  TELEGRAM_BOT_TOKEN: DEFAULT_TOKEN,
  TELEGRAM_CHAT_ID: String(alerts.id),
  TELEGRAM_API_ROOT: telegram.address,
});
/** A machine that does other work takes minutes. */
const active = () =>
  until(
    'ACTIVE',
    async () => {
      const now = await desk.status();
      return now.mode === 'ACTIVE' ? now : null;
    },
    300_000,
  );

/** As it ships, beside a strategy that finds setups and without hours: a benchmark has no weekend. */
function deskFile(): string {
  const file = join(desk.home, 'mine', 'slob', 'desk.yaml');
  cpSync(dirname(resolveDesk('slob')), dirname(file), { recursive: true });
  writeFileSync(join(dirname(file), 'strategies', 'finds-setups.ts'), FINDS_SETUPS);
  const added =
    'strategies:\n  - { name: finds-setups, kind: ./strategies/finds-setups.ts, symbols: [NQ/USD], size: { riskPct: 1 } }\n';
  const text = readFileSync(file, 'utf8')
    .replace(/\n {4}sessions:[^\n]*\n(?: {6}[^\n]*\n)+/, '\n')
    .replace('strategies:\n', added);
  writeFileSync(file, text);
  return file;
}

/** Ids of setups that the trader has logged, with when. */
function setupsLogged(): ReadonlyMap<string, number> {
  const lines = readFileSync(join(homePaths(desk.home).logs, 'trading.log'), 'utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const found = /^(\S+) .*Setup Detected - (bench\d+):/.exec(line);
      return found === null ? [] : [[found[2] ?? '', Date.parse(found[1] ?? '')] as const];
    }),
  );
}

/** From when the trader has put the next setup on record until Telegram has its alert, milliseconds. */
async function setupToAlert(): Promise<number> {
  const before = new Set(setupsLogged().keys());
  const told = () => alerts.texts().map((text) => /Setup Detected - (bench\d+)/.exec(text)?.[1] ?? '');
  const untilMs = Date.now() + PATIENCE_MS;
  while (Date.now() < untilMs) {
    const id = told().find((one) => one !== '' && !before.has(one));
    const toldMs = Date.now();
    if (id !== undefined) return toldMs - (await until('its line in the log', () => setupsLogged().get(id)));
    await new Promise((settle) => setTimeout(settle, LOOK_MS));
  }
  throw new Error(`no alert of a setup came within ${PATIENCE_MS} ms`);
}

try {
  await desk.up('--desk', deskFile(), '--simulated-venue', simulator.address);
  await active();
  const restarts: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) restarts.push(await untilHaltedAgain(desk));
  print('kill -9 of the trader at the Gateway to reconciled and HALTED, median', median(restarts), 'ms');
  print('kill -9 of the trader at the Gateway to reconciled and HALTED, worst', Math.max(...restarts), 'ms');
  const took: number[] = [];
  for (let run = 0; run < ALERTS; run += 1) took.push(await setupToAlert());
  print('a setup on record to its alert in Telegram, median', median(took), 'ms');
  print('a setup on record to its alert in Telegram, worst', Math.max(...took), 'ms');
  const { pid } = await active();
  let highest = 0;
  const endsAtMs = Date.now() + MINUTES * 60_000;
  while (Date.now() < endsAtMs) {
    await new Promise((settle) => setTimeout(settle, SAMPLE_MS));
    highest = Math.max(highest, mebibytesOf(pid, 'VmRSS'));
  }
  print(`trader memory at the Gateway after ${MINUTES} minutes`, mebibytesOf(pid, 'VmRSS'), 'MiB');
  print('most of it meanwhile', highest, 'MiB');
  print('its peak, while it started', mebibytesOf(pid, 'VmHWM'), 'MiB');
} finally {
  await desk.dispose();
  await simulator.close();
  await telegram.close();
}
