/** What `fermata restart --all` looks at once everything is started again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { MonitorShown } from '../../src/checks/read-monitor.js';
import { monitorLines } from '../../src/cli/commands/monitor-command.js';
import { sayStartedAgain } from '../../src/cli/commands/restart.js';
import { healthProblems, lookAtStart, untilStartedAgain } from '../../src/cli/restart-all.js';
import { askSupervisor, type DeskPhase, supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { openSupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { makeHome, removeHome } from '../supervisor/support/desk-home.js';
import { commandsInOneProcess } from './run-command.js';
import { writeRuntime } from './trader-double.js';

const runCommand = commandsInOneProcess();

type Looked = Pick<MonitorShown, 'status' | 'processes' | 'stored'>;

const process = (name: string, state: 'running' | 'down') =>
  ({ name, state, pid: 1, restarts: 0, upMs: 1, memoryBytes: 1 }) as const;
const WELL: Looked = {
  status: { mode: 'HALTED' } as never,
  processes: [process('supervisor', 'running'), process('trader', 'running'), process('web', 'running')],
  stored: { database: 1, backups: 1 },
};

async function pageThatAnswers(status: number): Promise<number> {
  const page = createServer((_asked, answer) => answer.writeHead(status).end());
  await new Promise<void>((listens) => page.listen(0, '127.0.0.1', listens));
  onTestFinished(() => {
    page.closeAllConnections();
    page.close();
  });
  return (page.address() as AddressInfo).port;
}

const problems = (port: number, looked: Partial<Looked> = {}) =>
  healthProblems({ web: { host: '127.0.0.1', port } }, { ...WELL, ...looked });

it('is well where trader, processes, database and page answer, halted or not', async () => {
  expect(await problems(await pageThatAnswers(200))).toEqual([]);
});

it.each<[string, Partial<Looked>]>([
  ['trader: no answer', { status: { missing: 'no answer' } }],
  ['web is down', { processes: [process('trader', 'running'), process('web', 'down')] }],
  ['processes: no supervisor', { processes: { missing: 'no supervisor' } }],
  ['database: connection refused', { stored: { missing: 'connection refused' } }],
])('names what is not: %s', async (problem, looked) => {
  expect(await problems(await pageThatAnswers(200), looked)).toEqual([problem]);
});

it.each([
  [0, 'no error is kept'],
  [2, 'fermata monitor --full shows the newest'],
])('says of %i errors today, none of which is shown, no more than is so', (errorsToday, says) => {
  const away = { missing: 'no answer' };
  const shown = { desk: 'd', status: away, processes: away, stored: away, disk: away } as MonitorShown;
  const lines = monitorLines({ ...shown, ...{ errorsToday, errors: [], setups: [], tail: [], alerts: [] } });
  expect(lines.join('\n')).toContain(`errors today: ${errorsToday}\n  ${says}`);
});

it('says what is not healthy, and ends with 1 for it alone', () => {
  const away = { missing: 'no answer' };
  const logs = { alerts: [], errorsToday: 0, errors: [], setups: [], tail: [] };
  const shown: MonitorShown = { atMs: 0, desk: 'slob', ...WELL, status: away, disk: away, ...logs } as never;
  const said: string[] = [];
  vi.spyOn(globalThis.process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  const endsWith = (...problems: readonly string[]) => {
    sayStartedAgain({ shown, problems, tookMs: 42_000 }, false);
    const { exitCode } = globalThis.process;
    globalThis.process.exitCode = undefined;
    return [exitCode, said.join('').trimEnd().split('\n').at(-1)];
  };
  const codes = [endsWith(), endsWith('web is down', 'page: it does not answer')];
  vi.mocked(globalThis.process.stdout.write).mockRestore();
  expect(codes).toEqual([
    [undefined, '✓ everything was started again, and answers after 42 s'],
    [1, '✗ started again, but not healthy after 42 s: web is down; page: it does not answer'],
  ]);
});

it('is of the trader where no process is named, and of everything after thirty seconds where no pause is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-restart-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { home, desk } = writeRuntime(join(folder, 'home'));
  const asked: unknown[] = [];
  const socket = await openSupervisorSocket(supervisorSocketPath(home), {
    who: () => ({ pid: 7, desk, startedWallMs: 2, phase: 'running' }),
    restart: async (given: { name: string }) => {
      asked.push(given);
      return { ...process(given.name, 'running'), pid: 7, startedWallMs: 2 };
    },
    startAgain: async (given: object) => {
      asked.push(given);
      throw new Error('the desk is ending already');
    },
  } as never);
  onTestFinished(() => socket.close());
  expect(await runCommand(folder, ['restart'])).toMatchObject({
    ...{ code: 0, out: '✓ trader was started again (process 7)\n' },
  });
  expect((await runCommand(folder, ['restart', '--all'])).code).toBe(1);
  expect(asked).toEqual([{ name: 'trader' }, { pauseMs: 30_000 }]);
});

it('names a page that is unhealthy, or does not answer', async () => {
  expect(await problems(await pageThatAnswers(503))).toEqual(['page: it answers 503']);
  // Nothing listens at the first port.
  expect(await problems(1)).toEqual(['page: it does not answer']);
});

/** The supervisor of a start that says these phases, one each time it is asked, and then the last one. */
async function startThatSays(...phases: readonly DeskPhase[]): Promise<string> {
  const home = makeHome();
  let asked = 0;
  const who = () => {
    const phase = phases[Math.min(asked, phases.length - 1)] ?? 'running';
    asked += 1;
    return { pid: 7, desk: 'slob', startedWallMs: 2, phase };
  };
  const socket = await openSupervisorSocket(supervisorSocketPath(home), { who } as never);
  onTestFinished(async () => {
    await socket.close();
    removeHome(home);
  });
  return home;
}

it('names the processes there are, where one is asked for that is none', async () => {
  const home = makeHome();
  const refuses = () => {
    throw Object.assign(new Error('there is no process web2 here'), { doThis: 'name one of: trader, web' });
  };
  const socket = await openSupervisorSocket(supervisorSocketPath(home), { restart: refuses } as never);
  onTestFinished(async () => {
    await socket.close();
    removeHome(home);
  });
  await expect(askSupervisor(home, 'restart', { name: 'web2' }, 2_000)).rejects.toMatchObject({
    message: 'there is no process web2 here',
    doThis: 'name one of: trader, web',
  });
});

const SIGNING_IN = Array.from({ length: 8 }, (): DeskPhase => 'signing in');

it('is over once another start runs, not while the one that was to end still answers', async () => {
  const home = await startThatSays('running');
  const restart = { starter: globalThis.process.pid, beforeMs: 2, withinMs: 0 };
  await expect(untilStartedAgain(home, restart)).rejects.toThrow('the desk is not back in its time');
  await untilStartedAgain(home, { ...restart, beforeMs: 1 });
});

it('waits for a start that waits for a sign-in, and has its own time for all else', async () => {
  const restart = { starter: globalThis.process.pid, beforeMs: 1, withinMs: 0 };
  await untilStartedAgain(await startThatSays(...SIGNING_IN, 'starting', 'running'), restart);
  await expect(untilStartedAgain(await startThatSays('starting'), restart)).rejects.toThrow(
    'the desk is not back in its time',
  );
});

it('says of a build on trial whether its start waits for a sign-in', async () => {
  const NOT_ALL = ['it has not started everything'];
  const signingIn = await startThatSays('signing in');
  expect(await lookAtStart(signingIn, 7)).toEqual({ problems: NOT_ALL, isSigningIn: true });
  // Of another start nobody knows.
  expect(await lookAtStart(signingIn, 8)).toEqual({ problems: NOT_ALL, isSigningIn: false });
  expect(await lookAtStart(await startThatSays('starting'), 7)).toEqual({
    ...{ problems: NOT_ALL, isSigningIn: false },
  });
});
