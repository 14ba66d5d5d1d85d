/**
 * What a further desk of an installation takes: how much all processes grow together, those of the stores included, when a
 * second desk (or several), each with keys of its own, trades beside the first. Memory as shares (Pss), on the simulated market.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeskUnderTest, deskUnderTest, repository } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';
import { atLength, median, print } from './print.js';
import { cpuSecondsOf, shareOf, withDescendants } from './process-figures.js';

/** From when a desk trades until it is measured. */
const SETTLE_MS = atLength(60_000, 5_000);
const SAMPLES = atLength(13, 3);
const SAMPLE_MS = atLength(5_000, 1_000);

/** So many beside the first; figures are of one of them. */
const FURTHER = Number(process.env.BENCH_FURTHER_DESKS ?? 1);

const first = deskUnderTest();
const further: DeskUnderTest[] = [];
try {
  await first.up('--market', 'simulated');
  const alone = await takenBy([first]);
  const text = readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');
  for (let number = 2; number < 2 + FURTHER; number += 1) {
    const name = `desk-${number}`;
    const folder = join(first.home, 'desks', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'desk.yaml'), text.replace(/^desk: .*$/m, `desk: ${name}`));
    further.push(
      deskUnderTest(name, { BINANCE_API_KEY: `key-of-${name}`, TELEGRAM_CHAT_ID: String(number) }, first),
    );
  }
  await Promise.all(
    further.map((desk, at) => desk.up('--market', 'simulated', '--desk', desk.desk, '--seed', `${at + 8}`)),
  );
  const all = await takenBy([first, ...further]);
  const printGrowth = (name: string, before: number, now: number, unit: string) =>
    print(`a further desk: ${name}`, (now - before) / FURTHER, unit);
  print('the first desk and the stores: memory', sumOf(alone.memory.values()), 'MiB');
  print('all desks and the stores: memory', sumOf(all.memory.values()), 'MiB');
  printGrowth('memory', sumOf(alone.memory.values()), sumOf(all.memory.values()), 'MiB');
  for (const [name, mebibytes] of all.memory)
    printGrowth(`memory, ${name}`, alone.memory.get(name) ?? 0, mebibytes, 'MiB');
  print('the first desk and the stores: processor time', alone.cpuPct, '% of a core');
  printGrowth('processor time', alone.cpuPct, all.cpuPct, '% of a core');
} finally {
  await Promise.all(further.map((desk) => desk.dispose()));
  await first.dispose();
}

/** Once each of them trades: of all processes of that name together, with what they have begun, and of all of them. */
async function takenBy(desks: readonly DeskUnderTest[]) {
  for (const desk of desks) await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE');
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
