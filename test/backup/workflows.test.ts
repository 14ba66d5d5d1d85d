import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { backupIdAt } from '../../src/backup/backup-folder.js';
import { compareWithLive } from '../../src/backup/drill/drill-step.js';
import { filesBelow, readManifest } from '../../src/backup/manifest.js';
import type { StorageSettings } from '../../src/backup/offsite/storage.js';
import { newestBackupId } from '../../src/backup/retention.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { backupAge } from '../../src/checks/backup-age.js';
import type { CheckContext } from '../../src/checks/check.js';
import { drillAge } from '../../src/checks/drill-age.js';
import type { BackupActivities, BackupInput, BackupResult, DrillInput } from '../../src/contracts/backup.js';
import { backupWorkflowId, drillWorkflowId, operationsQueue, routineId } from '../../src/contracts/queues.js';
import type { RoutineInput, RoutineResult } from '../../src/contracts/routine.js';
import type { Desk } from '../../src/desk/schema.js';
import { deskPaths, homePaths, type Runtime } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { partCode } from '../../src/pack/compile.js';
import { readBackups, readDrills } from '../../src/store/backup-rows.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { openOperations } from '../operations/support/open-operations.js';
import { deskText, strategyFolder, strategyOf } from '../pack/support/strategy-desk.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { RESTING, RESTING_ENTRIES, withFlockAlone, writeAccountSetAside } from './desk-to-back-up.js';
import { KEYS, objectsOf, settingsOf, startOffsite } from './offsite-bench.js';

let bench: Bench;
const homes: string[] = [];
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await bench?.close();
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

afterEach(() => vi.unstubAllEnvs());

const DESK_TEXT = 'desk: test\n';

interface DeskWithHome extends BenchDesk {
  readonly home: string;
}

async function deskWithHome(
  s3?: StorageSettings,
  strategies: Desk['strategies'] = [],
  parts?: string,
): Promise<DeskWithHome> {
  const home = mkdtempSync(join(tmpdir(), 'fermata-home-'));
  homes.push(home);
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(deskFile, DESK_TEXT);
  const runtime = { home, deskFile, configHash: 'c0ffee' } as Runtime;
  const desk = await bench.desk({
    serve: ['operations'],
    context: { runtime, desk: { backup: { s3 }, strategies } as never },
    deskText: DESK_TEXT,
    ...(parts === undefined ? {} : { partCode: () => partCode(parts) }),
  });
  // Known only now; the same object is the worker's.
  Object.assign(runtime, { desk: desk.name });
  return Object.assign(desk, { home });
}

async function backUp(desk: BenchDesk, given: Partial<BackupInput> = {}): Promise<BackupResult> {
  const input: BackupInput = {
    desk: desk.name,
    verify: true,
    keep: 5,
    simulated: true,
    marketMs: null,
    person: null,
    evidenceMs: 600_000,
    ...given,
  };
  return (await bench.client.workflow.execute('backup', {
    workflowId: backupWorkflowId(desk.name),
    taskQueue: operationsQueue(desk.name),
    args: [input],
  })) as BackupResult;
}

async function drill(
  desk: BenchDesk,
  backupId: string | null = null,
  more: Partial<DrillInput> = {},
): Promise<BackupResult> {
  const input: DrillInput = {
    desk: desk.name,
    backupId,
    simulated: true,
    marketMs: null,
    person: null,
    evidenceMs: 600_000,
    ...more,
  };
  return (await bench.client.workflow.execute('restoreDrill', {
    workflowId: drillWorkflowId(desk.name),
    taskQueue: operationsQueue(desk.name),
    args: [input],
  })) as BackupResult;
}

function contextOf(desk: BenchDesk & { readonly home: string }, mode: 'paper' | 'live'): CheckContext {
  return {
    desk: { desk: desk.name, mode },
    pool: bench.database.pool,
    runtime: { home: desk.home },
  } as never;
}

const HOUR_MS = 3_600_000;

/** From the first attempt to send the newest backup away to the beginning of the last one that would be made. */
async function sentForMs(desk: string): Promise<number> {
  const { events } = await bench.client.workflow.getHandle(backupWorkflowId(desk)).fetchHistory();
  const sending = events
    ?.map(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled)
    .find((scheduled) => scheduled?.activityType?.name === 'sendBackup');
  const { initialInterval, maximumInterval, backoffCoefficient, maximumAttempts } =
    sending?.retryPolicy ?? {};
  let [waitMs, totalMs] = [Number(initialInterval?.seconds) * 1_000, 0];
  for (let attempt = 1; attempt < (maximumAttempts ?? 0); attempt += 1) {
    totalMs += waitMs;
    waitMs = Math.min(waitMs * (backoffCoefficient ?? 1), Number(maximumInterval?.seconds) * 1_000);
  }
  return totalMs;
}

describe('the backup workflow', () => {
  it('takes, verifies and records a backup, step by step as evidence, and keeps the newest', async () => {
    const desk = await deskWithHome();
    expect(await backupAge(contextOf(desk, 'paper'), {})).toMatchObject({ verdict: 'not_run' });
    expect(await backupAge(contextOf(desk, 'live'), {})).toMatchObject({ verdict: 'fail' });
    const first = await backUp(desk, { keep: 1 });
    const second = await backUp(desk, { keep: 1 });
    expect(second).toMatchObject({ verdict: 'pass' });
    expect(second.steps.map(({ key, verdict }) => `${key} ${verdict}`)).toEqual([
      'take pass',
      'verify pass',
      'prune pass',
    ]);
    expect(readdirSync(join(desk.home, 'backups'))).toEqual([second.backupId]);
    const rows = await readBackups(bench.database.pool, desk.name);
    expect(rows.map(({ id, prunedMs }) => [id, prunedMs === null])).toEqual([
      [second.backupId, true],
      [first.backupId, false],
    ]);
    expect((await desk.evidence('backup')).map(({ step_key }) => step_key)).toHaveLength(6);
    expect(await backupAge(contextOf(desk, 'live'), {})).toMatchObject({ verdict: 'pass' });
    expect(await backupAge(contextOf(desk, 'live'), { maxAgeHours: 0.000001 })).toMatchObject({
      verdict: 'fail',
    });
    const { ownerPool } = bench.database;
    await ownerPool.query(`update backup set taken = now() + interval '6 minutes' where id = $1`, [
      second.backupId,
    ]);
    expect(await backupAge(contextOf(desk, 'live'), {})).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(
        /is dated ahead of now: the clock was wrong .+ fermata backup --verify$/,
      ),
    });
  });

  it('holds the code and the artefacts of a desk as it was started with them, and its checks as they are', async () => {
    const { folder, write } = strategyFolder();
    const [content, kind] = ['{"every":3}', './strategies/net.ts'];
    write('strategies/net.ts', strategyOf('').replace('create:', "artefacts: { net: 'json' }, create:"));
    const place = write('artefacts/nets/net.json', content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const artefacts = { net: { file: './artefacts/nets/net.json', sha256 } };
    const text = deskText({ kind, parameters: {}, artefacts });
    const { strategies } = loadDesk(write('desk.yaml', text)).desk;
    const desk = await deskWithHome(undefined, strategies, folder);
    writeFileSync(place, '{"every":4}');
    const strategy = readFileSync(join(folder, 'strategies/net.ts'), 'utf8');
    write('strategies/net.ts', `${strategy}// a draft`);
    write('checks/floor.ts', `import { words } from '../lib/words.js'; export default words;`);
    write('lib/words.ts', `export const words = 'equity';`);
    write('reports/draft.ts', 'export default {');
    write('aliases.yaml', 'look: status\n');
    write('notes/secret.txt', 'nobody reads this');
    const { backupId } = await backUp(desk);
    const kept = join(desk.home, 'backups', String(backupId), 'desk');
    expect(await filesBelow(kept)).toEqual([
      'aliases.yaml',
      'artefacts/nets/net.json',
      'checks/floor.ts',
      'lib/words.ts',
      'reports/draft.ts',
      'strategies/net.ts',
    ]);
    expect(readFileSync(join(kept, 'artefacts/nets/net.json'), 'utf8')).toBe(content);
    expect(readFileSync(join(kept, 'strategies/net.ts'), 'utf8')).toBe(strategy);
    expect(readFileSync(join(kept, 'lib/words.ts'), 'utf8')).toContain('equity');
    const read = await readManifest(join(kept, '..'));
    expect(read.ok && read.manifest.files).toContainEqual(
      expect.objectContaining({ path: 'desk/artefacts/nets/net.json', sha256 }),
    );
  });

  it('holds the desk file as the desk was started with it, whatever was written into it since', async () => {
    const desk = await deskWithHome();
    writeFileSync(join(desk.home, 'desk.yaml'), 'desk: tomorrow\n');
    const { backupId } = await backUp(desk);
    expect(readFileSync(join(desk.home, 'backups', String(backupId), 'desk.yaml'), 'utf8')).toBe(DESK_TEXT);
  });

  it('tells who asked for it its size in megabytes', async () => {
    const desk = await deskWithHome();
    const { operations, temporal } = openOperations(bench, desk);
    onTestFinished(() => temporal.close());
    const request = { verify: true, patienceMs: 60_000 };
    const { proven, detail, result } = await operations.takeBackup({ person: 'anna', via: 'web' }, request);
    expect([proven, detail]).toEqual([true, expect.stringMatching(/, \d+\.\d MB in backups\//)]);
    // Evidence keeps what can be compared.
    expect(result?.steps[0]?.observed).toMatch(/, \d{5,} bytes in backups\//);
  });

  it('sends a copy away where that was asked for, and shows each archive of it', async () => {
    const simulator = await startOffsite();
    onTestFinished(() => simulator.close());
    for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
    const desk = await deskWithHome(settingsOf(simulator));
    await ensureSecrets(desk.home);
    const { logs } = homePaths(desk.home);
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, 'trading.log'), 'a line of the log\n');
    const { backupId, steps, verdict } = await backUp(desk, { offsite: true, tag: 'weekly' });
    expect([verdict, ...steps.map(({ key }) => key)]).toEqual(['pass', 'take', 'verify', 'prune', 'send']);
    const sent = [...objectsOf(simulator).objects.keys()];
    const stamp = '\\d{8}_\\d{6}\\.tar\\.gz: valid, \\d+ bytes';
    expect(steps.at(-1)?.observed).toMatch(new RegExp(`^db_${stamp}; logs_${stamp}; config_${stamp}$`));
    // Each of its own size: the settings are eleven bytes, before they are packed.
    const sizesOf = (text = '') =>
      [...text.matchAll(/valid, (\d+) bytes/g)].map(([, bytes]) => Number(bytes));
    const [db = 0, log = 0, config = 0] = sizesOf(steps[1]?.observed);
    expect([db > 10_000, log < 100, config]).toEqual([true, true, 11]);
    expect(new Set(sizesOf(steps.at(-1)?.observed)).size).toBe(3);
    expect(sent).toContain(`fermata/${desk.name}/${backupId}/receipt`);
    // Refused: the copy here stands and counts.
    vi.stubEnv('TEST_SECRET_KEY', 'another');
    const refused = await backUp(desk, { offsite: true });
    expect(refused).toMatchObject({ verdict: 'fail', detail: expect.stringContaining('TEST_SECRET_KEY') });
    expect((await readBackups(bench.database.pool, desk.name)).map(({ id }) => id)).toContain(
      refused.backupId,
    );
  });

  it('goes on where the storage was away, and says so where the desk has none', async () => {
    const simulator = await startOffsite();
    onTestFinished(() => simulator.close());
    for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
    const desk = await deskWithHome(settingsOf(simulator));
    await ensureSecrets(desk.home);
    let broken = 0;
    simulator.breakAt = () => broken++ < 8;
    expect(await backUp(desk, { offsite: true })).toMatchObject({ verdict: 'pass' });
    expect(broken).toBeGreaterThan(8);
    expect(await sentForMs(desk.name)).toBeGreaterThan(HOUR_MS);
    const without = await deskWithHome();
    const { verdict, detail } = await backUp(without, { offsite: true });
    expect([verdict, detail]).toEqual(['not_run', 'the desk file names no storage: set backup.s3']);
  });

  it('does not count what was not read back', async () => {
    const desk = await deskWithHome();
    expect((await backUp(desk, { verify: false })).steps).toHaveLength(1);
    expect(await readBackups(bench.database.pool, desk.name)).toEqual([]);
  });

  it('fails where it does not read back: nothing older goes for it, and it is not sent away', async () => {
    const step = (key: string, verdict: 'pass' | 'fail') =>
      ({ key, title: key, verdict, observed: `${key}: looked at`, expected: '' }) as const;
    const asked: string[] = [];
    const desk = await bench.desk({
      activities: (): Partial<BackupActivities> => ({
        takeBackup: async () => ({ backupId: 'b1', step: step('take', 'pass') }),
        verifyBackup: async () => step('verify', 'fail'),
        pruneBackups: async () => {
          asked.push('prune');
          return step('prune', 'pass');
        },
        sendBackup: async () => {
          asked.push('send');
          return step('send', 'pass');
        },
      }),
    });
    const { verdict, detail } = await backUp(desk, { offsite: true });
    expect([verdict, detail, asked]).toEqual(['fail', 'verify: looked at', []]);
  });

  it('fails by name where an account set aside is damaged, and is a backup of the rest; older ones stay', async () => {
    const simulator = await startOffsite();
    onTestFinished(() => simulator.close());
    for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
    const desk = await deskWithHome(settingsOf(simulator));
    await ensureSecrets(desk.home);
    const { restingAccounts } = deskPaths(homePaths(desk.home), desk.name);
    await writeAccountSetAside(restingAccounts, RESTING);
    const whole = await backUp(desk, { keep: 1, offsite: true });
    expect(whole).toMatchObject({ verdict: 'pass' });
    const journal = join(restingAccounts, RESTING, 'journal');
    writeFileSync(join(journal, readdirSync(journal).sort()[0] ?? ''), 'not a journal');
    const next = await backUp(desk, { keep: 1, offsite: true });
    expect(next).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining(`${RESTING}: it is damaged`),
    });
    expect(next.steps.map(({ verdict }) => verdict)).toEqual(['fail', 'pass', 'pass']);
    expect(readdirSync(join(desk.home, 'backups')).sort()).toEqual([whole.backupId, next.backupId]);
    expect([...objectsOf(simulator).objects.keys()]).toContain(
      `fermata/${desk.name}/${whole.backupId}/receipt`,
    );
    expect(await drill(desk)).toMatchObject({ verdict: 'pass', backupId: next.backupId });
  });

  it('fails with the reason where it can not be taken', async () => {
    const desk = await deskWithHome();
    const path = process.env.PATH;
    process.env.PATH = withFlockAlone(desk.home);
    const result = await backUp(desk).finally(() => {
      process.env.PATH = path;
    });
    expect(result).toMatchObject({ verdict: 'fail', backupId: null });
    expect(result.detail).toContain('pg_dump is not on PATH');
    expect(readdirSync(join(desk.home, 'backups'))).toEqual([]);
  });
});

describe('the restore drill', () => {
  it('passes for a good backup and fails for a damaged one, and both are on record', async () => {
    const desk = await deskWithHome();
    await writeAccountSetAside(deskPaths(homePaths(desk.home), desk.name).restingAccounts, RESTING);
    const nothing = await drill(desk);
    expect(nothing).toMatchObject({ verdict: 'fail', backupId: null });
    expect(nothing.detail).toContain('there is no backup');
    const { backupId: older } = await backUp(desk);
    const { backupId, steps } = await backUp(desk);
    expect(backupId).not.toBe(older);
    expect(steps.slice(0, 2).map(({ observed }) => observed)).toEqual([
      expect.stringMatching(/, 1 account set aside \(\d+ bytes\), /),
      expect.stringMatching(
        /, 1 account set aside \(\d+ bytes\); db_\d{8}_\d{6}: valid, \d+ bytes; config_\d{8}_\d{6}: valid, 11 bytes$/,
      ),
    ]);
    const passed = await drill(desk);
    expect(passed).toMatchObject({ verdict: 'pass', backupId });
    expect(passed.detail).toContain(`${RESTING}: ${RESTING_ENTRIES} entries`);
    expect(await drillAge(contextOf(desk, 'live'), {})).toMatchObject({ verdict: 'pass' });
    const dump = join(desk.home, 'backups', backupId ?? '', 'database.dump');
    const bytes = readFileSync(dump);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    writeFileSync(dump, bytes);
    const failed = await drill(desk, backupId);
    expect(failed).toMatchObject({ verdict: 'fail', backupId });
    expect(failed.detail).toContain('database.dump was changed');
    const rows = await readDrills(bench.database.pool, desk.name);
    expect(rows.map(({ verdict }) => verdict)).toEqual(['fail', 'pass']);
    expect(await drillAge(contextOf(desk, 'live'), {})).toMatchObject({ verdict: 'fail' });
    const evidence = await desk.evidence('restore-drill');
    expect(evidence.filter(({ verdict }) => verdict === 'pass')).toHaveLength(8);
  });

  it('restores the newest of last month where that is asked for, and is not run as long as there is none', async () => {
    const desk = await deskWithHome();
    await backUp(desk);
    const none = await drill(desk, null, { lastMonth: true });
    expect([none.verdict, none.detail]).toEqual([
      'not_run',
      expect.stringContaining('no backup of last month'),
    ]);
    const now = new Date();
    const takenMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 20);
    for (const ms of [takenMs - 86_400_000, takenMs])
      await takeBackup({
        id: backupIdAt(ms),
        runtime: { home: desk.home, desk: desk.name, configHash: 'c0ffee' },
        deskText: DESK_TEXT,
        connection: { ...bench.database },
        nowMs: () => ms,
      });
    const whole = await drill(desk, null, { lastMonth: true });
    expect(whole).toMatchObject({ verdict: 'pass', backupId: backupIdAt(takenMs) });
    // It ends with the current state: the newest backup, beside the live desk.
    const keys = whole.steps.map(({ key }) => key);
    expect(keys.slice(-9)).toEqual(
      'files restore tables pages ledger resting evidence works live'
        .split(' ')
        .map((key) => `current-${key}`),
    );
    expect(whole.steps.at(-1)?.observed).toMatch(
      /^equal to the live desk; newer there: \d+ pieces of evidence/,
    );
    const manifest = await readManifest(
      join(desk.home, 'backups', (await newestBackupId(desk.home, desk.name)) ?? ''),
    );
    if (!manifest.ok) throw new Error(manifest.why);
    const other = { ...manifest.manifest, evidence: { count: 1, head: 'f'.repeat(64) } };
    expect(await compareWithLive(bench.database.pool, other)).toMatchObject({ ok: false });
  });

  it('runs as a step of a routine, one at a time, with its own evidence', async () => {
    const desk = await deskWithHome();
    await backUp(desk);
    const nominalMs = Date.parse('2026-03-02T03:30:00Z');
    const input = {
      desk: desk.name,
      name: 'restore-test',
      title: 'Restore test',
      steps: [
        {
          key: 'drill',
          title: 'Drill',
          action: 'restore-drill',
          onFail: 'incident',
          timeoutSeconds: 5,
          with: {},
        },
        {
          key: 'again',
          title: 'Again',
          action: 'restore-drill',
          onFail: 'warn',
          timeoutSeconds: 5,
          with: {},
        },
      ],
      latestMinutes: 60,
      cause: 'person',
      nominalMs,
      marketMs: nominalMs,
      incarnation: null,
      haltRule: 'auto',
      simulated: true,
      person: 'anna',
      evidenceMs: 600_000,
    } satisfies RoutineInput;
    const result = (await bench.client.workflow.execute('routine', {
      workflowId: routineId(desk.name, `${input.name}-${randomBytes(2).toString('hex')}`, nominalMs),
      taskQueue: operationsQueue(desk.name),
      args: [input],
    })) as RoutineResult;
    expect(result.verdict).toBe('pass');
    // The second one waited for the first.
    expect(result.steps.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    expect(await readDrills(bench.database.pool, desk.name)).toHaveLength(2);
    const [step] = await desk.evidence('restore-test');
    expect(step).toMatchObject({ kind: 'action' });
  });
});
