/** The shipped desk of the SLOB runbook, halted by a person: under other builds, and started again as a whole. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { pointerFile, readBuildPointer } from '../../src/home/builds.js';
import { writeJson } from '../../src/home/json-file.js';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { slobDesk } from './support/slob-desk.js';

const { desk, file, up, active, givenPassword, shown, questionLike } = slobDesk();
beforeAll(async () => {
  await up();
  await active();
  await desk.ask('stop', '--reason', 'a person wants it');
});

/** A checkout of a small build: what ships, and what it does first at a start. */
function checkoutOf(build: string, atStart: string): string {
  const folder = join(desk.home, build);
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const named = { name: 'fermata', version: '9.9.9' };
  put(
    'package.json',
    JSON.stringify({ ...named, type: 'module', scripts: { test: 'node bin/fermata.js --version' } }),
  );
  put('package-lock.json', JSON.stringify({ ...named, lockfileVersion: 3, packages: { '': named } }));
  const main = pathToFileURL(join(repository, 'dist/run/cli.js')).href;
  put(
    'bin/fermata.js',
    `if (process.argv.includes('up')) { ${atStart} }
     const { main } = await import('${main}');
     process.exit(await main(process.argv.slice(2)));`,
  );
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...BY, ...args]);
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', build);
  return folder;
}
const BY = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];

it('deploys a tested build once a person agrees, and goes back from one that does not come up', async () => {
  const deployed = async (build: string, atStart: string) => {
    const from = checkoutOf(build, atStart);
    type Begun = { readonly ok: boolean; readonly build: string };
    const begun = await shown<Begun>('deploy', '--from', from, '--reason', build);
    // The one before it may still be saying how it went.
    const again = () => shown<Begun>('deploy', '--build', begun.build, '--reason', build);
    if (!begun.ok) await until('it to be begun', async () => (await again()).ok);
    expect(readBuildPointer(desk.home).ordered?.to).not.toBe(begun.build);
    const agreed = await desk.ask('approve', await questionLike(/^deploy:/), '--reason', 'looked at it');
    expect(agreed.code, agreed.stdout + agreed.stderr).toBe(0);
    const outcome = await until(
      'the outcome',
      () => {
        const { ordered } = readBuildPointer(desk.home);
        return ordered?.to === begun.build ? ordered.outcome : null;
      },
      300_000,
    );
    const who = () => askSupervisor(desk.home, 'who', {}).catch(() => null);
    await until('everything to run again', async () => (await who())?.phase === 'running', 300_000);
    return { id: begun.build, outcome };
  };
  await desk.signIn('operator', 'before-the-rotation');
  const before = await desk.status();
  const well = await deployed('well', `(await import('node:fs')).writeFileSync('came-up', '')`);
  expect(well.outcome).toMatchObject({ switched: true });
  expect(existsSync(join(desk.home, 'came-up'))).toBe(true);
  const broken = await deployed('broken', 'process.exit(3)');
  expect(broken.outcome).toEqual({
    switched: false,
    says: expect.stringContaining('it has ended with 3; the former build is started again'),
  });
  expect(readBuildPointer(desk.home).build).toBe(well.id);
  // What had halted the desk still does, and it is the same account and journal.
  expect(await desk.status()).toMatchObject({
    ...{ mode: 'HALTED', incarnation: before.incarnation, account: before.account },
    halts: expect.arrayContaining(before.halts.filter(({ resume }) => resume === 'person')),
  });
});

it('starts everything again, with parameters and secrets as they are then, and looks whether it is well', async () => {
  const again = () =>
    shown<{ healthy?: boolean; error?: { message: string } }>('restart', '--all', '--pause', '2');
  const [before, pids] = [await desk.status(), desk.pids()];
  const chosen = readBuildPointer(desk.home);
  writeFileSync(pointerFile(desk.home), '{');
  expect(await again()).toMatchObject({
    error: { message: expect.stringContaining('which build is to run') },
  });
  writeJson(pointerFile(desk.home), chosen);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('mode: paper', 'mode: pap'));
  expect(await again()).toMatchObject({ error: { message: expect.stringContaining('mode') } });
  expect(desk.pids()).toEqual(pids);

  writeFileSync(file, text.replace('consolMinDuration: 5', 'consolMinDuration: 6'));
  givenPassword('after-the-rotation');
  expect(await again()).toMatchObject({ healthy: true, problems: [] });
  const { configHash } = loadDesk(file);
  expect(before.settings.fileConfigHash).not.toBe(configHash);
  expect(await desk.status()).toMatchObject({
    ...{ mode: 'HALTED', trading: 'paper', account: before.account },
    settings: { fileConfigHash: configHash },
  });
  // Nothing ran in between, for as long as was asked for; where nobody says how long, for 30 seconds.
  const log = readFileSync(join(desk.home, 'logs', 'fermata.log'), 'utf8').split('\n');
  const timeOf = (text: string) =>
    Date.parse(log.findLast((line) => line.includes(text))?.slice(0, 24) ?? '');
  expect(timeOf('starting desk slob') - timeOf('everything has ended')).toBeGreaterThanOrEqual(2_000);
  expect((await desk.ask('help', 'restart')).stdout).toContain('(default: 30)');
  const ended = new Set(pids.values());
  expect([...desk.pids().values()].filter((pid) => ended.has(pid))).toEqual([]);
  await desk.signIn('operator', 'after-the-rotation');

  // The process that was started first hands a Ctrl-C on, and ends with it.
  expect(await desk.interrupt()).toBe(0);
  expect((await desk.ask('status')).code).toBe(1);
});
