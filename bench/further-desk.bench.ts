/**
 * What a further desk of an installation takes: how much all processes grow together, those of the stores included, when a
 * second desk trades beside the first. Memory as shares (Pss), on the simulated market.
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

const first = deskUnderTest();
let second: DeskUnderTest | null = null;
try {
  await first.up('--market', 'simulated');
  const alone = await takenBy([first]);
  second = deskUnderTest('second', {}, first);
  const folder = join(first.home, 'desks', 'second');
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');
  writeFileSync(join(folder, 'desk.yaml'), text.replace(/^desk: .*$/m, 'desk: second'));
  await second.up('--market', 'simulated', '--desk', 'second', '--seed', '8');
  const both = await takenBy([first, second]);
  print('memory of the first desk and the stores', sumOf(alone.memory.values()), 'MiB');
  print('a further desk: memory', sumOf(both.memory.values()) - sumOf(alone.memory.values()), 'MiB');
  for (const [name, mebibytes] of both.memory)
    print(`a further desk: memory, ${name}`, mebibytes - (alone.memory.get(name) ?? 0), 'MiB');
  print('the first desk and the stores: processor time', alone.cpuPct, '% of a core');
  print('a further desk: processor time', both.cpuPct - alone.cpuPct, '% of a core');
} finally {
  await second?.dispose();
  await first.dispose();
}

/** Once the newest desk trades: of all processes of that name together, with what they have begun, and of all of them. */
async function takenBy(desks: readonly DeskUnderTest[]) {
  const newest = desks.at(-1) as DeskUnderTest;
  await until('ACTIVE', async () => (await newest.status()).mode === 'ACTIVE');
  await sleep(SETTLE_MS);
  const processes = desks.flatMap((desk) => [...desk.pids()]);
  const supervisors = desks.map((desk) => ['supervisor', desk.supervisorPid()] as const);
  const known = new Set([...processes, ...supervisors].map(([, pid]) => pid));
  const own = (pid: number) =>
    [...withDescendants([pid])].filter((descendant) => descendant === pid || !known.has(descendant));
  const names = new Set([...processes, ...supervisors].map(([name]) => name));
  const cpuSeconds = () => [...withDescendants(known)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  const began = { atMs: performance.now(), cpuSeconds: cpuSeconds() };
  const samples = new Map<string, number[]>();
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await sleep(SAMPLE_MS);
    for (const name of names) {
      const pids = [...processes, ...supervisors].flatMap(([one, pid]) => (one === name ? own(pid) : []));
      samples.set(name, [...(samples.get(name) ?? []), sumOf(pids.map(shareOf))]);
    }
  }
  const cpuPct = ((cpuSeconds() - began.cpuSeconds) * 100_000) / (performance.now() - began.atMs);
  return { memory: new Map([...samples].map(([name, values]) => [name, median(values)])), cpuPct };
}

function sumOf(values: Iterable<number>): number {
  return [...values].reduce((sum, value) => sum + value, 0);
}
