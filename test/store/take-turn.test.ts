/** Who does the work that only one process of a desk does: on a real Postgres, whose sessions are what counts. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { type Turn, takeTurn } from '../../src/store/take-turn.js';
import { repository } from '../support/desk-under-test.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let home: string;
const turns: Turn[] = [];
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  home = mkdtempSync(join(tmpdir(), 'fermata-turn-'));
  mkdirSync(homePaths(home).secrets, { recursive: true });
  writeFileSync(join(homePaths(home).secrets, 'postgres-app-password'), database.appPassword);
});
afterEach(async () => {
  await Promise.all(turns.splice(0).map((turn) => turn.stop()));
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

/** One process of a desk; `begun` and `ended` count how often its work was. */
function processOf(desk: string, port = database.port, what: 'watch' | 'ledger' = 'watch') {
  const seen = { begun: 0, ended: 0, said: [] as string[], turn: null as Turn | null };
  const { host, appUser: user, database: name } = database;
  const log = {
    info: (text: string) => void seen.said.push(text),
    warn: (text: string) => void seen.said.push(text),
  };
  seen.turn = takeTurn({ home, desk, postgres: { host, port, database: name, user } }, what, log, () => {
    seen.begun += 1;
    return {
      stop: async () => {
        seen.ended += 1;
      },
    };
  });
  turns.push(seen.turn);
  return seen;
}

const waits = (one: ReturnType<typeof processOf>) =>
  expect.poll(() => one.said.join()).toContain('waits for its turn');
const works = (one: ReturnType<typeof processOf>) => expect.poll(() => one.begun - one.ended).toBe(1);
const sessions = (what: string) =>
  database.ownerPool.query<{ pid: number }>(
    `select distinct a.pid from pg_stat_activity a join pg_locks l on l.pid = a.pid and l.locktype = 'advisory' and l.granted
      where a.datname = $1 and a.application_name = $2`,
    [database.database, what],
  );

it('one of two processes works, and the other begins once that one has ended its work', async () => {
  const first = processOf('orderly');
  await works(first);
  const second = processOf('orderly');
  await waits(second);
  expect(second.begun).toBe(0);
  await first.turn?.stop();
  expect(first.ended).toBe(1);
  await works(second);
});

it('work that can not begin, or does not end, is tried again and said', async () => {
  const { host, port, appUser: user, database: name } = database;
  const runtime = { home, desk: 'faulty', postgres: { host, port, database: name, user } };
  const said: string[] = [];
  let begun = 0;
  const log = { info: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) };
  const first = takeTurn(runtime, 'watch', log, () => {
    begun += 1;
    if (begun === 1) throw new Error('no file for it');
    return { stop: () => Promise.reject(new Error('it hangs')) };
  });
  await expect.poll(() => begun).toBe(2);
  expect(said).toContainEqual(expect.stringContaining('no file for it'));
  const second = processOf('faulty');
  await waits(second);
  await expect(first.stop()).rejects.toThrow('it hangs');
  await works(second);
});

it('desks, and the two works of a desk, have a turn each', async () => {
  const all = [processOf('one'), processOf('other'), processOf('one', database.port, 'ledger')];
  for (const one of all) await works(one);
});

it('who loses its session to another process ends its work, and begins it anew when its turn comes again', async () => {
  const first = processOf('cut-off');
  await works(first);
  const second = processOf('cut-off');
  await waits(second);
  const pool = database.ownerPool;
  // The lock goes to whoever asks first; the first one is asked for it again until it is the other's.
  await expect
    .poll(
      async () => {
        // It may have got the lock, and lost it again, since the sessions were read.
        if (second.begun === second.ended)
          for (const { pid } of (await sessions('watch-turn')).rows)
            await pool.query('select pg_terminate_backend($1)', [pid]);
        return second.begun > 0 && first.ended > 0;
      },
      { interval: 300 },
    )
    .toBe(true);
  await second.turn?.stop();
  await expect.poll(() => first.begun).toBe(2);
});

it('who is alone goes on with the same work when its session is cut off, and has the lock again', async () => {
  const only = processOf('alone');
  await works(only);
  // Those of the test before end by themselves.
  await expect.poll(async () => (await sessions('watch-turn')).rows.length).toBe(1);
  const before = (await sessions('watch-turn')).rows.map(({ pid }) => pid);
  await database.ownerPool.query('select pg_terminate_backend($1)', before);
  await expect
    .poll(async () => (await sessions('watch-turn')).rows.filter(({ pid }) => !before.includes(pid)).length)
    .toBe(1);
  expect(only).toMatchObject({ begun: 1, ended: 0 });
});

it('who hangs loses its turn to another process, and leaves it to that one when it goes on', async () => {
  const { host, port, appUser: user, database: name } = database;
  const runtime = { home, desk: 'hung', postgres: { host, port, database: name, user } };
  const hung = endChildWithThisProcess(
    spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { takeTurn } from ${JSON.stringify(pathToFileURL(join(repository, 'dist/store/take-turn.js')))};
        const work = (what) => console.log('work ' + what);
        takeTurn(${JSON.stringify(runtime)}, 'watch', { info: () => {}, warn: () => {} }, () => {
          work('begins');
          return { stop: async () => work('ends') };
        });`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    ),
  );
  let said = '';
  hung.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await expect.poll(() => said).toContain('work begins');
  const other = processOf('hung');
  await waits(other);
  hung.kill('SIGSTOP');
  await works(other);
  hung.kill('SIGCONT');
  await expect.poll(() => said).toContain('work ends');
  expect(other).toMatchObject({ begun: 1, ended: 0 });
  hung.kill('SIGKILL');
});

it('a desk is watched while its Postgres is away', async () => {
  const blind = processOf('away', 1);
  await works(blind);
  expect(blind.said.join()).toContain('whose turn it is could not be asked');
});
