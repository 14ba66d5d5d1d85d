/**
 * What a further desk of an installation takes: how much the memory of all processes grows, those of the stores included,
 * when a second desk trades beside the first, and what its own processes take. As shares (Pss), on the simulated market.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeskUnderTest, deskUnderTest, repository, until } from '../test/support/desk-under-test.js';
import { atLength, median, print } from './print.js';
import { cpuSecondsOf, shareOf, withDescendants } from './process-figures.js';

/** From when a desk trades until it is measured. */
const SETTLE_MS = atLength(60_000, 5_000);
const SAMPLES = atLength(13, 3);
const SAMPLE_MS = atLength(5_000, 1_000);

const ROLES = ['trader', 'engine-worker', 'operations-worker', 'web'];

const first = deskUnderTest();
let second: DeskUnderTest | null = null;
try {
  await first.up('--market', 'simulated');
  const alone = await memoryOf([first]);
  second = deskUnderTest('second', {}, first);
  const folder = join(first.home, 'desks', 'second');
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');
  writeFileSync(join(folder, 'desk.yaml'), text.replace(/^desk: .*$/m, 'desk: second'));
  await second.up('--market', 'simulated', '--desk', 'second', '--seed', '8');
  const both = await memoryOf([first, second]);
  print('memory of the first desk and the stores', alone.whole, 'MiB');
  print('a further desk: growth of everything', both.whole - alone.whole, 'MiB');
  for (const [name, share] of both.ofLast) print(`a further desk: its ${name}`, share, 'MiB');
  print('a further desk: processor time of these', both.cpuPct, '% of a core');
} finally {
  await second?.dispose();
  await first.dispose();
}

/** Once the newest desk trades. Of all that runs, and of the newest desk's own processes by name. */
async function memoryOf(desks: readonly DeskUnderTest[]) {
  const newest = desks.at(-1) as DeskUnderTest;
  await until('ACTIVE', async () => (await newest.status()).mode === 'ACTIVE');
  await sleep(SETTLE_MS);
  const wholes: number[] = [];
  const shares = new Map<string, number[]>();
  const own = new Map([...newest.pids()].filter(([name]) => ROLES.includes(name)));
  own.set('supervisor', newest.supervisorPid());
  const cpuSeconds = () => [...own.values()].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const began = { atMs: performance.now(), cpuSeconds: cpuSeconds() };
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await sleep(SAMPLE_MS);
    const all = withDescendants(desks.flatMap((desk) => [desk.supervisorPid(), ...desk.pids().values()]));
    wholes.push([...all].reduce((sum, pid) => sum + shareOf(pid), 0));
    for (const [name, pid] of own) shares.set(name, [...(shares.get(name) ?? []), shareOf(pid)]);
  }
  const cpuPct = ((cpuSeconds() - began.cpuSeconds) * 100_000) / (performance.now() - began.atMs);
  const ofLast = [...shares].map(([name, values]) => [name, median(values)] as const);
  return { whole: median(wholes), ofLast, cpuPct };
}
