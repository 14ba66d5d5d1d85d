/** `fermata logs` of what is traded: by kind, setup and day of the desk, followed, over all days, and counted. */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logsCommand } from '../../src/cli/commands/logs.js';
import type { DeskCalendar } from '../../src/domain/trading-day.js';
import { datesOf } from '../../src/domain/zone-offset.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { eventually } from '../support/eventually.js';
import { COMMAND, commandsInOneProcess } from './run-command.js';
import { writeRuntime } from './trader-double.js';

const runCommand = commandsInOneProcess();

const NEW_YORK = { timezone: 'America/New_York', dayBoundary: '00:00' };
/** No day of it ends while these run. */
const hour = new Date().getUTCHours();
const AT_NOON = { timezone: hour >= 6 && hour < 18 ? 'UTC' : 'Etc/GMT-12', dayBoundary: '00:00' };
const dateOf = datesOf(AT_NOON);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-trading-log-'));
  runIn(AT_NOON);
  mkdirSync(join(folder, 'home', 'logs'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function runIn(calendar: DeskCalendar): void {
  const home = join(folder, 'home');
  writeFileSync(join(home, 'run', 'runtime.json'), JSON.stringify({ ...writeRuntime(home), calendar }));
}
const path = (name = 'trading.log'): string => join(folder, 'home', 'logs', name);
const line = (time: string, level: string, kind: string, setup: string, message: string): string =>
  `${time} ${'trader'.padEnd(17)} ${level.padEnd(5)} ${kind.padEnd(5)} ${setup.padEnd(8)} ${message}\n`;
const logs = async (...args: readonly string[]) => {
  const { code, out, err } = await runCommand(folder, ['logs', ...args]);
  expect(err).toBe(out === '' ? '! nothing is shown: no line of the log is like that\n' : '');
  expect(code).toBe(0);
  return out;
};

const TODAY = new Date().toISOString();
const SETUP = line(TODAY, 'info', 'setup', '1a2b3c4d', 'Setup Detected - 1a2b3c4d: SHORT NQ');
const ORDER = line(TODAY, 'info', 'order', '1a2b3c4d', 'NQ/USD: entry order, sell 2 (limit) at 15011.00');
const VENUE = line(TODAY, 'warn', 'venue', '-', 'HALTED (venue) by fermata: no answer');
const ERROR = line(TODAY, 'error', 'error', '-', 'no SETUP, no ORDER, no IB: the disk is gone');
const WARNING = line(TODAY, 'warn', '-', '-', 'slow');

describe('fermata logs', () => {
  beforeEach(() => {
    writeFileSync(path('fermata.log'), '');
    writeFileSync(path(), [SETUP, ORDER, VENUE, ERROR, WARNING].join(''));
    writeFileSync(path('errors.log'), ERROR);
  });

  it.each([
    ['setup', SETUP],
    ['order', ORDER],
    ['error', ERROR],
    ['venue', VENUE],
  ])('--kind %s goes by the field, whatever words a line has', async (kind, lines) => {
    expect(await logs('--kind', kind)).toBe(lines);
  });

  it('reads errors from a log of their own', async () => {
    rmSync(path());
    expect(await logs('--kind', 'error', '--last', '50')).toBe(ERROR);
  });

  it('has no line, and no failure, where there was no error so far', async () => {
    rmSync(path('errors.log'));
    expect(await logs('--kind', 'error')).toBe('');
    expect(await logs('--kind', 'error', '--count')).toBe('0\n');
  });

  it('--setup has everything of one, over all days', async () => {
    const before = line(
      '2026-01-05T15:00:00.000Z',
      'info',
      'setup',
      '1a2b3c4d',
      'Setup Detected - 1a2b3c4d: SHORT',
    );
    writeFileSync(path('trading.log.2026-01-05'), before);
    writeFileSync(path('trading.log.2026-01-06'), WARNING);
    expect(await logs('--setup', '1a2b3c4d', '--rotated')).toBe(before + SETUP + ORDER);
    const [first] = (await logs('--setup', '1a2b3c4d', '--rotated', '--json')).split('\n');
    expect(JSON.parse(first ?? '')).toEqual({
      ...{
        time: '2026-01-05T15:00:00.000Z',
        role: 'trader',
        level: 'info',
        kind: 'setup',
        setup: '1a2b3c4d',
      },
      message: 'Setup Detected - 1a2b3c4d: SHORT',
    });
  });

  it('--date is a day of the desk, also for a line that came after its file was moved away', async () => {
    runIn(NEW_YORK);
    const at = (time: string): string => line(time, 'warn', '-', '-', time);
    const [evening, late, next] = [
      '2026-01-06T04:00:00.000Z',
      '2026-01-06T04:59:59.900Z',
      '2026-01-06T05:00:00.000Z',
    ];
    writeFileSync(path('trading.log.2026-01-05'), at(evening));
    writeFileSync(path('trading.log.2026-01-06'), at(next) + at(late));
    writeFileSync(path('trading.log.2026-01-07'), WARNING);
    expect(await logs('--date', '2026-01-05')).toBe(at(evening) + at(late));
    expect(await logs('--date', '2026-01-06')).toBe(at(next));
  });

  it('--count counts today, or all that is kept, in capitals or not', async () => {
    const error = line('2026-01-05T15:00:00.000Z', 'error', 'error', '-', 'an Error of before');
    for (const name of ['trading.log', 'errors.log']) writeFileSync(path(`${name}.2026-01-05`), error);
    writeFileSync(
      path('trading.log.2026-01-04'),
      line('2026-01-04T15:00:00.000Z', 'info', 'setup', '1a2b3c4e', 'Setup Detected - 1a2b3c4e: SHORT'),
    );
    expect(await logs('--kind', 'setup', '--count')).toBe('1\n');
    expect(await logs('--kind', 'setup', '--rotated', '--count')).toBe('2\n');
    expect(await logs('--kind', 'error', '--rotated', '--count')).toBe('2\n');
    expect(await logs('--rotated', '--grep', 'ERROR', '--count')).toBe('2\n');
    expect(JSON.parse(await logs('--level', 'warn', '--count', '--json'))).toEqual({ count: 3 });
  });

  it('--count counts nothing of today where the file still is of a day before', async () => {
    const before = '2026-01-05T15:00:00.000Z';
    writeFileSync(path(), line(before, 'info', 'setup', '1a2b3c4d', 'Setup Detected - 1a2b3c4d: SHORT'));
    expect(await logs('--kind', 'setup', '--count')).toBe('0\n');
    expect(await logs('--date', dateOf(Date.parse(before)), '--count')).toBe('1\n');
  });

  it.each([
    ['order', 'trading.log', ORDER],
    ['error', 'errors.log', ERROR],
  ])('--kind %s --follow goes on with it, also over the end of a day', async (kind, name, first) => {
    const child = spawn(process.execPath, [COMMAND, 'logs', '--kind', kind, '--follow'], {
      cwd: folder,
      env: { PATH: process.env.PATH, TMPDIR: tmpdir(), FERMATA_HOME: join(folder, 'home') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endChildWithThisProcess(child);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    await eventually(() => expect(out).toBe(first));
    const level = kind === 'error' ? 'error' : 'info';
    const [second, third] = ['second', 'third'].map((text) => line(TODAY, level, kind, '-', text));
    appendFileSync(path(name), `${kind === 'error' ? '' : SETUP}${second}`);
    renameSync(path(name), path(`${name}.2026-01-05`));
    writeFileSync(path(name), `${kind === 'error' ? '' : VENUE}${third}`);
    await eventually(() => expect(out).toContain('third'));
    child.kill('SIGINT');
    await ended;
    expect(out).toBe(`${first}${second}${third}`);
  });

  it.each([
    [['--kind', 'orders'], /Allowed choices are setup, order, error, venue/],
    [['--date', '2026-02-30'], /--date.*expected a day like 2026-10-01/],
    [['--setup', 'a b'], /--setup.*expected the id of a setup/],
    [['--follow', '--count'], /--follow goes on for ever, and --count ends/],
    [['--follow', '--date', '2026-01-05'], /--follow goes on for ever, and --date ends/],
    [['--rotated', '--date', '2026-01-05'], /--date is one day, and --rotated all of them/],
  ])('refuses %j', async (args, problem) => {
    const command = new Command('logs').exitOverride().configureOutput({ writeErr: () => undefined });
    logsCommand(command);
    await expect(command.parseAsync(args, { from: 'user' })).rejects.toThrow(problem);
  });
});
