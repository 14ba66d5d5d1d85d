/** A runbook's own names for commands: `aliases.yaml` in a desk's folder. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAliases as readWith } from '../../src/cli/aliases.js';
import { COMMANDS } from '../../src/cli/command-table.js';
import { DeskFileError } from '../../src/desk/problem.js';
import { commandsInOneProcess } from './run-command.js';
import { CRYPTO_DESK } from './trader-double.js';

const runCommand = commandsInOneProcess();

const readAliases = (at: string) =>
  readWith(
    at,
    COMMANDS.map(({ name }) => name),
  );

let folder: string;
const written = (text: string, desk = 'own'): string => {
  const at = join(folder, 'desks', desk);
  mkdirSync(at, { recursive: true });
  cpSync(CRYPTO_DESK, join(at, 'desk.yaml'));
  writeFileSync(join(at, 'aliases.yaml'), text);
  return at;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-aliases-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('names of a desk’s own', () => {
  it('stand for a command with its words, and what is typed behind them is passed on', async () => {
    written('health.sh: desk check own\nlast.py: \'logs --grep "two words" --last 5\'\n');
    const checked = await runCommand(folder, ['scripts/health.sh', '--json', '--desk', 'own']);
    expect(JSON.parse(checked.out)).toMatchObject({ desk: 'crypto-bot', problems: [] });
    const words = readAliases(join(folder, 'desks/own'));
    expect(words.get('last.py')).toEqual(['logs', '--grep', 'two words', '--last', '5']);
    // The desk of no --desk is the one that comes with Fermata, which has none.
    const without = await runCommand(folder, ['health.sh']);
    expect(without).toMatchObject({ code: 2, err: expect.stringContaining('there is no command health.sh') });
  });

  it('of the named desk only, with their help, and counted by `desk check`', async () => {
    written('backup_state.sh: backup\n');
    const help = await runCommand(folder, ['./scripts/backup_state.sh', '--desk', 'own', '--help']);
    expect(help.out).toContain('Usage: fermata backup');
    const check = await runCommand(folder, ['desk', 'check', 'own']);
    expect(check.out).toContain('1 name of its own for commands (aliases.yaml)');
  });

  it.each([
    ['stop: status\n', 'stop: expected a name that no command has; found the command stop'],
    [
      'go: lunch --soon\n',
      'go: expected what is typed after `fermata`, such as: run weekly; found no command lunch',
    ],
    ['go: [run]\n', 'go: expected what is typed after `fermata`, such as: run weekly; found a list of 1'],
    ['"a b": status\n', 'a b: expected letters, digits, _, . or -, at most 64'],
    ['', 'expected 1 to 200 names, each with the command that it stands for; found no names'],
    ['a: "\n', 'expected YAML'],
  ])('%j is refused with its name', (text, said) => {
    const at = written(text, 'bad');
    expect(() => readAliases(at)).toThrow(DeskFileError);
    expect(() => readAliases(at)).toThrow(said);
  });

  it.each([
    [
      'late.sh: incident opn\n',
      'late.sh: expected one of the commands of incident (open, ack, resolve)',
      'opn',
    ],
    ['week.py: run weeekly\n', 'week.py: expected a routine of this desk (', 'weeekly'],
    ['week.py: run weekly --soon\n', 'week.py: expected what `fermata run` takes', 'the option --soon'],
    ['last.py: logs --last few\n', 'last.py: expected what `fermata logs` takes', '--last: expected a whole'],
    ['now.py: status now\n', 'now.py: expected what `fermata status` takes', '1 argument'],
  ])('%j is refused by `desk check` before anybody types it', async (text, expected, found) => {
    written(text, 'typed');
    const checked = await runCommand(folder, ['desk', 'check', 'typed']);
    expect(checked).toMatchObject({ code: 1, err: expect.stringContaining('aliases.yaml:1:') });
    expect(checked.err).toContain(expected);
    expect(checked.err).toContain(`; found ${found}`);
  });

  it('may leave the rest of a command to whoever types it', async () => {
    written(
      'report.sh: incident\nopen.sh: incident open --note seen\nrun.sh: run\nhow.sh: run --help\n',
      'typed',
    );
    const checked = await runCommand(folder, ['desk', 'check', 'typed']);
    expect(checked).toMatchObject({ code: 0, err: '' });
    expect(checked.out).toContain('4 names of its own for commands');
  });

  it('ship with the SLOB desk, as its runbook has them', () => {
    const shipped = readAliases(join(CRYPTO_DESK, '../../slob'));
    expect(Object.fromEntries([...shipped].map(([name, words]) => [name, words.join(' ')]))).toEqual({
      'test_ib_connection.py': 'connection test',
      'backup_state.sh': 'backup',
      'rollback.sh': 'rollback',
      'monitor.sh': 'monitor',
      'preflight_check.sh': 'preflight',
      'deploy.sh': 'deploy',
      'generate_weekly_report.py': 'run weekly-summary',
      'telegram_notifier.py': 'notify test telegram',
      'email_notifier.py': 'notify test mail',
    });
  });
});
