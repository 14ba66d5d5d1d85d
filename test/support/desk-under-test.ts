/** A desk started as a user starts it: the real command, all processes, in a folder of its own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { homeOf } from '../../src/home/installation.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import type { UpSummary } from '../../src/supervisor/up-options.js';
import { connectTrader } from '../../src/trader/client.js';
import { type CommandsProcess, startCommandsProcess } from './commands-process.js';
import { until } from './eventually.js';

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const command = join(repository, 'bin/fermata.js');
/** A desk that is started again beside other tests takes minutes. */
const RUN_MS_MAX = 300_000;
/** What is told of a desk whose test has failed: how many lines of its log, and how long it is asked for the rest. */
const LOG_LINES = 80;
const TELL_MS_MAX = 30_000;

/** How what a test has begun stands, in words: asked where the test fails (`tell-at-failure.ts`). */
export const accountsAtFailure = new Set<() => Promise<string> | string>();

export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface DeskUnderTest {
  readonly home: string;
  readonly desk: string;
  /** `fermata up` with these options; resolves with its screen once everything is ready. */
  up(...options: string[]): Promise<UpSummary>;
  /** Any other command of the same installation. */
  run(...args: string[]): Promise<CommandRun>;
  /**
   * Likewise, where only the answer counts: in a process that has the program loaded. While that one is busy, others have
   * their own, so that none waits for another.
   */
  ask(...args: string[]): Promise<CommandRun>;
  /** `fermata login`; the operator's generated password is where the first start put it. */
  signIn(person?: string, password?: string): Promise<void>;
  status(): Promise<TraderStatus>;
  /** Pids by process name, as the supervisor recorded them. */
  pids(): ReadonlyMap<string, number>;
  /** To be sent a signal: waits for it where it is just being started again. */
  pidOf(name: string): Promise<number>;
  supervisorPid(): number;
  /** Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null>;
  /** Ends whatever is left and removes the folder. */
  dispose(): Promise<void>;
}

/**
 * `variables`: of its environment, beside those of the test; `beside`: a desk that was started, whose FERMATA_HOME it shares;
 * `folder`: where it is started.
 */
export function deskUnderTest(
  desk = 'crypto-bot',
  variables: Readonly<Record<string, string>> = {},
  beside: DeskUnderTest | null = null,
  folder: string | null = null,
): DeskUnderTest {
  const installation = beside?.home ?? mkdtempSync(join(tmpdir(), 'fermata-desk-'));
  const home = beside === null ? installation : homeOf(installation, desk);
  const environment = { ...process.env, ...variables, FERMATA_HOME: installation };
  let supervisor: ChildProcess | null = null;
  const guard = deskGuard(home);

  const runWithin = (timeout: number, args: readonly string[]): Promise<CommandRun> =>
    new Promise((settle) => {
      execFile(
        process.execPath,
        [command, ...args],
        { cwd: installation, env: environment, maxBuffer: 16 * 1024 * 1024, timeout },
        (error, stdout, stderr) =>
          settle({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  const run = (...args: string[]): Promise<CommandRun> => runWithin(RUN_MS_MAX, args);

  let commands: CommandsProcess | null = null;
  const ask = async (...args: string[]): Promise<CommandRun> => {
    commands ??= startCommandsProcess();
    if (commands.waiting() > 0) return run(...args);
    const { code, out, err } = await commands.run({ folder: installation, args, env: environment });
    return { code: code ?? 1, stdout: out, stderr: err };
  };

  const log = (): string => {
    const file = join(homePaths(home).logs, 'fermata.log');
    return existsSync(file)
      ? readFileSync(file, 'utf8').split('\n').slice(-LOG_LINES).join('\n')
      : 'no log yet';
  };
  const account = async (): Promise<string> => {
    if (supervisor === null) return '';
    const asked = await Promise.all(
      ['status', 'tasks', 'incidents'].map(async (name) => {
        const { stdout, stderr } = await runWithin(TELL_MS_MAX, ['--desk', desk, name]);
        return `fermata ${name}\n${stdout}${stderr}`;
      }),
    );
    return [`How desk ${desk} stands:`, ...asked, `The end of its log:\n${log()}`].join('\n');
  };
  accountsAtFailure.add(account);

  const signIn = async (person = 'operator', password?: string): Promise<void> => {
    const file = join(home, `password-of-${person}`);
    const generated = () => readFileSync(join(homePaths(home).secrets, 'operator-password'), 'utf8');
    writeFileSync(file, password ?? generated(), { mode: 0o600 });
    const { code, stderr } = await ask('login', person, '--password-file', file);
    rmSync(file);
    if (code !== 0) throw new Error(`${person} was not signed in: ${stderr}`);
  };

  const up = (...options: string[]): Promise<UpSummary> =>
    new Promise((settle, fail) => {
      const child = spawn(process.execPath, [command, 'up', '--json', '--port', '0', ...options], {
        cwd: folder ?? installation,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      supervisor = child;
      guard.watch(child);
      let out = '';
      let err = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        const answer = parseAnswer(out);
        if (answer === null) return;
        if ('error' in answer) fail(new Error(`fermata up refused: ${out}\n${log()}`));
        else settle(answer);
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      child.once('exit', (code) => {
        const said = `fermata up ended with ${code}:\n${out}\n${err}\n${log()}`;
        fail(new Error(said));
        // Long after it was up nobody waits for it any more: whoever reads why a test failed has to see this.
        if (code !== null && code !== 0) console.error(said);
      });
    });

  const pids = (): ReadonlyMap<string, number> => {
    const file = join(homePaths(home).run, 'children.json');
    if (!existsSync(file)) return new Map();
    const children = JSON.parse(readFileSync(file, 'utf8')) as { name: string; pid: number }[];
    return new Map(children.map(({ name, pid }) => [name, pid]));
  };

  const status = async (): Promise<TraderStatus> => {
    const trader = connectTrader(deskPaths(homePaths(home), desk).controlSocket);
    try {
      return await trader.call('status', {}, { timeoutMs: 10_000 });
    } finally {
      trader.close();
    }
  };

  const interrupt = (): Promise<number | null> =>
    new Promise((settle) => {
      const child = supervisor;
      if (child === null || child.exitCode !== null || child.signalCode !== null) return settle(0);
      child.once('exit', (code) => settle(code));
      child.kill('SIGINT');
    });

  return {
    home,
    desk,
    up,
    run,
    ask,
    signIn,
    status,
    pids,
    pidOf: (name) => until(`a process ${name}`, () => pids().get(name)),
    supervisorPid: () => supervisor?.pid ?? -1,
    interrupt,
    dispose: async () => {
      accountsAtFailure.delete(account);
      await Promise.all([commands?.end(), guard.dispose()]);
    },
  };
}

/** Ends the desk when the test says so, and also when this process is killed in the middle of a test. */
function deskGuard(home: string): { watch(supervisor: ChildProcess): void; dispose(): Promise<void> } {
  let ending = false;
  let guard: ChildProcess | null = null;
  let watched: ChildProcess | null = null;
  const say = (pid: number | undefined): void => {
    if (!ending) guard?.stdin?.write(`${pid ?? 0}\n`);
  };
  const start = (): ChildProcess => {
    const child = spawn(
      process.execPath,
      [join(repository, 'test/support/end-desk.mjs'), home, homePaths(home).sockets],
      { stdio: ['pipe', 'ignore', 'inherit'], detached: true },
    );
    // A guard that somebody has killed must not fail the test that it guards.
    child.stdin?.on('error', () => undefined);
    child.unref();
    return child;
  };
  return {
    watch: (supervisor) => {
      guard ??= start();
      watched = supervisor;
      say(supervisor.pid);
      // The end of one that was killed may be heard when the next one has begun.
      supervisor.once('exit', () => {
        if (watched === supervisor) say(0);
      });
    },
    dispose: async () => {
      ending = true;
      guard ??= start();
      // Awaited: without this a program that waits for nothing else would end here.
      guard.ref();
      const over = new Promise((settle) => guard?.once('exit', settle));
      guard.stdin?.end();
      await over;
    },
  };
}

function parseAnswer(text: string): UpSummary | { readonly error: unknown } | null {
  try {
    return JSON.parse(text) as UpSummary | { readonly error: unknown };
  } catch {
    return null;
  }
}
