/** Mail's lamp beside Telegram's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { statusLines } from '../../src/cli/commands/status-command.js';
import {
  type ChannelHealth,
  channelHealth,
  keepChannelHealth,
  SaidHealth,
} from '../../src/home/channel-health.js';
import { idleStatus } from '../support/trader-status.js';

const NOW = 1_000_000;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fermata-lamp-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const keep = (change: Partial<ChannelHealth>, saidMs = NOW) => {
  const well = { channel: 'mail', state: 'ok', sinceMs: 0, why: null, waiting: 0, refused: 0 } as const;
  keepChannelHealth(home, 'd', { ...well, ...change }, saidMs);
};
const shown = () => channelHealth(home, 'd', NOW);
const line = () => statusLines(idleStatus(), shown()).filter((text) => text.startsWith('alerts'));

it('stands beside that of Telegram, each for itself', () => {
  keep({ channel: 'telegram' });
  keep({ state: 'refusing', why: 'desk@x takes no mail: 550 no', refused: 2 });
  expect(line()).toEqual([
    'alerts           arrive on Telegram',
    'alerts           ✗ Alerts do not arrive by mail: desk@x takes no mail: 550 no. Not delivered so far: 2.',
  ]);
});

it('is dark where no mail was ever set up, and red where the mailer is gone', () => {
  keep({ state: 'off', why: 'mail is not set up' });
  expect(line()).toEqual([]);
  keep({}, NOW - 46_000);
  expect(line()).toEqual([
    expect.stringContaining('✗ Alerts do not arrive by mail: the mailer has not said'),
  ]);
  keep({});
  expect(line()).toEqual(['alerts           arrive by mail']);
});

it('is red where the clock was set back since the mailer said anything, until it says how it is by the new one', () => {
  const hour = 3_600_000;
  const well = { channel: 'mail', state: 'ok', sinceMs: 0, why: null, waiting: 0, refused: 0 } as const;
  let now = NOW + hour;
  const mailer = new SaidHealth(home, 'd', 'mail', () => now);
  mailer.say(well);
  expect(line()[0]).toContain('the mailer has not said');
  now = NOW;
  mailer.say(well);
  expect(line()).toEqual(['alerts           arrive by mail']);
});
