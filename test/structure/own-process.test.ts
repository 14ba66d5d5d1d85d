/** Test files share a process unless they say that they change it: what changes it must be seen. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { filesWithOwnProcess } from '../support/own-process.js';
import { putBack } from '../support/put-back.js';

let place: string;
let folder: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'own-process-'));
  // The checkout itself may lie in a folder of this name.
  folder = join(place, 'src/fermata/test');
  mkdirSync(join(folder, 'support'), { recursive: true });
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(folder, name), `${text}\n`);
const ownProcess = (name: string): boolean => filesWithOwnProcess(folder).includes(join(folder, name));

// In two pieces: this file changes nothing of its process.
it.each([
  ['vi', `.mock('./clock.js');`],
  ['vi', `.doMock('./clock.js');`],
  ['process', `.env.HOME = '/';`],
  ['process', `.env['HOME'] = '/';`],
  ['process', '.env[name] = value;'],
  ['delete process', '.env.HOME;'],
  ['process', `.on('warning', note);`],
  ['process', `.chdir('/');`],
  ['globalThis', '.fetch = other;'],
  ['sync', 'BuiltinESMExports();'],
  ['Runtime', '.install({});'],
])('%s%s has a process of its own', (who, does) => {
  write('changes.test.ts', `it('x', () => {\n  ${who}${does}\n});`);
  expect(ownProcess('changes.test.ts')).toBe(true);
});

it('has one where only what it imports changes the process, however far away', () => {
  write('support/far.ts', `export const far = () => {\n  ${'process'}.env.HOME = '/';\n};`);
  write('support/near.ts', `export { far } from './far.js';`);
  write('imports.test.ts', `import {\n  far,\n} from './support/near.js';`);
  expect(ownProcess('imports.test.ts')).toBe(true);
  write('support/near.ts', 'export const far = 1;');
  expect(ownProcess('imports.test.ts')).toBe(false);
});

it('has none where vitest changes it: that is put back behind the file', () => {
  write('stubs.test.ts', `it('x', () => {\n  vi.stubEnv('HOME', '/');\n  vi.useFakeTimers();\n});`);
  expect(ownProcess('stubs.test.ts')).toBe(false);
  // Loaded once for all files of a process: put back behind the first, it would be missing for the others.
  write('support/stubs.ts', `vi.stubEnv('HOME', '/');`);
  write('stubbed.test.ts', `import './support/stubs.js';`);
  expect(ownProcess('stubbed.test.ts')).toBe(true);

  const before = [process.env.HOME, Date.now, setTimeout, fetch];
  vi.stubEnv('HOME', '/');
  vi.useFakeTimers();
  vi.stubGlobal('fetch', () => undefined);
  const spy = vi.spyOn(console, 'table').mockReturnValue();
  putBack();
  expect([process.env.HOME, Date.now, setTimeout, fetch]).toEqual(before);
  expect(vi.isMockFunction(console.table)).toBe(false);
  expect(spy).not.toHaveBeenCalled();
});

it('has one where what it imports has hooks: they would run for the first file of a process alone', () => {
  write('support/hooks.ts', `export const at = mkdtempSync('x');\n${'afterAll'}(() => rmSync(at));`);
  write('hooked.test.ts', `import { at } from './support/hooks.js';`);
  expect(ownProcess('hooked.test.ts')).toBe(true);
  write('support/hooks.ts', `export function at() {\n  ${'afterAll'}(() => undefined);\n}`);
  expect(ownProcess('hooked.test.ts')).toBe(false);
});

it('has one in a folder whose tests begin browsers or take much memory', () => {
  mkdirSync(join(folder, 'page'));
  write('page/seen.test.ts', 'await open();');
  expect(ownProcess('page/seen.test.ts')).toBe(true);
});

it('has one where it connects to Temporal as a worker, unless it installs what all others do', () => {
  const connect = `await ${'NativeConnection'}.connect({ address });`;
  write('connects.test.ts', connect);
  expect(ownProcess('connects.test.ts')).toBe(true);
  write('connects.test.ts', `quietRuntime();\n${connect}`);
  expect(ownProcess('connects.test.ts')).toBe(false);
});

it('has none where it only reads, or ends a process that it began', () => {
  write('reads.test.ts', `if (process.env.HOME === '/') process.kill(begun.pid, 'SIGKILL');`);
  expect(ownProcess('reads.test.ts')).toBe(false);
});
