/** Sends raw requests to a whole desk, then looks at each of its processes. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { cookieEndingOf } from '../../src/api/auth/tokens.js';
import { deskPaths, homePaths, type Runtime } from '../../src/home/runtime.js';
import { readSecret } from '../../src/home/secrets.js';
import { askSupervisor, supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import type { DeskUnderTest } from './desk-under-test.js';
import { until } from './eventually.js';
import { sendRawRequests, type Target } from './raw-requests.js';

export async function survivesRawRequests(desk: DeskUnderTest, seed: number, count: number): Promise<void> {
  await desk.up('--market', 'simulated', '--separate');
  const before = await pidsOf(desk);
  const targets = targetsOf(desk);
  // Where Temporal has a network of its own, each worker has a gate there.
  if (temporalOf(desk).isolation === 'own-network')
    for (const role of ['engine-worker', 'operations-worker'])
      expect(targets.map(({ name }) => name)).toContain(`port of the ${role}`);
  const token = await tokenOf(desk, targets);
  const counts = await sendRawRequests(
    targets.map((target) => (target.speaks === 'frames' ? { ...target, token } : target)),
    seed,
    count,
  );
  console.log(`seed ${seed}: ${JSON.stringify(counts)}`);
  expect(counts.sent).toBe(count);
  // Frames were read as frames, by who is signed in and by who is not.
  expect(counts.upgraded).toBeGreaterThan(count / 100);
  expect(counts.welcomed).toBeGreaterThan(0);
  await until('the desk’s answers afterwards', async () => (await desk.run('status', '--json')).code === 0);
  expect(await pidsOf(desk), `seed ${seed}: processes that ended`).toEqual(before);
}

async function pidsOf({ home }: DeskUnderTest): Promise<unknown> {
  const [supervisor, processes] = await Promise.all([
    askSupervisor(home, 'who', {}, 10_000),
    askSupervisor(home, 'processes', {}, 10_000),
  ]);
  const roles = processes.map(({ name, pid, state }) => [name, [pid, state]]);
  return { supervisor: supervisor.pid, ...Object.fromEntries(roles) };
}

/** Valid for 15 minutes: what comes later is a stranger's. */
async function tokenOf({ home }: DeskUnderTest, [dashboard]: readonly Target[]): Promise<string> {
  const port = dashboard !== undefined && 'port' in dashboard.at ? dashboard.at.port : 0;
  const answer = await fetch(`http://127.0.0.1:${port}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'operator', password: readSecret(home, 'operatorPassword') }),
  });
  return ((await answer.json()) as { accessToken: string }).accessToken;
}

function temporalOf({ home }: Pick<DeskUnderTest, 'home'>): Runtime['temporal'] {
  const runtime = readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8');
  return (JSON.parse(runtime) as Runtime).temporal;
}

export function targetsOf({
  home,
  desk,
  pids,
}: Pick<DeskUnderTest, 'home' | 'desk' | 'pids'>): readonly Target[] {
  const paths = homePaths(home);
  const ports = JSON.parse(readFileSync(join(paths.run, 'ports.json'), 'utf8')) as {
    readonly web: number;
    readonly temporalUiProxy: number;
    readonly workerMetrics: Readonly<Record<string, number>>;
  };
  const cookieEnding = cookieEndingOf(home);
  const port = (name: string, number: number): Target => ({
    name,
    at: { host: '127.0.0.1', port: number },
    speaks: 'http',
    cookieEnding,
  });
  const named: readonly number[] = [ports.web, ports.temporalUiProxy, ...Object.values(ports.workerMetrics)];
  // Stores are not ours, and Temporal's network is not this one.
  const roles = [...pids()].filter(([name]) => name !== 'postgres' && name !== 'temporal');
  const others = roles.flatMap(([name, pid]) =>
    listening(pid)
      .filter((number) => !named.includes(number))
      .map((number) => port(`port of the ${name}`, number)),
  );
  return [
    port('dashboard', ports.web),
    { ...port('live updates', ports.web), speaks: 'frames' },
    port('proxy of Temporal’s UI', ports.temporalUiProxy),
    ...Object.entries(ports.workerMetrics).map(([role, at]) => port(`figures of the ${role}`, at)),
    ...others,
    { name: 'control socket', at: { path: deskPaths(paths, desk).controlSocket }, speaks: 'lines' },
    { name: 'supervisor', at: { path: supervisorSocketPath(home) }, speaks: 'lines' },
  ];
}

const LISTEN = '0A';

/** TCP ports of this process, as Linux tells them; none elsewhere. */
function listening(pid: number): readonly number[] {
  try {
    const folder = `/proc/${pid}/fd`;
    const sockets = new Set(
      readdirSync(folder).flatMap((fd) => {
        try {
          return [/^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, fd)))?.[1] ?? ''];
        } catch {
          // Closed since it was listed.
          return [];
        }
      }),
    );
    const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n').slice(1);
    return lines.flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const number = Number.parseInt(local.split(':')[1] ?? '', 16);
      return state === LISTEN && sockets.has(inode) ? [number] : [];
    });
  } catch {
    return [];
  }
}
