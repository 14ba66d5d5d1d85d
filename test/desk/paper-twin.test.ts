/** The paper twin of a desk: its desk file on paper, under a name of its own, with nothing that could come to differ. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { ordersLeave } from '../../src/desk/desk-venue.js';
import type { LoadedDesk } from '../../src/desk/load.js';
import { loadDeskHere } from '../../src/home/desk-here.js';
import { mailSettings } from '../../src/notify/channel-credentials.js';
import { keepStartedDesk } from '../../src/supervisor/start/runtime-file.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';
import { liveDeskText } from '../go-live/support/live-desk.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-twin-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, 'desks', name, 'desk.yaml');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A desk on real money that tells people and is reached from elsewhere. */
function writeDesk(change: (text: string) => string = (text) => text): string {
  const document = parseDocument(liveDeskText());
  document.set('notify', { telegram: { tokenEnv: 'DESK_TOKEN' }, mail: { to: ['trader@desk.example'] } });
  document.set('api', { port: 8100, publicUrl: 'https://desk.example' });
  const open = String(document);
  return write('crypto-live', change(open));
}

const TWIN = 'desk: crypto-live-paper\ntwinOf: crypto-live\n';

/** But for what makes it a twin. */
function sameness({ desk }: LoadedDesk) {
  const { desk: _name, twinOf: _twinOf, mode: _mode, notify: _notify, api: _api, ...same } = desk;
  return same;
}

describe('a file of two lines', () => {
  it('is the whole desk that it names, on paper, silent, and at no address of that desk', () => {
    const live = loadDesk(writeDesk());
    const twin = loadDesk(write('crypto-live-paper', TWIN));
    expect(live.desk.mode).toBe('live');
    expect(twin.desk).toMatchObject({ desk: 'crypto-live-paper', twinOf: 'crypto-live', mode: 'paper' });
    expect(ordersLeave(twin.desk)).toBe(false);
    expect(sameness(twin)).toEqual(sameness(live));
    expect(twin.desk.notify.telegram).toEqual({ ...live.desk.notify.telegram, enabled: false });
    const mailServer = { SMTP_SERVER: 'smtp.desk.example', SENDER_EMAIL: 'trader@desk.example' };
    expect(mailSettings(folder, live.desk, mailServer)).toMatchObject({ to: ['trader@desk.example'] });
    expect(mailSettings(folder, twin.desk, mailServer)).toBeNull();
    expect(twin.desk.api).toEqual({ host: '127.0.0.1', port: 8100 });
  });

  it('is its own where parts of the desk’s file are shared by aliases', () => {
    const live = writeDesk((text) =>
      text.replace(/notify:\n(?: +.*\n)+/, 'notify:\n  mail: &told { enabled: true }\n  telegram: *told\n'),
    );
    const twin = loadDesk(write('crypto-live-paper', TWIN));
    expect(loadDesk(live).desk.notify).toMatchObject({
      mail: { enabled: true },
      telegram: { enabled: true },
    });
    expect(twin.desk.notify).toMatchObject({ mail: { enabled: false }, telegram: { enabled: false } });
  });

  it('goes by what the file of its desk has become, and has cash and port of its own where it says so', () => {
    writeDesk();
    const file = write('crypto-live-paper', `${TWIN}paper: { balance: "25000" }\napi: { port: 8200 }\n`);
    const before = loadDesk(file);
    expect(before.desk.paper.balance).toBe('25000');
    expect(before.desk.api.port).toBe(8200);
    writeDesk((text) => text.replace(/dailyLossLimitPct: .*/, 'dailyLossLimitPct: 1.5'));
    const after = loadDesk(file);
    expect(after.desk.risk.dailyLossLimitPct).toBe(1.5);
    expect(after.configHash).not.toBe(before.configHash);
  });

  it('is kept whole where it is started, so that no role reads what the desk’s file has become since', () => {
    writeDesk();
    const twin = loadDesk(write('crypto-live-paper', TWIN));
    const { deskFile, writtenFile } = keepStartedDesk(join(folder, 'run'), twin);
    writeDesk((text) => text.replace(/dailyLossLimitPct: .*/, 'dailyLossLimitPct: 1.5'));
    expect(writtenFile).toBe(twin.file);
    expect(loadDesk(deskFile)).toMatchObject({ desk: twin.desk, configHash: twin.configHash });
  });

  it('stays on paper where the environment makes its desk trade real money, and takes the rest of it over', () => {
    writeDesk();
    const file = write('crypto-live-paper', TWIN);
    const env = { TRADING_MODE: 'live', DAILY_LOSS_LIMIT_PCT: '1.25' };
    const { desk } = loadDeskHere(file, {}, env, join(folder, 'home'));
    expect(desk).toMatchObject({ mode: 'paper', twinOf: 'crypto-live', risk: { dailyLossLimitPct: 1.25 } });
  });

  it('has the strategies of its desk’s own folder, by the same hash', () => {
    const shipped = fileURLToPath(new URL('../../desks/slob', import.meta.url));
    cpSync(shipped, join(folder, 'desks', 'slob'), { recursive: true });
    const live = loadDesk(join(folder, 'desks', 'slob', 'desk.yaml'));
    const twin = loadDesk(write('slob-paper', 'desk: slob-paper\ntwinOf: slob\n'));
    const hashes = ({ desk }: LoadedDesk) => desk.strategies.map(({ own }) => own?.hash);
    expect(hashes(twin)[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes(twin)).toEqual(hashes(live));
    expect(twin.folder).toBe(live.folder);
    expect(ordersLeave(twin.desk)).toBe(false);
  });
});

it.each([
  ['of a twin', 'desk: third\ntwinOf: crypto-live-paper\n', /third.*twinOf.*crypto-live-paper, the twin of/],
  [
    'of itself',
    'desk: third\ntwinOf: third\n',
    /a desk that is no twin itself; found third, the twin of third/,
  ],
  ['of no desk', 'desk: third\ntwinOf: crypto-lives\n', /twinOf: expected one of the desks .*crypto-live/],
  ['with a limit of its own', 'desk: third\ntwinOf: crypto-live\nrisk: { maxDrawdownPct: 90 }\n', /risk/],
  ['on real money', 'desk: third\ntwinOf: crypto-live\nmode: live\n', /mode/],
])('a twin %s is refused', (_what, text, words) => {
  writeDesk();
  write('crypto-live-paper', TWIN);
  expect(() => loadDesk(write('third', text))).toThrow(words);
});

it('what is wrong with the file of its desk is said of that file', () => {
  const file = writeDesk((text) => text.replace(/dailyLossLimitPct: .*/, 'dailyLossLimitPct: 0'));
  expect(() => loadDesk(write('crypto-live-paper', TWIN))).toThrow(file);
});

it('a whole file that says it is a twin’s trades nothing but paper', () => {
  const live = readFileSync(writeDesk(), 'utf8');
  const asTwin = live.replace(/^desk: .*$/m, '$&\ntwinOf: another');
  expect(() => parseDesk('desk.yaml', asTwin)).toThrow(/a paper twin, whose orders never leave this machine/);
});
