import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { findPgProgram, restoreDump, runPgProgram } from '../../src/backup/pg-programs.js';

const folder = mkdtempSync(join(tmpdir(), 'fermata-programs-'));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(folder, 'pg_dump'), { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('says of a program that fails what it said, and only of one that is not there that it is missing', async () => {
  vi.stubEnv('PATH', folder);
  expect(await findPgProgram('pg_dump', 15)).toMatchObject({
    ok: false,
    why: expect.stringMatching(/^pg_dump is not on PATH\..*postgresql-client-15/),
  });
  writeFileSync(join(folder, 'pg_dump'), '#!/bin/sh\necho no such library >&2\nexit 127\n', { mode: 0o755 });
  expect(await findPgProgram('pg_dump', 15)).toMatchObject({
    ok: false,
    why: expect.stringMatching(/^pg_dump does not say its version \(.*no such library/s),
  });
});

it.each([
  ['a setting that the server does not know', '', null],
  [
    'anything else',
    'echo "pg_restore: error: could not execute query: ERROR:  type x does not exist" >&2;',
    /type x/,
  ],
])('a newer pg_restore is let past %s', async (_what, more, refused) => {
  const calls = join(folder, 'calls');
  rmSync(calls, { force: true });
  writeFileSync(
    join(folder, 'pg_restore'),
    `#!/bin/sh
echo "$@" >> ${calls}
echo 'pg_restore: while INITIALIZING:' >&2
echo 'pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"' >&2
echo 'Command was: SET transaction_timeout = 0;' >&2
case "$1" in --exit-on-error) exit 1;; esac
${more} echo 'pg_restore: warning: errors ignored on restore: 1' >&2
exit 1
`,
    { mode: 0o755 },
  );
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  const connection = { host: '127.0.0.1', port: 1, user: 'u', password: 'p', database: 'd' };
  const restored = restoreDump('dump', connection, 2);
  if (refused === null) await restored;
  else await expect(restored).rejects.toThrow(refused);
  expect(readFileSync(calls, 'utf8').trim().split('\n')).toEqual([
    '--exit-on-error --jobs=2 --dbname=d dump',
    '--jobs=2 --dbname=d dump',
  ]);
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
