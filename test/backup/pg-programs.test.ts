import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { runPgProgram } from '../../src/backup/pg-programs.js';

const folder = mkdtempSync(join(tmpdir(), 'fermata-programs-'));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it('gives pg_dump the connection, and nothing else that is secret', async () => {
  writeFileSync(join(folder, 'pg_dump'), '#!/bin/sh\nenv\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  vi.stubEnv('TELEGRAM_BOT_TOKEN', 'a token of the bot');
  const connection = { host: '127.0.0.1', port: 1, user: 'u', password: 'of the database', database: 'd' };
  const said = await runPgProgram('pg_dump', connection, []);
  expect(said).toContain('PGPASSWORD=of the database');
  expect(said).not.toContain('a token of the bot');
});
