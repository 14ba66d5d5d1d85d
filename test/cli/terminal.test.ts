import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';
import { readDesk, shownLines } from '../../src/cli/commands/status-command.js';
import { byLevel, fitted, inTone, withMark } from '../../src/cli/output.js';
import { LogReader, processLogs } from '../../src/supervisor/log/log-lines.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { eventually } from '../support/eventually.js';
import { COMMAND, commandsInOneProcess } from './run-command.js';
import { startTraderDouble, traderStatus, writeRuntime } from './trader-double.js';

const runCommand = commandsInOneProcess();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-terminal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LOGS = (): string => join(folder, 'home', 'logs');
const line = (second: number, level: string, text: string): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z ${'trader'.padEnd(17)} ${level.padEnd(5)} ${text}\n`;

/** A command whose standard output nobody reads. */
function unread(args: readonly string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, TMPDIR: tmpdir(), FERMATA_HOME: join(folder, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endChildWithThisProcess(child);
  child.stdout.destroy();
  child.stderr.resume();
  const ended = new Promise<unknown>((resolve) => child.once('close', resolve));
  return { child, ended };
}

function writeLog(name: string, ...lines: readonly string[]): void {
  mkdirSync(LOGS(), { recursive: true });
  writeFileSync(join(LOGS(), name), lines.join(''));
}

/** A command that goes on, and what it has printed so far. */
function started(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, TMPDIR: tmpdir(), FERMATA_HOME: join(folder, 'home'), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endChildWithThisProcess(child);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    out: () => out,
    end: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

describe('fermata logs', () => {
  it('prints the newest that are bad enough and have the pattern, from the file before too', async () => {
    writeLog('fermata.log.1', line(1, 'error', 'order A was lost'), line(2, 'info', 'order B'));
    writeLog('fermata.log', line(3, 'warn', 'ORDER C is late'), line(4, 'error', 'no disk'));
    const { code, out } = await runCommand(folder, ['logs', '--level', 'warn', '--grep', 'order|nothing']);
    expect(code).toBe(0);
    expect(out).toBe(line(1, 'error', 'order A was lost') + line(3, 'warn', 'ORDER C is late'));
    const last = await runCommand(folder, ['logs', '--last', '1', '--level', 'warn']);
    expect(last.out).toBe(line(4, 'error', 'no disk'));
  });

  it('prints as many as were asked for, also through a pipe, which takes them bit by bit', async () => {
    const long = Array.from({ length: 300 }, (_, n) => line(n % 60, 'info', `${n} ${'x'.repeat(1_000)}`));
    writeLog('fermata.log', ...long);
    const { out } = await runCommand(folder, ['logs', '--last', '300']);
    expect(out.length).toBe(long.join('').length);
    expect(out === long.join('')).toBe(true);
  });

  it('ends as if nothing were wrong once nobody reads on', async () => {
    writeLog(
      'fermata.log',
      ...Array.from({ length: 300 }, (_, n) => line(n % 60, 'info', 'x'.repeat(1_000))),
    );
    const { child, ended } = unread(['logs', '--last', '300']);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    expect([await ended, said]).toEqual([0, '']);
  });

  it('says by its exit code that it failed, although nobody reads why', async () => {
    expect(await unread(['status', '--json']).ended).toBe(1);
  });

  it('prints the newest hundred where nobody says how many', async () => {
    const lines = Array.from({ length: 120 }, (_, n) => line(n % 60, 'info', `number ${n}`));
    writeLog('fermata.log', ...lines);
    expect((await runCommand(folder, ['logs'])).out).toBe(lines.slice(20).join(''));
  });

  it('says that no line is like that, where an empty output would look like a mistake', async () => {
    writeLog('fermata.log', line(1, 'info', 'x'));
    const { code, out, err } = await runCommand(folder, ['logs', '--grep', 'absent']);
    expect([code, out, err]).toEqual([0, '', '! nothing is shown: no line of the log is like that\n']);
  });

  it('refuses a pattern that is none', async () => {
    writeLog('fermata.log', line(1, 'info', 'x'));
    const { code, err } = await runCommand(folder, ['logs', '--grep', '(']);
    expect(code).toBe(2);
    expect(err).toContain('--grep: expected a regular expression');
  });

  it('follows what is written, also over a file that is moved away', async () => {
    writeLog('fermata.log', line(1, 'error', 'first'));
    const following = started(['logs', '--follow', '--level', 'error']);
    await eventually(() => expect(following.out()).toContain('first'));
    const path = join(LOGS(), 'fermata.log');
    appendFileSync(path, line(2, 'info', 'not bad') + line(3, 'error', 'second'));
    renameSync(path, `${path}.1`);
    writeFileSync(path, line(4, 'error', 'third'));
    await eventually(() => expect(following.out()).toContain('third'));
    await following.end();
    expect(following.out()).toBe(
      line(1, 'error', 'first') + line(3, 'error', 'second') + line(4, 'error', 'third'),
    );
  });
});

describe('what follows a log', () => {
  it('gives a line once it is whole, characters too', () => {
    writeLog('fermata.log', '');
    const reader = new LogReader(processLogs(LOGS()));
    const bytes = Buffer.from(line(1, 'info', 'für 1 €'));
    const path = join(LOGS(), 'fermata.log');
    const within = bytes.indexOf('€') + 1;
    appendFileSync(path, bytes.subarray(0, within));
    expect(reader.next()).toEqual([]);
    appendFileSync(path, bytes.subarray(within));
    expect(reader.next()).toEqual([line(1, 'info', 'für 1 €').trimEnd()]);
    expect(reader.next()).toEqual([]);
  });

  it('puts lines of several files in the order of their time', () => {
    writeLog('web.log', line(2, 'info', 'b'), line(4, 'info', 'd'));
    writeLog('trader.log', line(1, 'info', 'a'), line(3, 'info', 'c'));
    const reader = new LogReader(processLogs(LOGS()));
    expect(reader.newest(3, () => true).map((each) => each.at(-1))).toEqual(['b', 'c', 'd']);
  });
});

describe('a screen that is redrawn in place', () => {
  const position =
    '  ETH/USDT long 0.0996 at 3\u202f007.20, now 3\u202f026.70, +1.94, stop 2\u202f995.14 (NOT PROTECTED)';

  it('has each line to its end in a narrow terminal, and no more of them than there is room for', () => {
    expect(fitted(['HALTED', position, 'orders'], 24, 80)).toEqual([
      'HALTED',
      '  ETH/USDT long 0.0996 at 3\u202f007.20, now 3\u202f026.70, +1.94, stop 2\u202f995.14 (NOT',
      '    PROTECTED)',
      'orders',
    ]);
    expect(fitted(['HALTED', position, 'orders', 'last'], 5, 80)).toEqual([
      'HALTED',
      expect.stringMatching(/^ {2}ETH.*\(NOT$/),
      '    PROTECTED)',
      '… 2 more lines',
    ]);
  });

  it('breaks what has no space where the line ends, also where it is told to be narrower than words are', () => {
    expect(fitted(['x'.repeat(45)], 24, 3)).toEqual([
      'x'.repeat(20),
      `    ${'x'.repeat(16)}`,
      `    ${'x'.repeat(9)}`,
    ]);
  });
});

describe("a person's words with line breaks", () => {
  const reason = 'lunch\n  BTC/USDT long 1 at 100, stop 95 (confirmed)\r\nequity     9';
  const shown = 'lunch ↵ BTC/USDT long 1 at 100, stop 95 (confirmed) ↵ equity     9';
  const status = () =>
    traderStatus({
      ...{ mode: 'HALTED', reason },
      activity: [{ ...traderStatus().activity[0]!, text: `HALTED (person) by eve: ${reason}` }],
      notTrading: [{ subject: 'the desk', reason: `halted by eve: ${reason}`, waitsFor: 'a person' }],
    });

  it('stay on the one line of the status that says them', async () => {
    const runtime = writeRuntime(join(folder, 'home'));
    const trader = await startTraderDouble(runtime, { status });
    const watching = started(['status', '--watch']);
    const { out } = await runCommand(folder, ['status']);
    await eventually(() => expect(watching.out()).toContain('last'));
    await watching.end();
    await trader.close();
    for (const text of [out, watching.out()]) {
      expect(text).toContain(`HALTED (person) by eve: ${shown}`);
      expect(text).toContain(`the desk: halted by eve: ${shown} (a person)`);
      expect(text).not.toMatch(/^ *BTC\/USDT long 1 /m);
      expect(text).not.toMatch(/^equity +9$/m);
    }
  });
});

describe('fermata status on a disk', () => {
  const MB = 1024 * 1024;
  it.each<[string, () => Promise<number>, RegExp | null]>([
    ['with room', async () => 1024 * MB, null],
    [
      'that is nearly full',
      async () => 1024 * MB - 1,
      /^disk +! nearly full, 1\u202f023 MB free where .*home lies: free some space now; below 256 MB the desk neither starts nor is armed$/m,
    ],
    ['with just enough to start', async () => 256 * MB, /^disk +! nearly full, 256 MB free/m],
    [
      'that is full',
      async () => 256 * MB - 1,
      /^disk +✗ full, 255 MB free where .*; the desk neither starts nor is armed below 256 MB, and halts once/m,
    ],
    [
      'that does not answer',
      () => Promise.reject(new Error('EIO')),
      /^disk +✗ how much of it is free is not known: EIO$/m,
    ],
  ])('%s says so before the journal fails', async (_what, free, words) => {
    const home = join(folder, 'home');
    vi.stubEnv('FERMATA_HOME', home);
    const trader = await startTraderDouble(writeRuntime(home), { status: () => traderStatus() });
    try {
      const shown = shownLines(await readDesk(free)).join('\n');
      if (words === null) expect(shown).not.toMatch(/^disk/m);
      else expect(shown).toMatch(words);
    } finally {
      await trader.close();
    }
  });

  it('is a value of its own for scripts', async () => {
    const trader = await startTraderDouble(writeRuntime(join(folder, 'home')), {
      status: () => traderStatus(),
    });
    const { out } = await runCommand(folder, ['status', '--json']);
    await trader.close();
    expect((JSON.parse(out) as { disk: { freeMb: number } }).disk.freeMb).toBeGreaterThan(0);
  });
});

describe('fermata status --watch', () => {
  it('shows it again, and a trader that does not answer', async () => {
    const runtime = writeRuntime(join(folder, 'home'));
    let equity = 10_000;
    const trader = await startTraderDouble(runtime, {
      status: () => {
        equity += 1;
        return traderStatus({ equity: String(equity) });
      },
    });
    const watching = started(['status', '--watch']);
    const values = started(['status', '--watch', '--json'], { npm_command: 'exec' });
    const read = (): unknown[] =>
      values
        .out()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    await eventually(() =>
      expect(watching.out()).toMatch(/equity +10\u202f\d{3}\.00 [\s\S]*equity +10\u202f\d{3}\.00 /),
    );
    await eventually(() => expect(read()).toContainEqual(expect.objectContaining({ mode: 'ACTIVE' })));
    await trader.close();
    await eventually(() => expect(watching.out()).toMatch(/kept safe:/));
    const errors = (): unknown[] => read().filter((value) => 'error' in (value as object));
    await eventually(() => expect(errors().length).toBeGreaterThan(1));
    expect(errors()[0]).toMatchObject({ error: { doThis: expect.stringContaining('npx fermata ') } });
    const again = await startTraderDouble(runtime, { status: () => traderStatus({ equity: '7' }) });
    await eventually(() => expect(read().at(-1)).toMatchObject({ equity: '7' }));
    await again.close();
    await Promise.all([watching.end(), values.end()]);
  });
});

describe('colours', () => {
  // What Node reads of the machine's own environment (CI, TMUX, COLORTERM and more) must not decide: the terminal brings its own.
  const terminal = (environment: Record<string, string> = {}): NodeJS.WriteStream =>
    Object.assign(new PassThrough(), {
      isTTY: true,
      getColorDepth: () => WriteStream.prototype.getColorDepth({ TERM: 'xterm-256color', ...environment }),
    }) as unknown as NodeJS.WriteStream;
  const pipe = (): NodeJS.WriteStream => new PassThrough() as unknown as NodeJS.WriteStream;
  const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
  beforeEach(() => void vi.stubEnv('FORCE_COLOR', undefined));
  afterEach(() => vi.unstubAllEnvs());

  it('are for marks, the mode and bad lines of the log, on a terminal alone', () => {
    expect(withMark('✗ it failed! ✗', terminal())).toBe(`${red('✗')} it failed! ✗`);
    expect(withMark('  ! beware', terminal())).toBe('  \u001b[33m!\u001b[39m beware');
    expect(inTone('HALTED', 'alarm', terminal())).toBe(red('HALTED'));
    expect(byLevel('line', 'error', terminal())).toBe(red('line'));
    expect(withMark('✗ it failed', pipe())).toBe('✗ it failed');
  });

  it('are left out with NO_COLOR', () => {
    expect(withMark('✗ it failed', terminal({ NO_COLOR: '1' }))).toBe('✗ it failed');
  });

  it('reach what commands print', async () => {
    const { err } = await runCommand(folder, ['nonsense'], { FORCE_COLOR: '1' });
    expect(err).toContain(`${red('✗')} there is no command nonsense`);
  });
});

describe('fermata completion', () => {
  const completed = async (...typed: readonly string[]): Promise<readonly string[]> => {
    const { out } = await runCommand(folder, ['completion', 'bash']);
    const script = `${out}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fermata; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...typed], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((word) => word !== '');
  };

  it('knows every command, also behind npx', async () => {
    expect(await completed('fermata', '')).toEqual([...COMMANDS.map(({ name }) => name), 'help']);
    expect(await completed('npx', 'fermata', 'clo')).toEqual(['close-all']);
    expect(await completed('npx', 'another', 'clo')).toEqual([]);
  });

  it.each([
    [
      ['logs', '--l'],
      ['--last', '--level'],
    ],
    [['logs', '--level', 'e'], ['error']],
    [['incident', 'r'], ['resolve']],
    [['incident', 'ack', '--n'], ['--note']],
    [
      ['completion', ''],
      ['bash', 'zsh', '--help'],
    ],
    // Files, which the shell knows.
    [['up', '--data', ''], []],
  ])('%j is completed to %j', async (typed, expected) => {
    expect(await completed('fermata', ...typed)).toEqual(expected);
  });

  it('is the same in zsh, through its reader of bash completions', async () => {
    const [bash, zsh] = await Promise.all(
      ['bash', 'zsh'].map((shell) => runCommand(folder, ['completion', shell])),
    );
    expect(zsh?.out).toMatch(/^autoload -Uz compinit bashcompinit\n/);
    expect(zsh?.out.endsWith(bash?.out ?? '?')).toBe(true);
    // Of zsh's own in a completion.
    expect(bash?.out).not.toMatch(/\b(words|path|status)=/);
  });
});
