/** A build beneath desks that run: with the real script and bundler, of small programs. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { openSupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { repository } from '../support/desk-under-test.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';

const SCRIPTS = join(repository, 'scripts/build');

let root: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fermata-build-again-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(root, { recursive: true, force: true });
});

const run = (): string => join(root, 'dist/run');
const entry = (): string => join(run(), 'cli.js');

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

/** What `main` imports only when it is asked to. */
function sources(late: string): void {
  write('package.json', '{ "type": "module" }');
  write('dist/cli/late.js', `export const late = '${late}';\n`);
  const bundled = readFileSync(join(repository, 'scripts/bundle-programs.mjs'), 'utf8');
  for (const [, name = ''] of bundled.matchAll(/: join\(dist, '(.+\.js)'\)/g)) {
    const up = '../'.repeat(name.split('/').length - 1);
    write(`dist/${name}`, `export const main = async () => (await import('${up}cli/late.js')).late;\n`);
  }
}

function checkout(): void {
  sources('first');
  cpSync(join(repository, 'scripts/bundle-programs.mjs'), join(root, 'scripts/bundle-programs.mjs'));
  cpSync(SCRIPTS, join(root, 'scripts/build'), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
}

/** Resolves with the exit code. */
const bundle = (): Promise<number> =>
  new Promise((resolve) => {
    const script = join(root, 'scripts/bundle-programs.mjs');
    const child = execFile(process.execPath, [script], () => resolve(child.exitCode ?? 1));
  });

function begin(program: string): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  endChildWithThisProcess(child);
  children.push(child);
  return child;
}

const says = async (child: ChildProcess): Promise<string> => {
  const [text] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  return String(text).trim();
};

const answer = (folder = run()): string => {
  const url = pathToFileURL(join(folder, 'cli.js')).href;
  const program = `console.log(await (await import('${url}')).main())`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }).trim();
};

describe('fermata up in a checkout with something to build', () => {
  const up = (): Promise<{ readonly code: number | null; readonly said: string }> =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH, TMPDIR: tmpdir(), FERMATA_HOME: join(root, 'home') };
      const words = [join(root, 'bin/fermata.js'), 'up'];
      const child = execFile(process.execPath, words, { cwd: root, env }, (_error, out, err) =>
        resolve({ code: child.exitCode, said: out + err }),
      );
    });

  it('says that the desk runs before it builds anything, and builds where it does not run', async () => {
    write('package.json', '{ "type": "module" }');
    for (const one of [
      'bin/fermata.js',
      'scripts/build.mjs',
      'scripts/structure/layers.mjs',
      'scripts/build',
    ])
      cpSync(join(repository, one), join(root, one), { recursive: true });
    write('src/newer.ts', '');
    write('dist/run/cli.js', `export * from '${pathToFileURL(join(repository, 'dist/run/cli.js')).href}';\n`);
    const socket = await openSupervisorSocket(supervisorSocketPath(join(root, 'home')), {
      who: async () => ({ pid: 42, desk: 'crypto-bot', phase: 'running' }),
    } as never);
    const second = await up();
    await socket.close();
    expect(second.said).toMatch(
      /✗ desk crypto-bot already runs with FERMATA_HOME .*\(process 42, running\)\n {2}kept safe: the desk that runs was not touched/,
    );
    expect(second.said).not.toContain('The build stopped');
    expect(second.code).toBe(1);
    // There is no compiler here.
    expect((await up()).said).toContain('The build stopped at: node_modules/typescript/bin/tsc');
  });
});

describe('programs that are bundled again', () => {
  it('are there at each moment, and leave what runs the parts that it has not read yet', async () => {
    checkout();
    expect(await bundle()).toBe(0);
    const desk = begin(`
      const { main } = await import('${pathToFileURL(entry()).href}');
      process.stdin.once('data', async () => console.log(await main()));
      console.log('runs');
    `);
    expect(await says(desk)).toBe('runs');
    sources('second');
    let isMissing = false;
    const looking = setInterval(() => {
      isMissing ||= !existsSync(entry());
    }, 2);
    expect(await bundle()).toBe(0);
    clearInterval(looking);
    expect(isMissing).toBe(false);
    expect(answer()).toBe('second');
    desk.stdin?.write('now\n');
    expect(await says(desk)).toBe('first');
  });

  it('stay as they were where they can not be bundled', async () => {
    checkout();
    expect(await bundle()).toBe(0);
    const before = readdirSync(run());
    write('dist/worker/run-role.js', 'export const {');
    expect(await bundle()).not.toBe(0);
    expect(readdirSync(run())).toEqual(before);
    expect(answer()).toBe('first');
  });
});

describe('former parts', () => {
  const place = async (build: number | string): Promise<void> => {
    const { placePrograms } = await import(pathToFileURL(join(SCRIPTS, 'placed-programs.mjs')).href);
    const main = `export const main = async () => (await import('./part-${build}.js')).part;\n`;
    const part = `export const part = 'build ${build}';\n`;
    const files = new Map([
      ['cli.js', main],
      [`part-${build}.js`, part],
    ]);
    placePrograms(run(), files, ['cli.js']);
  };
  const parts = (): string[] => readdirSync(run()).filter((name) => name.startsWith('part-'));

  it('of the last ten builds stay, however often the same is built; older ones go', async () => {
    for (let build = 1; build <= 11; build += 1) for (const _ of [1, 2, 3]) await place(build);
    expect(parts()).toHaveLength(10);
    expect(parts()).not.toContain('part-1.js');
    expect(answer()).toBe('build 11');
  });

  it('that lie there without a list, or with a damaged one, stay as well', async () => {
    write('package.json', '{ "type": "module" }');
    write('dist/run/part-0.js', '');
    await place(1);
    write('dist/run/builds.json', '');
    await place(2);
    expect(parts().sort()).toEqual(['part-0.js', 'part-1.js', 'part-2.js']);
  });

  it('are left out of a package', async () => {
    write('package.json', '{ "type": "module" }');
    await place(1);
    await place(2);
    const { removeFormerPrograms } = await import(pathToFileURL(join(SCRIPTS, 'placed-programs.mjs')).href);
    removeFormerPrograms(run());
    expect(readdirSync(run()).sort()).toEqual(['cli.js', 'part-2.js']);
    expect(answer()).toBe('build 2');
  });
});

it('a build waits for another one, and for no longer than that lives', async () => {
  const script = pathToFileURL(join(SCRIPTS, 'build-lock.mjs')).href;
  const program = `
    const { waitForBuildLock } = await import('${script}');
    waitForBuildLock('${join(root, 'lock')}', () => console.log('waits'));
    console.log('builds');
    setInterval(() => undefined, 1_000);
  `;
  const first = begin(program);
  expect(await says(first)).toBe('builds');
  const second = begin(program);
  expect(await says(second)).toBe('waits');
  first.kill('SIGKILL');
  expect(await says(second)).toBe('builds');
});
