/** A build is made in a scratch checkout by git and npm themselves, and kept only where its own tests pass. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type BuildBounds, type BuildSource, prepareBuild } from '../../src/cli/prepare-build.js';
import { buildFolder, readBuild } from '../../src/home/builds.js';
import { tryLockFile } from '../../src/home/file-lock.js';
import { homePaths } from '../../src/home/runtime.js';
import { startTimeOf } from '../../src/supervisor/process-table.js';

let root: string;
let from: string;
let home: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fermata-deploy-'));
  [from, home] = [join(root, 'checkout'), join(root, 'home')];
  mkdirSync(home);
  // npm keeps what it fetches there.
  vi.stubEnv('HOME', root);
  write('bin/fermata.js', '');
  pack();
  git('init', '--quiet');
  commit('true');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', from, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    encoding: 'utf8',
  }).trim();

function write(file: string, text: string): void {
  mkdirSync(join(from, file, '..'), { recursive: true });
  writeFileSync(join(from, file), text);
}

function pack(dependencies: Readonly<Record<string, string>> = {}, locked: object = {}): void {
  const named = { name: 'fermata', version: '1.2.3' };
  write('package.json', JSON.stringify({ ...named, scripts: { test: 'node test.mjs' }, dependencies }));
  const packages = { '': { ...named, dependencies }, ...locked };
  write('package-lock.json', JSON.stringify({ ...named, lockfileVersion: 3, requires: true, packages }));
  write('.gitignore', 'node_modules\n');
}

/** `passes`: an expression of the tests of that commit. */
function commit(passes: string): string {
  write(
    'test.mjs',
    `import { createRequire } from 'node:module';
     console.log('the tests ran');
     process.exit((${passes}) ? 0 : 1);`,
  );
  git('add', '--all');
  git('commit', '--quiet', '--message', 'a build');
  return git('rev-parse', 'HEAD');
}

const prepare = (change: Partial<BuildSource> = {}) =>
  prepareBuild(home, { from, ref: 'HEAD', updates: [], ...change }, () => undefined);
const there = () => readdirSync(homePaths(home).builds).filter((name) => name !== 'lock');

it('is what was committed, installed and tested without the desk’s secrets, and kept with its record', async () => {
  vi.stubEnv('TELEGRAM_BOT_TOKEN', 'a secret of the desk');
  vi.stubEnv('FERMATA_HOME', home);
  const made = commit(`Object.keys(process.env).every((name) => !/TELEGRAM|FERMATA/.test(name))`);
  write('bin/fermata.js', 'not committed');
  const build = await prepare();
  expect(build).toMatchObject({ commit: made, version: '1.2.3', from, updated: [] });
  const { id } = build ?? { id: '' };
  expect(readBuild(home, id)).toEqual(build);
  expect(readFileSync(join(buildFolder(home, id), 'bin/fermata.js'), 'utf8')).toBe('');
});

it('leaves nothing where its tests fail, and shows what they said last', async () => {
  commit('false');
  await expect(prepare()).rejects.toMatchObject({
    message: expect.stringMatching(/^npm test ended with 1: no build was made\n.*the tests ran/s),
    keptSafe: 'the desk goes on with the build that runs',
  });
  expect(there()).toEqual([]);
});

const PLENTY = 2 ** 40;
const bounds = { roomBytesMin: 4, freeBytesMin: 2, fetchMs: 60_000, testMs: 60_000 };
const prepareWithin = (change: Partial<BuildBounds>) =>
  prepareBuild(home, { from, ref: 'HEAD', updates: [] }, () => undefined, { ...bounds, ...change });
/** Its tests begin a program, and neither ends by itself. */
function commitEndless(): { pids(): number[] } {
  const file = join(root, 'pids');
  const line = `fs.appendFileSync(${JSON.stringify(file)}, process.pid + ' '); setInterval(() => {}, 1000);`;
  write('other.mjs', `import fs from 'node:fs'; ${line}`);
  write(
    'test.mjs',
    `import fs from 'node:fs'; import { spawn } from 'node:child_process';
     spawn(process.execPath, ['other.mjs'], { detached: true, stdio: 'ignore' }); ${line}`,
  );
  git('add', '--all');
  git('commit', '--quiet', '--message', 'endless');
  return { pids: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : []) };
}

it('is given up, with everything that its tests have begun, where they do not end in their time', async () => {
  const tests = commitEndless();
  await expect(prepareWithin({ testMs: 20_000 })).rejects.toMatchObject({
    message: expect.stringMatching(
      /^npm test was ended: it has not ended within 1 minutes?: no build was made/,
    ),
    keptSafe: 'the desk goes on with the build that runs',
  });
  expect(tests.pids()).toHaveLength(2);
  // A process that was killed is there until its parent has taken notice.
  await expect.poll(() => Promise.all(tests.pids().map(startTimeOf))).toEqual([null, null]);
  expect(there()).toEqual([]);
});

it('is given up where it leaves the desk too little room on the disk, and not begun where there is too little', async () => {
  const tests = commitEndless();
  const freeBytes = async () => (tests.pids().length === 2 ? 1 : PLENTY);
  await expect(prepareWithin({ freeBytesMin: 2 ** 31, freeBytes })).rejects.toMatchObject({
    message: expect.stringMatching(
      /^npm test was ended: the disk of .* has 0 MB free, and 2048 MB have to stay free/,
    ),
  });
  // A process that was killed is there until its parent has taken notice.
  await expect.poll(() => Promise.all(tests.pids().map(startTimeOf))).toEqual([null, null]);
  await expect(
    prepareWithin({ roomBytesMin: PLENTY + 1, freeBytes: async () => PLENTY }),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/have to stay free: no build was begun$/),
    keptSafe: 'the desk goes on with the build that runs',
  });
  expect(there()).toEqual([]);
});

it('takes the packages newer that it is told, only where the tests pass with them', async () => {
  const registry = await serveRegistry('clock', ['1.0.0', '2.0.0', '3.0.0']);
  pack({ clock: '1.0.0' }, { 'node_modules/clock': { version: '1.0.0', ...registry.dist('1.0.0') } });
  // The third one breaks it.
  const installed = `createRequire(import.meta.url)('clock/package.json').version`;
  const before = commit(`${installed} !== '3.0.0'`);
  const build = await prepare({ updates: ['clock@2.0.0'] });
  expect(build).toMatchObject({ updated: ['clock@2.0.0'] });
  const { id = '', commit: made = '' } = build ?? {};
  const clock = join(buildFolder(home, id), 'node_modules/clock/package.json');
  expect(JSON.parse(readFileSync(clock, 'utf8'))).toMatchObject({ version: '2.0.0' });
  // So that it can be taken over where it comes from.
  git('pull', '--quiet', '--ff-only', buildFolder(home, id), 'HEAD');
  expect([git('rev-parse', 'HEAD'), git('rev-parse', 'HEAD~1')]).toEqual([made, before]);

  await expect(prepare({ updates: ['clock'] })).rejects.toThrow('npm test ended with 1');
  expect(await prepare({ updates: ['clock@2.0.0'] })).toBeNull();
  expect(there().filter((name) => name.endsWith('.json'))).toEqual([`${id}.json`]);
});

it('refuses what is no commit, no package or no checkout before anything is run', async () => {
  for (const ref of ['--upload-pack=touch x', 'HEAD;touch x', 'nowhere', ''])
    await expect(prepare({ ref })).rejects.toMatchObject({ exitCode: 2 });
  for (const name of ['--global', 'clock; touch x', '../x', 'https://example.com/x.tgz', 'clock@npm:other'])
    await expect(prepare({ updates: [name] })).rejects.toMatchObject({ exitCode: 2 });
  await expect(prepare({ updates: ['unknown'] })).rejects.toThrow('none of its dependencies');
  await expect(prepare({ from: join(from, 'bin') })).rejects.toThrow('not the folder of a git checkout');
  expect([there(), existsSync(join(from, 'x'))]).toEqual([[], false]);
  const other = tryLockFile(join(homePaths(home).builds, 'lock'));
  await expect(prepare()).rejects.toThrow('another build is being made');
  other?.release();
});

/** A registry that has this package, each version with nothing but its package.json. */
async function serveRegistry(name: string, versions: readonly string[]) {
  const tarballs = new Map(
    versions.map((version) => {
      const folder = join(root, version, 'package');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version }));
      return [version, execFileSync('tar', ['-cz', '-C', join(root, version), 'package'])];
    }),
  );
  let address = '';
  const dist = (version: string) => {
    const integrity = `sha512-${createHash('sha512')
      .update(tarballs.get(version) ?? '')
      .digest('base64')}`;
    return { resolved: `${address}/${version}.tgz`, integrity };
  };
  const server = createServer(({ url = '' }, answer) => {
    const tarball = tarballs.get(url.slice(1).replace(/\.tgz$/, ''));
    if (tarball !== undefined) return answer.end(tarball);
    if (url !== `/${name}`) return answer.writeHead(404).end('{}');
    const listed = versions.map((version) => {
      const { resolved: tarball, integrity } = dist(version);
      return [version, { name, version, dist: { tarball, integrity } }];
    });
    answer.writeHead(200, { 'content-type': 'application/json' });
    const latest = versions.at(-1);
    answer.end(JSON.stringify({ name, 'dist-tags': { latest }, versions: Object.fromEntries(listed) }));
  });
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const variable of ['npm_config_registry', 'NPM_CONFIG_REGISTRY']) vi.stubEnv(variable, `${address}/`);
  vi.stubEnv('npm_config_noproxy', '127.0.0.1');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return { dist };
}
