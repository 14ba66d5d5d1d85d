/** Roles without a supervisor, as in containers: what each tells of its life, and what is made of it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { everySeparateRole } from '../../src/supervisor/roles.js';
import { roleProblem } from '../../src/worker/role-health.js';
import { beginLife, livingRoles, type RolesAlone, watchRolesAlone } from '../../src/worker/role-life.js';

let home = '';
let traderAnswers = true;
let roles: RolesAlone;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fermata-alone-'));
  traderAnswers = true;
  roles = watchRolesAlone(home, async () => traderAnswers);
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
  rmSync(homePaths(home).sockets, { recursive: true, force: true });
});

const look = async (name: string) => (await roles.look()).find((role) => role.name === name);

async function lookOften(name: string) {
  for (let looks = 0; looks < 40; looks += 1) await roles.look();
  return look(name);
}

/** A sign of life long ago, so that no other one falls together with it. */
function signs(role: string, second: number): void {
  const file = join(homePaths(home).sockets, `${role}.life.json`);
  utimesSync(file, second, second);
}

it('what happens in a role is a line of JSON on standard output, with its time and level, whichever role it is', () => {
  const built = (file: string) => JSON.stringify(new URL(`../../dist/${file}`, import.meta.url).href);
  const program = `
    import { roleLog } from ${built('worker/role-log.js')};
    import { openLog } from ${built('trader/log.js')};
    roleLog('ledger').warn({ rows: 3 }, 'two\\nlines');
    openLog('trader')('error', 'two\\nlines', { rows: 3 });`;
  const options = ['--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  const said = { time: expect.any(Number), pid: expect.any(Number), msg: 'two\nlines', rows: 3 };
  // They share a process here only: each writes at its own moment.
  const written = lines.map((line) => JSON.parse(line)).toSorted((one, other) => one.level - other.level);
  expect(written).toEqual([
    { level: 40, name: 'ledger', ...said },
    { level: 50, name: 'trader', ...said },
  ]);
  expect(stderr).toBe('');
});

describe('a role alone', () => {
  it('is known from its start on, runs when it is ready, and has ended when it was asked to', async () => {
    expect(await roles.look()).toEqual([]);
    const life = beginLife('ledger', home);
    expect(await look('ledger')).toMatchObject({ state: 'starting', lastDeath: null });
    life.ready();
    expect(await look('ledger')).toMatchObject({ state: 'running' });
    life.end();
    expect(await lookOften('ledger')).toMatchObject({
      state: 'stopped',
      lastDeath: null,
      silentSinceMs: null,
    });
    expect(beginLife('ledger', home).deathBefore).toBeNull();
  });

  it('may be a further operations worker: its end is no end of the first one', async () => {
    const [first, second] = ['operations-worker', 'operations-worker-2'].map((name) => beginLife(name, home));
    first?.ready();
    second?.ready();
    expect(second?.deathBefore).toBeNull();
    expect(await look('operations-worker-2')).toMatchObject({ state: 'running' });
    expect(livingRoles(everySeparateRole(), home, Date.now())).toEqual([
      'operations-worker',
      'operations-worker-2',
    ]);
    second?.end();
    expect(await look('operations-worker-2')).toMatchObject({ state: 'stopped', lastDeath: null });
    expect(await roleProblem('operations-worker', home)).toBeNull();
    expect(await roleProblem('operations-worker-2', home)).toBe('it has ended');
  });

  it('that ends by itself says why: at once, and at its next start as the same death', async () => {
    const life = beginLife('ledger', home);
    life.die('the disk is gone');
    life.die('exit code 1');
    const dead = await look('ledger');
    expect(dead).toMatchObject({ state: 'restarting', lastDeath: { how: 'the disk is gone' } });
    const next = beginLife('ledger', home);
    next.ready();
    expect(next.deathBefore).toEqual(dead?.lastDeath);
    expect(await look('ledger')).toMatchObject({ state: 'running', lastDeath: dead?.lastDeath });
    next.end();
    expect((await look('ledger'))?.lastDeath).toBeNull();
  });

  it('that was killed is known to have died once it is started again, and when', async () => {
    beginLife('ledger', home).ready();
    signs('ledger', 1_000);
    expect(beginLife('ledger', home).deathBefore).toMatchObject({
      how: expect.stringContaining('it left no reason'),
      atMs: 1_000_000,
    });
  });

  it('is silent when it gives no sign of life for many looks, until it gives one', async () => {
    beginLife('web', home).ready();
    signs('web', 1_000);
    expect(await look('web')).toMatchObject({ state: 'running', silentSinceMs: null });
    expect(await lookOften('web')).toMatchObject({ state: 'silent', silentSinceMs: 1_000_000 });
    expect(roles.state('web')).toBe('silent');
    signs('web', 1_002);
    expect(await look('web')).toMatchObject({ state: 'running', silentSinceMs: null });
  });

  it('is silent too where it is the trader and can’t be told to stop', async () => {
    beginLife('trader', home).ready();
    traderAnswers = false;
    for (let second = 1_000; second < 1_040; second += 1) {
      signs('trader', second);
      await roles.look();
    }
    expect(await look('trader')).toMatchObject({ state: 'silent', silentSinceMs: 1_000_000 });
    traderAnswers = true;
    signs('trader', 2_000);
    expect(await look('trader')).toMatchObject({ state: 'running' });
  });

  it('goes on where it can’t tell anything, and is not taken for healthy', async () => {
    writeFileSync(homePaths(home).sockets, 'no folder');
    beginLife('ledger', home).ready();
    expect(await roleProblem('ledger', home)).toBe('it is not ready yet');
  });
});
