/**
 * Five desks of one installation, the shipped desk on five seeds of the simulated market, each with keys of its own, for ten minutes: one is killed, one
 * is backed up and restored, one is stopped, and the other two notice nothing of it. Prints memory and processor time.
 * `DESKS_MS`: for so long.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cpuSecondsOf, shareOf, withDescendants } from '../../bench/process-figures.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const FOR_MS = Number(process.env.DESKS_MS ?? 600_000);
const SAMPLE_MS = 5_000;
/** Of the smallest machine that five desks are meant for. */
const MEBIBYTES_MAX = 4_096;
const FURTHER = ['killed', 'restored', 'stopped', 'untouched'] as const;

/** Of an exchange and a storage; a desk on paper uses neither. */
const keysOf = (name: string) => ({
  BINANCE_API_KEY: `key-of-${name}`,
  BINANCE_SECRET_KEY: `secret-of-${name}`,
  AWS_SECRET_ACCESS_KEY: `storage-of-${name}`,
});

const first = deskUnderTest('crypto-bot', keysOf('first'));
const further = new Map<(typeof FURTHER)[number], DeskUnderTest>();
const deskOf = (name: (typeof FURTHER)[number]): DeskUnderTest => further.get(name) as DeskUnderTest;
const all = (): DeskUnderTest[] => [first, ...further.values()];

beforeAll(async () => {
  await first.up('--market', 'simulated');
  const text = readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8');
  for (const [at, name] of FURTHER.entries()) {
    const folder = join(first.home, 'desks', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'desk.yaml'), text.replace(/^desk: .*$/m, `desk: ${name}`));
    const desk = deskUnderTest(name, keysOf(name), first);
    further.set(name, desk);
    await desk.up('--market', 'simulated', '--desk', name, '--seed', `${at + 8}`);
  }
});

afterAll(async () => {
  for (const desk of further.values()) await desk.dispose();
  await first.dispose();
});

it('one killed, one restored, one stopped: the others trade on as if they were alone', {
  timeout: FOR_MS + 900_000,
}, async () => {
  for (const desk of all()) await trades(desk);
  const untouched = [first, deskOf('untouched')];
  const before = await Promise.all(untouched.map(lifeOf));
  const beganMs = performance.now();
  const cpuBefore = cpuOf(all());
  const samples: number[] = [];
  const sampling = sample(samples, () => performance.now() - beganMs < FOR_MS);

  const killed = deskOf('killed');
  const pids = [...killed.pids().values()];
  for (const pid of [...pids, killed.supervisorPid()]) kill(pid);

  const restored = deskOf('restored');
  const backup = await restored.run('backup', '--desk', 'restored', '--json');
  expect(JSON.parse(backup.stdout)).toMatchObject({ ok: true, proven: true });
  expect(await restored.interrupt()).toBe(0);
  const answer = await restored.run('restore', '--latest', '--desk', 'restored', '--confirm', 'restored');
  expect(answer.stdout + answer.stderr).toContain('✓ restored is what the backup holds');
  await restored.up('--market', 'simulated', '--desk', 'restored', '--seed', '9');
  expect((await restored.status()).mode).toBe('HALTED');

  const stop = await first.run('stop', '--desk', 'stopped', '--reason', 'one of five');
  expect(stop.stdout + stop.stderr).toContain('✓ stop: proven');
  await killed.up('--market', 'simulated', '--desk', 'killed', '--seed', '8');

  await sampling;
  const spent = cpuOf(all()) - cpuBefore;
  const minutes = (performance.now() - beganMs) / 60_000;
  console.log(
    `five desks and their stores: ${Math.round(Math.max(...samples))} MiB at most, ${Math.round(medianOf(samples))} MiB in the middle, ` +
      `${((spent / (minutes * 60)) * 100).toFixed(0)} % of a core by those that live, ${minutes.toFixed(1)} minutes; the machine has ${Math.round(totalmem() / 1024 ** 2)} MiB`,
  );
  expect(Math.max(...samples)).toBeLessThan(MEBIBYTES_MAX);

  expect((await deskOf('stopped').status()).mode).toBe('HALTED');
  expect(['ACTIVE', 'HALTED']).toContain((await killed.status()).mode);
  const after = await Promise.all(untouched.map(lifeOf));
  for (const [at, life] of after.entries()) {
    const was = before[at] as Life;
    expect({ trader: life.trader, worker: life.worker, mode: life.mode }).toEqual({
      trader: was.trader,
      worker: was.worker,
      mode: 'ACTIVE',
    });
    expect(life.halts).toEqual([]);
    expect(life.sequence).toBeGreaterThan(was.sequence);
    expect(life.withoutStop).toEqual([]);
  }
  for (const desk of all()) {
    const evidence = await first.run('evidence', 'verify', '--desk', desk.desk);
    expect(evidence.stdout + evidence.stderr, desk.desk).toContain('✓');
    expect(evidence.code, desk.desk).toBe(0);
  }
});

interface Life {
  readonly trader: number | undefined;
  readonly worker: number | undefined;
  readonly mode: string;
  readonly sequence: number;
  readonly halts: readonly string[];
  readonly withoutStop: readonly string[];
}

async function lifeOf(desk: DeskUnderTest): Promise<Life> {
  const { mode, sequence, halts, positions } = await desk.status();
  const pids = desk.pids();
  return {
    ...{ trader: pids.get('trader'), worker: pids.get('engine-worker'), mode, sequence },
    halts: halts.map(({ cause, reason }) => `${cause}: ${reason}`),
    withoutStop: positions.filter(({ protection }) => protection === 'missing').map(({ symbol }) => symbol),
  };
}

const trades = (desk: DeskUnderTest) =>
  until(`${desk.desk} trades`, async () => (await desk.status()).mode === 'ACTIVE');

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with another of them.
  }
}

const processesOf = (desks: readonly DeskUnderTest[]): ReadonlySet<number> =>
  withDescendants(
    desks.flatMap((desk) => [...desk.pids().values(), desk.supervisorPid()]).filter((pid) => pid > 0),
  );

const cpuOf = (desks: readonly DeskUnderTest[]): number =>
  [...processesOf(desks)].reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);

async function sample(samples: number[], goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    samples.push([...processesOf(all())].reduce((sum, pid) => sum + shareOf(pid), 0));
    await sleep(SAMPLE_MS);
  }
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
