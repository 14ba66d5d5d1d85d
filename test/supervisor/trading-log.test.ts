/** The logs by the desk's days: which lines they have, with which fields, and that none is lost when a day ends. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datesOf } from '../../src/domain/zone-offset.js';
import { logOf, openDeskLog } from '../../src/supervisor/log/desk-log.js';
import { tradingLine } from '../../src/supervisor/log/log-lines.js';
import { byDate, movedByDate, openRotatingFile } from '../../src/supervisor/log/rotating-file.js';

const NEW_YORK = { timezone: 'America/New_York', dayBoundary: '00:00' };
const DAY = 86_400_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-trading-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name = 'trading.log'): string => join(folder, name);
const linesOf = (name: string): string[] => readFileSync(path(name), 'utf8').trimEnd().split('\n');

describe('the trading log', () => {
  const log = () =>
    openDeskLog(
      folder,
      (text) => text,
      NEW_YORK,
      () => Date.parse('2026-01-05T15:00:00Z'),
    );
  const say = (role: string, level: number, msg: string, more: object = {}): void =>
    log().writeChildLine(role, JSON.stringify({ level, time: '2026-01-05T15:00:00Z', msg, ...more }), 'out');

  it('has what trading is about and what needs a look, each kind in a field; errors have a log of their own', () => {
    say('trader', 30, 'Setup Detected - 1a2b3c4d: SHORT NQ', { kind: 'setup', setup: '1a2b3c4d' });
    say('trader', 30, 'NQ/USD: sold 2 at 15011.00', { kind: 'order', setup: '1a2b3c4d' });
    say('trader', 40, 'HALTED (venue) by fermata: no answer', { kind: 'venue' });
    say('web', 50, 'no ORDER, no SETUP, no IB: the disk is gone');
    say('web', 40, 'slow');
    say('web', 30, 'a calm line about an ORDER');
    say('web', 30, 'of somebody else', { kind: 'heartbeat', setup: 'not one of ours' });
    expect(linesOf('trading.log').map(tradingLine)).toMatchObject([
      {
        role: 'trader',
        level: 'info',
        kind: 'setup',
        setup: '1a2b3c4d',
        message: 'Setup Detected - 1a2b3c4d: SHORT NQ',
      },
      { level: 'info', kind: 'order', setup: '1a2b3c4d' },
      { level: 'warn', kind: 'venue', setup: null },
      { role: 'web', level: 'error', kind: 'error', message: 'no ORDER, no SETUP, no IB: the disk is gone' },
      { level: 'warn', kind: null, setup: null, message: 'slow' },
    ]);
    expect(linesOf('errors.log').map(tradingLine)).toMatchObject([{ kind: 'error', role: 'web' }]);
    expect(linesOf('fermata.log')).toHaveLength(7);
    const kinds = linesOf('fermata.jsonl').map((line) => (JSON.parse(line) as { kind?: string }).kind);
    expect(kinds).toEqual(['setup', 'order', 'venue', 'error', undefined, undefined, 'heartbeat']);
  });
});

describe('a log with a file for each day', () => {
  const dateOf = datesOf(NEW_YORK);
  let nowMs = 0;
  const opened = () =>
    openRotatingFile(
      path(),
      byDate(path(), dateOf, () => nowMs),
    );
  const write = (file: ReturnType<typeof opened>, text: string): void =>
    file.write(`${new Date(nowMs).toISOString()} ${text}`);

  it('loses no line when the desk’s day ends, also where several processes write to it', () => {
    const writers = [opened(), opened(), opened()];
    // 60 seconds around midnight in New York, of three days; the last of them is 25 hours long.
    const midnights = ['2026-10-31T04:00:00Z', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z'].map(
      Date.parse,
    );
    for (const midnight of midnights)
      for (let second = -30; second < 30; second += 1) {
        nowMs = midnight + second * 1000;
        for (const [at, writer] of writers.entries()) write(writer, `${at} ${midnight} ${second}`);
      }
    const files = ['trading.log', ...movedByDate(path()).map((file) => file.path.slice(folder.length + 1))];
    expect(files).toEqual([
      'trading.log',
      'trading.log.2026-11-01',
      'trading.log.2026-10-31',
      'trading.log.2026-10-30',
    ]);
    const all = files.flatMap(linesOf);
    expect(new Set(all).size).toBe(3 * 60 * 3);
    expect(all).toHaveLength(3 * 60 * 3);
    for (const name of files.slice(1))
      for (const line of linesOf(name)) expect(dateOf(Date.parse(line.slice(0, 24)))).toBe(name.slice(-10));
  });

  it('is each of trading and errors, by the desk’s day, whatever the day is elsewhere', () => {
    nowMs = Date.parse('2026-01-06T04:59:59Z');
    const log = openDeskLog(
      folder,
      (text) => text,
      NEW_YORK,
      () => nowMs,
    );
    log.write('web', 'error', 'on Monday');
    nowMs += 1_000;
    log.write('web', 'error', 'on Tuesday');
    for (const name of ['trading.log', 'errors.log']) {
      expect(linesOf(`${name}.2026-01-05`)).toEqual([expect.stringMatching(/ on Monday$/)]);
      expect(linesOf(name)).toEqual([expect.stringMatching(/ on Tuesday$/)]);
    }
    expect(linesOf('fermata.log')).toHaveLength(2);
  });

  it('goes on with the file of an earlier process, and moves it away where its day is over', () => {
    nowMs = Date.parse('2026-01-05T15:00:00Z');
    write(opened(), 'Monday');
    write(opened(), 'Monday, after a restart');
    nowMs += DAY;
    write(opened(), 'Tuesday');
    expect(linesOf('trading.log.2026-01-05')).toHaveLength(2);
    expect(linesOf('trading.log')).toHaveLength(1);
  });

  it('never writes over a file that is there, parts a day that is too large for one, and keeps 30 days', () => {
    nowMs = Date.parse('2026-03-15T15:00:00Z');
    writeFileSync(path('trading.log.2026-02-01'), 'too old\n');
    writeFileSync(path('trading.log.2026-03-15'), 'was there\n');
    writeFileSync(path('trading.log.keep'), 'not ours\n');
    const file = opened();
    const large = 'x'.repeat(6 * 1024 * 1024);
    for (const text of ['a', 'b', 'c']) write(file, `${text}${large}`);
    expect(readdirSync(folder).sort()).toEqual([
      'trading.log',
      'trading.log.2026-03-15',
      'trading.log.2026-03-15.1',
      'trading.log.2026-03-15.2',
      'trading.log.keep',
    ]);
    expect(linesOf('trading.log.2026-03-15')).toEqual(['was there']);
  });

  it('is written on where it can’t be moved away', () => {
    nowMs = Date.parse('2026-01-05T15:00:00Z');
    const file = openRotatingFile(path(), () => {
      throw new Error('the folder takes no new name');
    });
    write(file, 'kept');
    expect(linesOf('trading.log')).toHaveLength(1);
  });
});

describe('the log that a process writes to now', () => {
  const writtenAt = (name: string, seconds: number): void => {
    writeFileSync(path(name), 'a line\n');
    utimesSync(path(name), seconds, seconds);
  };

  it('is the newer one of its own and the desk’s: roles by themselves have run here, or do', () => {
    expect(logOf(folder, 'trader')).toBeNull();
    writtenAt('fermata.log', 1_000);
    expect(logOf(folder, 'trader')).toBe(path('fermata.log'));
    writtenAt('trader.log', 2_000);
    expect(logOf(folder, 'trader')).toBe(path('trader.log'));
    writtenAt('fermata.log', 3_000);
    expect(logOf(folder, 'trader')).toBe(path('fermata.log'));
  });
});
