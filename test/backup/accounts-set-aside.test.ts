/** Paper accounts of other prices: whoever restores a backup finds them as they lay. */
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backupIdAt, backupsFolder } from '../../src/backup/backup-folder.js';
import { runDrill } from '../../src/backup/drill/run-drill.js';
import {
  type AccountsSetAside,
  filesBelow,
  hashFile,
  type Manifest,
  writeManifest,
} from '../../src/backup/manifest.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { verifyBackup } from '../../src/backup/verify-backup.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { INSTRUMENTS } from '../ledger/support/journal-of-trades.js';
import {
  DESK,
  type DeskToBackUp,
  deskToBackUp,
  RESTING,
  RESTING_ENTRIES,
  restingRecords,
} from './desk-to-back-up.js';

const GOOD = backupIdAt(Date.UTC(2026, 0, 10));
const SEGMENT = `resting-accounts/${RESTING}/journal/0000000000000001.journal`;
let desk: DeskToBackUp;
let good: { readonly folder: string; readonly manifest: Manifest };
beforeAll(async () => {
  desk = await deskToBackUp();
  const taken = await takeBackup(desk.request(GOOD));
  if (!taken.ok) throw new Error(taken.why);
  good = taken;
});
afterAll(() => desk?.dispose());

let id: string;
/** A copy of the good backup, to be changed. */
let folder: string;
let copies = 0;
beforeEach(() => {
  copies += 1;
  id = backupIdAt(Date.UTC(2026, 1, 10) + copies);
  folder = join(backupsFolder(desk.home), id);
  cpSync(good.folder, folder, { recursive: true });
});

const paths = () => deskPaths(homePaths(desk.home), DESK);
const pathIn = (path: string): string => join(folder, path);
const listOf = ({ restingAccounts }: Manifest) => restingAccounts as AccountsSetAside;

/** As somebody would who changes a backup and its hashes too. */
async function makeHashesFit(change: (list: AccountsSetAside) => AccountsSetAside | null): Promise<void> {
  const kept = (await filesBelow(folder)).filter((path) => !path.startsWith('manifest.'));
  const files = await Promise.all(kept.map((path) => hashFile(folder, path)));
  await writeManifest(folder, { ...good.manifest, restingAccounts: change(listOf(good.manifest)), files });
}
const unchanged = (list: AccountsSetAside): AccountsSetAside => list;

async function problems(): Promise<string> {
  const verification = await verifyBackup(folder);
  return verification.ok ? 'none' : verification.problems.join('; ');
}

async function drilled() {
  const { steps } = await runDrill({ home: desk.home, backupId: id });
  const step = (key: string) => steps.find((one) => one.key === key);
  return { resting: step('resting'), evidence: step('evidence') };
}

/** Positions by the fills and adoptions alone. */
function positionsOf(name: string) {
  const lots = new Map<number, number>();
  for (const record of restingRecords(name)) {
    if (record.type === 'position.adopted') lots.set(record.instrument, record.quantityLots);
    if (record.type !== 'fill') continue;
    const { instrument, side, quantityLots } = record.fill;
    lots.set(instrument, (lots.get(instrument) ?? 0) + (side === 'buy' ? quantityLots : -quantityLots));
  }
  return INSTRUMENTS.flatMap(({ symbol, id: instrument }) => {
    const quantityLots = lots.get(instrument) ?? 0;
    return quantityLots === 0 ? [] : [{ symbol, quantityLots }];
  });
}

describe('an account set aside', () => {
  it('is in the backup with its book, the end of its journal and what it holds', async () => {
    expect(good.manifest.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining([SEGMENT, `resting-accounts/${RESTING}/paper-book/book.jsonl`]),
    );
    const last = [...readJournal(join(paths().restingAccounts, RESTING, 'journal'))].at(-1);
    const fills = restingRecords(RESTING).filter(({ type }) => type === 'fill').length;
    expect(listOf(good.manifest).leftOut).toEqual([]);
    expect(listOf(good.manifest).kept).toEqual([
      {
        name: RESTING,
        account: `paper/${RESTING}`,
        journal: {
          incarnation: last?.incarnation,
          lastSequence: RESTING_ENTRIES,
          chain: last?.chain,
          segments: expect.any(Number),
        },
        holds: expect.objectContaining({ fills, positions: positionsOf(RESTING) }),
      },
    ]);
    expect(positionsOf(RESTING)).not.toEqual([]);
    expect(await problems()).toBe('none');
  });

  it('that is missing, cut off or altered fails the verification by name', async () => {
    truncateSync(pathIn(SEGMENT), 5_000);
    expect(await problems()).toContain(`${SEGMENT} has 5000 bytes, the manifest says`);
    await makeHashesFit(unchanged);
    expect(await problems()).toMatch(new RegExp(`account set aside ${RESTING}: .*0000000000000001`));
    rmSync(pathIn(`resting-accounts/${RESTING}`), { recursive: true });
    expect(await problems()).toContain(`${SEGMENT} is missing`);
    await makeHashesFit(unchanged);
    expect(await problems()).toContain(`account set aside ${RESTING}: its journal is missing`);
  });

  it('that was put in the place of another fails by name, hashes made to fit or not', async () => {
    const other = pathIn(`resting-accounts/${RESTING}/journal`);
    rmSync(other, { recursive: true });
    cpSync(pathIn('journal'), other, { recursive: true });
    expect(await problems()).toContain(`${SEGMENT} `);
    await makeHashesFit(unchanged);
    expect(await problems()).toContain(
      `account set aside ${RESTING}: its journal ends at 600, the manifest says ${RESTING_ENTRIES}`,
    );
    await makeHashesFit((list) => ({ ...list, kept: [] }));
    expect(await problems()).toContain(`account set aside ${RESTING} is not in the manifest's list`);
  });

  it('that is damaged where it lies is left out by name; the rest is a backup that can be trusted', async () => {
    const segment = join(paths().restingAccounts, RESTING, 'journal', '0000000000000001.journal');
    const last = join(segment, '..', listSegmentNames().at(-1) ?? '');
    for (const [number, path] of [segment, last].entries()) {
      const next = backupIdAt(Date.UTC(2026, 2, 1 + number));
      const whole = readFileSync(path);
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(3_000) ^ 1, 3_000);
      writeFileSync(path, damaged);
      const taken = await takeBackup(desk.request(next));
      writeFileSync(path, whole);
      if (!taken.ok) throw new Error(taken.why);
      expect(listOf(taken.manifest)).toEqual({
        kept: [],
        leftOut: [
          {
            name: RESTING,
            why: expect.stringMatching(/^it is damaged \(segment .*move it to another place$/),
            damaged: true,
          },
        ],
      });
      expect(await verifyBackup(taken.folder)).toMatchObject({ ok: true });
      expect(existsSync(join(taken.folder, 'resting-accounts', RESTING))).toBe(false);
    }
  });
});

const listSegmentNames = (): string[] =>
  good.manifest.files.flatMap(({ path }) =>
    path.startsWith(`resting-accounts/${RESTING}/journal/`) ? [path.split('/').at(-1) ?? ''] : [],
  );

describe('a restore drill', () => {
  it('replays each resting journal and compares it with the manifest and the ledger', async () => {
    const { resting } = await drilled();
    expect(resting).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(
        new RegExp(`^1 account set aside \\(\\d+ bytes\\); ${RESTING}: ${RESTING_ENTRIES} entries$`),
      ),
    });
  });

  it('fails by name where the journal replays to something else', async () => {
    await makeHashesFit(({ kept, leftOut }) => ({
      kept: kept.map((one) => ({ ...one, holds: { ...one.holds, positions: [] } })),
      leftOut,
    }));
    expect(await problems()).toBe('none');
    const { resting, evidence } = await drilled();
    expect(resting).toMatchObject({ verdict: 'fail' });
    expect(resting?.observed).toMatch(
      new RegExp(`^account set aside ${RESTING}: its journal replays to .*BTC/USDT.*the manifest says`),
    );
    expect(evidence).toMatchObject({ verdict: 'not_run' });
  });

  it('fails by name where the ledger has other entries of it', async () => {
    const other = await deskToBackUp();
    try {
      const { ownerPool } = other.database;
      const resting = join(deskPaths(homePaths(other.home), DESK).restingAccounts, RESTING, 'journal');
      const [first] = readJournal(resting);
      await ownerPool.query('alter table journal_entry disable trigger journal_entry_append_only');
      await ownerPool.query(
        `update journal_entry set record = jsonb_set(record, '{marketMs}', '1')
          where incarnation = $1 and sequence = 42`,
        [first?.incarnation],
      );
      await takeBackup(other.request(id));
      const { steps } = await runDrill({ home: other.home, backupId: id });
      expect(steps.find(({ key }) => key === 'ledger')).toMatchObject({ verdict: 'pass' });
      expect(steps.find(({ key }) => key === 'resting')).toMatchObject({
        verdict: 'fail',
        observed: expect.stringContaining(
          `account set aside ${RESTING}: the ledger differs at its journal entry 42`,
        ),
      });
    } finally {
      await other.dispose();
    }
  });

  it('and a verification take backups of an earlier version, which had none, and say so', async () => {
    rmSync(pathIn('resting-accounts'), { recursive: true });
    await makeHashesFit(() => null);
    const { restingAccounts: _none, ...earlier } = JSON.parse(readFileSync(pathIn('manifest.json'), 'utf8'));
    await writeManifest(folder, earlier);
    expect(readFileSync(pathIn('manifest.json'), 'utf8')).not.toContain('restingAccounts');
    expect(await problems()).toBe('none');
    const { resting, evidence } = await drilled();
    expect(resting).toMatchObject({
      verdict: 'pass',
      observed: 'accounts set aside are not part of it (an earlier version took it)',
    });
    expect(evidence).toMatchObject({ verdict: 'pass' });
  });
});
