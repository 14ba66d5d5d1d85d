import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDeskLog } from '../../src/supervisor/log/desk-log.js';
import { bySize, openRotatingFile } from '../../src/supervisor/log/rotating-file.js';
import { createRedactor, knownSecrets } from '../../src/supervisor/redact.js';

const KNOWN = 'correct-horse-battery';
const redact = createRedactor([KNOWN, 'abc']);

test.each([
  [`connecting with ${KNOWN} now`, 'connecting with [redacted] now'],
  ['Authorization: Bearer abcdef0123456789', 'Authorization: Bearer [redacted]'],
  ['postgres://fermata:s3cret@127.0.0.1:5432/x', 'postgres://fermata:[redacted]@127.0.0.1:5432/x'],
  ['my_db_password: hunter2', 'my_db_password: [redacted]'],
  ['{"apiKey":"k-123","symbol":"BTC"}', '{"apiKey":[redacted],"symbol":"BTC"}'],
  ['password=hunter2 user=me', 'password=[redacted] user=me'],
  ['bot 123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA said', 'bot [redacted] said'],
  ['GET /api?signature=deadbeef&x=1', 'GET /api?signature=[redacted]&x=1'],
  ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', '[redacted]'],
  ['the abc of orders: 12:30 token ring', 'the abc of orders: 12:30 token ring'],
])('%j is written as %j', (text, clean) => {
  expect(redact(text)).toBe(clean);
});

test('long runs of what a secret may begin with cost no more than other text', () => {
  const characters = 200_000;
  const runs = ['a', 'a-', 'eyJ-', '-----END ', 'Bearer ', '://a:', 'password ', `secret:"`];
  const beganMs = performance.now();
  for (const run of runs) redact(run.repeat(characters / run.length));
  // About a second; where the time grows with the square of the length, minutes.
  expect(performance.now() - beganMs).toBeLessThan(30_000);
});

test('neither log has a secret, whatever part of a line it stands in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-log-'));
  const log = openDeskLog(folder, redact, { timezone: 'UTC', dayBoundary: '00:00' }, () => 0);
  const line = { level: 40, time: 1000, msg: `no ${KNOWN}`, nested: { token: 'short', list: [`x${KNOWN}`] } };
  log.writeChildLine('web', JSON.stringify(line), 'out');
  log.writeChildLine(
    'web',
    JSON.stringify({ level: 50, msg: 'it failed', err: { message: 'no route' } }),
    'out',
  );
  log.writeChildLine('web', `plain ${KNOWN}`, 'err');
  log.write('supervisor', 'error', `two\nlines ${KNOWN}`);
  const text = readFileSync(join(folder, 'fermata.log'), 'utf8');
  const json = readFileSync(join(folder, 'fermata.jsonl'), 'utf8');
  const dated = ['trading.log', 'errors.log'].map((name) => readFileSync(join(folder, name), 'utf8'));
  expect([text, json, ...dated].join('')).not.toContain(KNOWN);
  expect(text).toBe(
    '1970-01-01T00:00:01.000Z web               warn  no [redacted]\n' +
      '1970-01-01T00:00:00.000Z web               error it failed: no route\n' +
      '1970-01-01T00:00:00.000Z web               warn  plain [redacted]\n' +
      '1970-01-01T00:00:00.000Z supervisor        error two | lines [redacted]\n',
  );
  expect(JSON.parse(json.split('\n')[0] ?? '')).toEqual({
    time: '1970-01-01T00:00:01.000Z',
    role: 'web',
    level: 'warn',
    message: 'no [redacted]',
    nested: { token: '[redacted]', list: ['x[redacted]'] },
  });
  rmSync(folder, { recursive: true });
});

test('what secret files, variables and the files that they name hold is known', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-known-'));
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets', 'payload-key'), 'newest-key\nolder-key\n');
  writeFileSync(join(folder, 'token'), 'token-of-a-file\n');
  const env = {
    BINANCE_SECRET_KEY: 'secret-of-a-variable',
    TELEGRAM_BOT_TOKEN_FILE: join(folder, 'token'),
    BINANCE_API_KEY_FILE: join(folder, 'absent'),
    HOME: '/home/somebody',
  };
  expect(knownSecrets(folder, env).filter(Boolean)).toEqual([
    'secret-of-a-variable',
    'token-of-a-file',
    'newest-key',
    'older-key',
  ]);
  rmSync(folder, { recursive: true });
});

test('a log is bounded: the oldest part is dropped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-log-'));
  const path = join(folder, 'x.log');
  const file = openRotatingFile(path, bySize(path, 100, 2));
  for (let number = 1; number <= 30; number += 1) file.write(`line ${number} ${'.'.repeat(20)}`);
  const sizes = ['', '.1', '.2'].map((end) => readFileSync(path + end).length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  expect(() => readFileSync(`${path}.3`)).toThrow();
  expect(readFileSync(path, 'utf8')).toContain('line 30 ');
  rmSync(folder, { recursive: true });
});
