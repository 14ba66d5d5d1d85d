/** What a start finds of servers that it has in common with other desks, after an end that was none in order. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { homeOf } from '../../src/home/installation.js';
import { homePaths } from '../../src/home/runtime.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { openChildrenFile } from '../../src/supervisor/process-table.js';
import { SharedServer } from '../../src/supervisor/shared-server.js';
import { claimHome } from '../../src/supervisor/start/claim-home.js';
import { refuseEarlierVersion } from '../../src/supervisor/start/start-stores.js';
import { startPostgres } from '../../src/supervisor/start-postgres.js';
import { endServerWithThisProcess } from '../support/end-with-this-process.js';

let installation: string;
let run: string;
beforeEach(() => {
  installation = mkdtempSync(join(tmpdir(), 'fermata-server-'));
  ({ run } = homePaths(installation));
  mkdirSync(run);
});
afterEach(() => rmSync(installation, { recursive: true, force: true }));

/** Tells what `choose` was given, and what others read meanwhile; nothing is started. */
async function begun(): Promise<{ before: unknown; others: string }> {
  const seen: { before: unknown; others: string }[] = [];
  const server = new SharedServer<number>({
    ...{ name: 'postgres', run, onNews: () => undefined, say: () => undefined },
    choose: async (before) => {
      seen.push({ before, others: readFileSync(join(run, 'postgres.json'), 'utf8') });
      throw new Error('chosen');
    },
    start: () => Promise.reject(new Error('started')),
    children: openChildrenFile(join(run, 'children.json')),
  });
  await expect(server.open(new AbortController().signal)).rejects.toThrow('chosen');
  await server.close();
  return seen[0] as (typeof seen)[0];
}

test('an address from before a power cut is nobody’s to use until the server answers again', async () => {
  writeFileSync(join(run, 'postgres.json'), JSON.stringify({ at: 5, serving: true }));
  expect(await begun()).toEqual({ before: 5, others: JSON.stringify({ at: 5, serving: false }) });
});

test('one that a power cut left empty keeps no desk from starting', async () => {
  writeFileSync(join(run, 'postgres.json'), '');
  expect(await begun()).toEqual({ before: null, others: '' });
});

test('neither a list of children nor an address that can’t be written keeps a server from its end', async () => {
  const said: string[] = [];
  const list = join(run, 'children.json');
  const children = openChildrenFile(list, (why) => said.push(why));
  await children.add('trader', process.pid);
  let stopped = 0;
  const server = new SharedServer<number>({
    ...{ name: 'postgres', run, children, onNews: () => undefined, say: (text) => said.push(text) },
    choose: async () => 5,
    start: async () =>
      ({
        process: { pid: process.pid, exited: new Promise(() => undefined), lastLines: () => [] },
        stop: async () => {
          stopped += 1;
        },
      }) as never,
  });
  await server.open(new AbortController().signal);
  // As on a full disk, no new file can be written.
  for (const name of ['children.json.new', 'postgres.json.new']) mkdirSync(join(run, name));
  children.remove(process.pid);
  await children.add('web', process.pid);
  expect(said).toEqual([expect.stringContaining('children.json can’t be written')]);
  await server.close();
  expect(stopped).toBe(1);
  expect(said[1]).toContain('postgres is ended');
  rmSync(`${list}.new`, { recursive: true });
  await children.add('worker', process.ppid);
  expect(JSON.parse(readFileSync(list, 'utf8'))).toMatchObject([{ name: 'web' }, { name: 'worker' }]);
});

test('a port that another program takes before the server listens is left to it: the server gets another one', async () => {
  const others = createServer().listen(0, '127.0.0.1');
  await once(others, 'listening');
  const taken = (others.address() as AddressInfo).port;
  const children = openChildrenFile(join(run, 'children.json'));
  const asked: (number | null)[] = [];
  const server = new SharedServer<number>({
    ...{ name: 'postgres', run, children, onNews: () => undefined, say: () => undefined },
    choose: async (before) => {
      asked.push(before);
      return before === null ? taken : freePort(before);
    },
    start: (port) =>
      startPostgres({
        ...{ directory: join(installation, 'postgres'), logFile: join(installation, 'postgres.log') },
        ...{ port, user: 'fermata', password: 'of this test' },
        onSpawned: endServerWithThisProcess,
      }),
  });
  try {
    const port = await server.open(new AbortController().signal);
    expect(port).not.toBe(taken);
    expect(asked).toEqual([null, taken]);
    expect(JSON.parse(readFileSync(join(run, 'postgres.json'), 'utf8'))).toEqual({ at: port, serving: true });
  } finally {
    await server.close();
    others.close();
  }
});

test('a server that an earlier version runs for its desk alone is left to it', async () => {
  const second = homePaths(join(installation, 'desk-homes', 'second'));
  await refuseEarlierVersion('postgres', second);
  await openChildrenFile(join(run, 'children.json')).add('postgres', process.pid);
  await expect(refuseEarlierVersion('postgres', second)).rejects.toThrow(/earlier version/);
  await refuseEarlierVersion('temporal', second);
  await refuseEarlierVersion('postgres', homePaths(installation));
});

test('a folder that can’t be used is said by the start, with what to do', async () => {
  const file = join(installation, 'file');
  writeFileSync(file, '');
  const home = homeOf(file, 'crypto-bot');
  await expect(claimHome(home)).rejects.toMatchObject({ doThis: expect.stringContaining('FERMATA_HOME') });
});

test('a part of the home that can’t be used is named, not the whole home', async () => {
  const home = homeOf(installation, 'crypto-bot');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'logs'), '');
  await expect(claimHome(home)).rejects.toMatchObject({
    message: expect.stringContaining(`${join(home, 'logs')} can't be used`),
    doThis: expect.stringContaining('give it to the user who runs Fermata'),
  });
});

/** Whether a process here may have a file system of its own, for a disk that is full. */
const NAMESPACE = ['--user', '--map-root-user', '--mount'];
const hasNamespaces = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;

test.runIf(hasNamespaces).each([
  ['no folder', 2],
  ['no file', 4],
])('a disk that takes %s more is said by the start, with what to do', (_what, inodes) => {
  const place = join(installation, 'full');
  mkdirSync(place, { recursive: true });
  const program = new URL('../../dist/supervisor/start/claim-home.js', import.meta.url);
  const claim = `const { claimHome } = await import(${JSON.stringify(program.href)});
    await claimHome(${JSON.stringify(join(place, 'home'))}).catch(({ message, doThis, keptSafe }) => console.log(JSON.stringify({ message, doThis, keptSafe })));`;
  const script = `mount -t tmpfs -o nr_inodes=${inodes} tmpfs "$0" && exec "$@"`;
  const node = [process.execPath, '--input-type=module', '-e', claim];
  const { stdout, stderr } = spawnSync('unshare', [...NAMESPACE, 'sh', '-c', script, place, ...node], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    message: `the disk is full where FERMATA_HOME lies (${join(place, 'home')})`,
    doThis: expect.stringContaining('free some space there'),
    keptSafe: 'nothing was started',
  });
});

test('a further desk finds the folders of the servers, whatever became of the first one', async () => {
  rmSync(run, { recursive: true });
  const claim = await claimHome(join(installation, 'desk-homes', 'second'));
  const { servers } = homePaths(installation);
  for (const folder of [servers.run, servers.logs]) writeFileSync(join(folder, 'probe'), '');
  if (claim.kind === 'claimed') claim.lock.release();
});
