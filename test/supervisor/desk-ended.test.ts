import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLockFile } from '../../src/home/file-lock.js';
import { type HomePaths, homePaths } from '../../src/home/runtime.js';
import { roleLock } from '../../src/home/shared-process.js';
import { down, forgetStarter, hasEnded, markStarter } from '../../src/supervisor/desk-end.js';
import { endLeftChildren, isAlive, openChildrenFile } from '../../src/supervisor/process-table.js';
import { claimHome } from '../../src/supervisor/start/claim-home.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

let paths: HomePaths;
beforeEach(() => {
  paths = homePaths(mkdtempSync(join(tmpdir(), 'fermata-ended-')));
  mkdirSync(paths.run);
});
afterEach(() => {
  rmSync(paths.home, { recursive: true, force: true });
  rmSync(paths.sockets, { recursive: true, force: true });
});

const lock = () => tryLockFile(join(paths.run, 'lock'));

describe('a desk', () => {
  it('has ended where nothing holds its home and nothing of it is left', async () => {
    expect(await hasEnded(paths.home)).toBe(true);
    // Looking changes nothing: the next start finds its home free.
    const free = lock();
    expect(free).not.toBeNull();
    free?.release();
  });

  it('has not ended while a supervisor holds its home, whatever answers', async () => {
    const held = lock();
    expect(await hasEnded(paths.home)).toBe(false);
    held?.release();
    expect(await hasEnded(paths.home)).toBe(true);
  });

  it('has not ended while a child of a supervisor that was killed lives', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    endChildWithThisProcess(child);
    await openChildrenFile(join(paths.run, 'children.json')).add('trader', child.pid ?? 0);
    expect(await hasEnded(paths.home)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await hasEnded(paths.home)).toBe(true);
  });

  it('is not said to be none where its supervisor was killed and its trader lives', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    endChildWithThisProcess(child);
    await openChildrenFile(join(paths.run, 'children.json')).add('trader', child.pid ?? 0);
    const left = [`trader (process ${child.pid})`];
    expect(await down(paths.home)).toEqual({ kind: 'unanswered', left });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await down(paths.home)).toEqual({ kind: 'not-running' });
  });

  it('leaves the processes of a home alone where it is a copy of that home', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    endChildWithThisProcess(child);
    const list = join(paths.run, 'children.json');
    await openChildrenFile(list).add('trader', child.pid ?? 0);
    const copy = `${paths.run}-copy`;
    cpSync(paths.run, copy, { recursive: true });
    expect(await endLeftChildren(join(copy, 'children.json'))).toEqual([]);
    expect(isAlive(child.pid ?? 0)).toBe(true);
    // Moved, it is the same home.
    renameSync(paths.run, `${paths.run}-moved`);
    expect(await endLeftChildren(join(`${paths.run}-moved`, 'children.json'))).toEqual(['trader']);
    mkdirSync(paths.run);
  });

  it('has not ended while a process of another desk is at its end with a role of it', async () => {
    const role = tryLockFile(roleLock(paths.home, 'operations-worker'));
    expect(await hasEnded(paths.home)).toBe(false);
    role?.release();
    expect(await hasEnded(paths.home)).toBe(true);
  });

  it('may run without a supervisor where its sockets are left and no list of children', async () => {
    mkdirSync(paths.sockets);
    expect(await hasEnded(paths.home)).toBe(false);
  });

  it('has not ended while somebody is about to start it again, so that a stop waits for that start', async () => {
    const starter = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    endChildWithThisProcess(starter);
    await markStarter(paths.home, starter.pid ?? 0);
    expect(await hasEnded(paths.home)).toBe(false);
    forgetStarter(paths.home);
    expect(await hasEnded(paths.home)).toBe(true);
    await markStarter(paths.home, starter.pid ?? 0);
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    expect(await hasEnded(paths.home)).toBe(true);
  });

  it('is held by a process that is named while it gives no answer, and by no other once that has ended', async () => {
    const claim = await claimHome(paths.home);
    if (claim.kind !== 'claimed') throw new Error(claim.message);
    expect(await down(paths.home)).toEqual({ kind: 'unanswered', left: [], heldBy: { pid: process.pid } });
    expect(await claimHome(paths.home)).toEqual({
      kind: 'taken',
      message: `process ${process.pid} holds FERMATA_HOME ${paths.home} and does not answer: it is just ending, or suspended`,
      doThis: `process ${process.pid} holds it: \`kill -CONT ${process.pid}\` if it is suspended, \`kill -INT ${process.pid}\` to end it in order`,
    });
    claim.lock.release();
    expect(await down(paths.home)).toEqual({ kind: 'not-running' });
    // A command that looks, or puts something back, holds it too, and says nothing of itself.
    const other = lock();
    expect(await down(paths.home)).toEqual({ kind: 'unanswered', left: [], heldBy: { pid: null } });
    other?.release();
  });

  it('is not said to be held by a process that was given the id of a supervisor that was killed', async () => {
    const claim = await claimHome(paths.home);
    if (claim.kind !== 'claimed') throw new Error(claim.message);
    const file = join(paths.run, 'holder.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"startTime": ".*"/, '"startTime": "1"'));
    expect(await down(paths.home)).toMatchObject({ heldBy: { pid: null } });
    claim.lock.release();
  });

  it('is started although a command looks at that moment whether it runs', async () => {
    const look = lock();
    const claiming = claimHome(paths.home);
    await sleep(50);
    look?.release();
    const claim = await claiming;
    expect(claim.kind).toBe('claimed');
    if (claim.kind === 'claimed') claim.lock.release();
  });
});
