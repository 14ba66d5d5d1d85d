import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resetPaper } from '../../src/cli/commands/paper.js';
import type { HaltCause } from '../../src/domain/mode.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { tryLockFile } from '../../src/home/file-lock.js';
import { wouldBeHomeOf } from '../../src/home/installation.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { commandsInOneProcess } from './run-command.js';
import { CRYPTO_DESK, writeRuntime } from './trader-double.js';

const runCommand = commandsInOneProcess();

const NOW = new Date(Date.UTC(2026, 0, 2));
let folder: string;
let home: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-paper-'));
  home = join(folder, 'home');
  mkdirSync(homePaths(home).run, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function halt(cause: HaltCause, reason: string): EngineRecord {
  return {
    type: 'halt',
    halt: {
      haltId: 'ab'.repeat(16),
      mode: 'HALTED',
      scope: { kind: 'desk' },
      cause,
      by: 'anna',
      reason,
      resume: 'person',
      atWallMs: 0,
      atMarketMs: 0,
    },
  };
}

const ARMED: EngineRecord = {
  type: 'armed',
  haltId: 'ab'.repeat(16),
  by: 'anna',
  reason: 'all clean',
  authority: 'person',
  marketMs: 0,
};

async function account(records: readonly EngineRecord[]): Promise<void> {
  const paths = deskPaths(homePaths(home), 'crypto-bot');
  mkdirSync(paths.paperBook, { recursive: true });
  writeFileSync(join(paths.paperBook, 'book'), 'fills');
  const { journal } = await openJournal({ directory: paths.journal });
  for (const record of records) {
    journal.append(record, NOW.getTime());
  }
  await journal.whenDurable(journal.lastSequence);
  await journal.close();
}

it('says of a journal which entry is the newest, where none is as late as was asked for', async () => {
  await account([halt('drawdown', 'lost too much'), ARMED]);
  const journal = (from: string) =>
    runCommand(folder, ['journal', '--desk', 'crypto-bot', '--from', from], { FERMATA_HOME: home });
  expect(await journal('99')).toEqual({
    code: 0,
    out: '',
    err: '! nothing is shown: the newest entry is 2\n',
  });
  expect(await journal('2')).toMatchObject({ out: expect.stringContaining('resumed by anna'), err: '' });
});

describe('fermata paper reset', () => {
  it('sets book and journal aside together, and deletes nothing', async () => {
    await account([halt('drawdown', 'lost too much')]);
    const { keptIn } = resetPaper(home, 'crypto-bot', NOW);
    expect(readdirSync(keptIn).sort()).toEqual(['journal', 'paper-book']);
    expect(existsSync(deskPaths(homePaths(home), 'crypto-bot').journal)).toBe(false);
    expect(existsSync(deskPaths(homePaths(home), 'crypto-bot').paperBook)).toBe(false);
  });

  it('leaves what people decided on this account to the next one, where an earlier change of account was cut off', async () => {
    await account([halt('drawdown', 'lost too much')]);
    const { restingAccounts, rulesFrom } = deskPaths(homePaths(home), 'crypto-bot');
    // As a kill leaves it before the account has moved: the one that is named there is in use.
    writeFileSync(rulesFrom, 'simulated-303-seed-7');
    const { keptIn } = resetPaper(home, 'crypto-bot', NOW);
    expect(resolve(restingAccounts, readFileSync(rulesFrom, 'utf8'))).toBe(keptIn);
  });

  it('leaves the desk among those that ran here, in its own home', async () => {
    await account([halt('drawdown', 'lost too much')]);
    writeRuntime(home);
    resetPaper(home, 'crypto-bot', NOW);
    const listed = async () => {
      const { out } = await runCommand(folder, ['desks', '--json']);
      const { desks } = JSON.parse(out) as { desks: { name: string; started: boolean }[] };
      return desks.find(({ name }) => name === 'crypto-bot');
    };
    expect(await listed()).toMatchObject({ started: true, runs: false });
    // Homes of before desks had their own may hold several: another one was started last in this one.
    writeRuntime(home, CRYPTO_DESK, 'second');
    expect(await listed()).toMatchObject({ started: true, runs: false });
    expect(wouldBeHomeOf(home, 'crypto-bot')).toBe(home);
    const { err } = await runCommand(folder, ['journal', '--desk', 'crypto-bot']);
    expect(err).toContain('desk crypto-bot has no journal yet');
  });

  it('does not lift what a person has to: a failed check, a go-live that was taken back', async () => {
    await account([halt('check-failed', 'the go-live ended: odd prices')]);
    expect(() => resetPaper(home, 'crypto-bot', NOW)).toThrow(/stopped by anna \(the go-live ended: odd/);
  });

  it('leaves an account at a venue where it is', async () => {
    const config = { type: 'config', account: 'Binance testnet' } as Partial<EngineRecord> as EngineRecord;
    await account([config]);
    expect(() => resetPaper(home, 'crypto-bot', NOW)).toThrow(/does not trade on paper here/);
    expect(existsSync(deskPaths(homePaths(home), 'crypto-bot').journal)).toBe(true);
  });

  it('refuses while a supervisor runs', async () => {
    await account([]);
    const lock = tryLockFile(join(homePaths(home).run, 'lock'));
    expect(() => resetPaper(home, 'crypto-bot', NOW)).toThrow('desk crypto-bot is running');
    lock?.release();
  });

  it('refuses while a trader has the journal', async () => {
    await account([]);
    const { journal } = await openJournal({
      directory: deskPaths(homePaths(home), 'crypto-bot').journal,
    });
    expect(() => resetPaper(home, 'crypto-bot', NOW)).toThrow('desk crypto-bot is running');
    await journal.close();
    expect(() => resetPaper(home, 'crypto-bot', NOW)).not.toThrow();
  });

  it('does not lift a person’s stop', async () => {
    await account([halt('person', 'odd prices')]);
    expect(() => resetPaper(home, 'crypto-bot', NOW)).toThrow(/stopped by anna \(odd prices\)/);
    await account([ARMED]);
    expect(() => resetPaper(home, 'crypto-bot', NOW)).not.toThrow();
  });
});

describe('fermata journal', () => {
  it.each([[[]], [['--verify']], [['--desk', 'crypto-bot']]])(
    'with %j says of an account that was reset that its journal is still to begin',
    async (args) => {
      await account([halt('startup', 'just started')]);
      writeRuntime(home);
      resetPaper(home, 'crypto-bot', NOW);
      const { code, err } = await runCommand(folder, ['journal', ...args]);
      expect(err).toBe(
        '✗ desk crypto-bot has no journal yet\n  kept safe: nothing was changed\n  do this:   fermata up begins one\n',
      );
      expect(code).toBe(1);
    },
  );

  it('prints the newest entries in plain words while no trader runs', async () => {
    await account([halt('startup', 'just started'), ARMED, halt('person', 'odd prices')]);
    const { code, out } = await runCommand(folder, ['journal', '--desk', 'crypto-bot', '--last', '2']);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ +2 {2}2026-01-02T00:00:00Z {2}armed +resumed by anna: all clean$/),
      expect.stringMatching(/^ +3 .*halt +HALTED by anna \(person\): odd prices$/),
    ]);
    expect(code).toBe(0);
  });

  it('prints one JSON object a line from a sequence on', async () => {
    await account([halt('startup', 'just started'), ARMED]);
    const { out } = await runCommand(folder, ['journal', '--desk', 'crypto-bot', '--from', '2', '--json']);
    const entries = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { sequence: number });
    expect(entries.map(({ sequence }) => sequence)).toEqual([2]);
  });
});
