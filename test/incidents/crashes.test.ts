/** A process that ended unexpectedly, from what its supervisor, or it itself, says to an incident that is open. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { incidentId } from '../../src/contracts/queues.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { homePaths } from '../../src/home/runtime.js';
import { type ProcessStatus, supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import type { ProcessSeen } from '../../src/playbooks/playbook.js';
import { recordEvidenceBatch } from '../../src/store/evidence-rows.js';
import { readIncidents } from '../../src/store/incident-rows.js';
import { openSupervisorSocket, type SupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { fingerprintOf, symptomsOfProcess } from '../../src/temporal/report-incident.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { incidentsOfProcesses } from '../../src/worker/incidents-of-trader.js';
import type { TraderWatchContext } from '../../src/worker/repeat.js';
import { roleLog } from '../../src/worker/role-log.js';
import { watchProcesses } from '../../src/worker/watch-processes.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';

let bench: Bench;
let desk: BenchDesk;
beforeAll(async () => {
  bench = await openBench();
  desk = await bench.desk({ serve: ['operations', 'engine'] });
});
afterAll(() => bench?.close());

const contextOf = (of: BenchDesk, incarnation: string | null = null): TraderWatchContext => ({
  ...{ temporal: bench.temporal, pool: bench.database.pool, trader: of.trader.client },
  desk: { ...loadDesk(resolveDesk('crypto-bot')).desk, desk: of.name },
  log: roleLog('test'),
  seen: { incarnation },
});

it('opens a crash incident, naming the process and how it ended, and none for one that only runs', async () => {
  const running = { name: 'trader', state: 'running', pid: 1, restarts: 0, lastDeath: null } as const;
  let processes: readonly ProcessStatus[] = [running];
  let looks = 0;
  const context = contextOf(desk);
  const watch = incidentsOfProcesses(context, context.log, async () => {
    looks += 1;
    return processes;
  });
  const open = () => readIncidents(bench.database.pool, desk.name);
  await until('two looks', async () => looks > 1 || undefined);
  expect(await open()).toEqual([]);
  processes = [{ ...running, restarts: 1, lastDeath: { how: 'SIGKILL', atMs: 5 } }];
  await until('the incident', async () => (await open()).length > 0 || undefined);
  await watch.stop();
  // Its playbook may be through with it by now: the trader runs.
  expect(await open()).toMatchObject([{ kind: 'crash-and-restart', title: 'trader ended unexpectedly' }]);
});

it('opens one for a trader alone that is silent, about the journal that answered last, and ends it when that is clean', async () => {
  const alone = await bench.desk({ serve: ['operations', 'engine'] });
  const context = contextOf(alone, alone.trader.incarnation);
  const trader = { name: 'trader', state: 'silent', lastDeath: null, silentSinceMs: 60_000 } as const;
  alone.trader.gone = true;
  alone.processes.set('trader', 'silent');
  const watch = incidentsOfProcesses(context, context.log, async () => [trader]);
  const find = async () => (await readIncidents(bench.database.pool, alone.name))[0];
  const opened = await until('the incident', find);
  await watch.stop();
  expect(opened).toMatchObject({ kind: 'crash-and-restart', title: 'trader is silent', state: 'open' });
  alone.processes.set('trader', 'running');
  alone.trader.gone = false;
  await until('it is over', async () => ((await find())?.state === 'resolved' ? true : undefined));
  expect((await find())?.outcome).toBe('trader runs again; the books agree with the venue');
});

it('opens one, once, for a desk that had ended as a whole and not in order, whoever looks; none for any other start', async () => {
  const { pool } = bench.database;
  const began = Date.now() - 60_000;
  const trader = { name: 'trader', state: 'running', lastDeath: null, startedWallMs: began } as const;
  const halted = (of: BenchDesk, cause: string, wallMs: number, incarnation = 'one') =>
    pool.query(
      `insert into halts (desk, halt_id, mode, scope, cause, by_whom, reason, resume, market, wall, incarnation)
       values ($1, $2, 'HALTED', 'desk', $3, 'fermata', 'because', 'auto', $4, $4, $5)`,
      [of.name, `${cause}:${wallMs}`, cause, new Date(wallMs), incarnation],
    );
  const find = (of: BenchDesk) => readIncidents(pool, of.name);
  const watched = async (of: BenchDesk, seen: ProcessSeen = trader) => {
    let looks = 0;
    const context = contextOf(of);
    const watch = incidentsOfProcesses(context, context.log, async () => {
      looks += 1;
      return [seen];
    });
    await until('some looks', async () => looks > 2 || undefined);
    await watch.stop();
    return find(of);
  };
  const first = await bench.desk({ serve: ['operations', 'engine'] });
  await halted(first, 'startup', began + 1_000);
  expect(await watched(first)).toEqual([]);

  const cut = await bench.desk({ serve: ['operations', 'engine'] });
  cut.processes.set('supervisor', 'running');
  await halted(cut, 'startup', began - 3_600_000);
  // Its ledger has yet to hear of the start.
  expect(await watched(cut)).toEqual([]);
  await halted(cut, 'startup', began + 1_000);
  // The supervisor has told of the end of the trader alone.
  expect(await watched(cut, { ...trader, lastDeath: { how: 'SIGKILL', atMs: 5 } })).toMatchObject([
    { subject: 'trader' },
  ]);
  const ofDesk = (all: Awaited<ReturnType<typeof find>>) =>
    all.filter(({ subject }) => subject === 'supervisor');
  const isOpen = async () => ofDesk(await find(cut)).length > 0 || undefined;
  const context = contextOf(cut);
  const watch = incidentsOfProcesses(context, context.log, async () => [trader]);
  await until('the incident', isOpen);
  await watch.stop();
  expect(ofDesk(await find(cut))).toMatchObject([
    {
      kind: 'crash-and-restart',
      title: 'supervisor ended unexpectedly',
      detail: expect.stringContaining('everything ended at once and not in order'),
    },
  ]);
  await until(
    'it is over',
    async () => ofDesk(await find(cut))[0]?.state === 'resolved' || undefined,
    60_000,
  );
  expect(ofDesk(await watched(cut))).toHaveLength(1);

  const others = await bench.desk({ serve: ['operations', 'engine'] });
  await halted(others, 'startup', began - 7_200_000);
  await halted(others, 'shutdown', began - 3_600_000);
  await halted(others, 'startup', began + 1_000);
  expect(await watched(others)).toEqual([]);
  // Restored: how the desk ended that the backup is of, nobody knows.
  const restored = await bench.desk({ serve: ['operations', 'engine'] });
  await halted(restored, 'startup', began - 3_600_000);
  await halted(restored, 'startup', began + 1_000, 'two');
  expect(await watched(restored)).toEqual([]);
  // Its journal was copied under another incarnation, and the ledger has taken the old halts along.
  const copied = await bench.desk({ serve: ['operations', 'engine'] });
  await halted(copied, 'startup', began - 3_600_000, 'two');
  await halted(copied, 'startup', began + 1_000, 'two');
  const startedMs = began - 60_000;
  const run = { workflowId: `restore:${copied.name}`, firstRunId: 'run', runId: 'run', routine: 'restore' };
  await recordEvidenceBatch(pool, [
    {
      ...{ desk: copied.name, ...run, stepKey: 'restore', name: 'Backup restored', kind: 'action' },
      ...{ verdict: 'pass', observed: 'restored', expected: 'restored', startedMs, finishedMs: startedMs },
      ...{ marketMs: null, person: null, reference: null, simulated: false },
    },
  ]);
  expect(await watched(copied)).toEqual([]);
});

/** Without a supervisor; `supervise` begins one. */
async function unsupervised() {
  const home = mkdtempSync(join(tmpdir(), 'fermata-unsupervised-'));
  vi.stubEnv('FERMATA_RUNTIME', 'given');
  let socket: SupervisorSocket | null = null;
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await socket?.close();
    rmSync(homePaths(home).sockets, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
  });
  const notAsked = (): never => {
    throw new Error('not asked here');
  };
  const orders = { stop: notAsked, restart: notAsked, startAgain: notAsked };
  const supervise = async () => {
    socket = await openSupervisorSocket(supervisorSocketPath(home), {
      ...{ ...orders, restoreDatabase: notAsked, switchBuild: notAsked },
      who: () => ({ pid: process.pid, desk: 'd', startedWallMs: 0, phase: 'running' }),
      processes: () => [],
    });
  };
  const end = async () => {
    await socket?.close();
    socket = null;
  };
  return { home, supervise, end };
}

it('opens one, once, for a supervisor that gives no answer for long while the trader gives none, and ends it when it runs', async () => {
  const { home, supervise, end } = await unsupervised();
  const of = await bench.desk({ serve: ['operations', 'engine'] });
  const context = contextOf(of);
  const processes = watchProcesses({ home }, of.trader.client);
  const look = async (times: number) => {
    for (let time = 1; time < times; time += 1) await processes.look();
    return processes.look();
  };
  await supervise();
  of.trader.gone = true;
  expect(await look(31)).toEqual([]);
  await end();
  of.trader.gone = false;
  expect(await look(31)).toEqual([]);
  of.trader.gone = true;
  expect(await look(29)).toEqual([]);
  const [silent] = await look(1);
  expect(silent).toMatchObject({ name: 'supervisor', state: 'silent' });
  expect(await look(1)).toEqual([silent]);
  expect(await processes.state('supervisor')).toBe('silent');
  expect(await processes.state('web')).toBeNull();
  of.processes.set('supervisor', 'silent');
  const watch = incidentsOfProcesses(context, context.log, processes.look);
  const find = () => readIncidents(bench.database.pool, of.name);
  await until('the incident', async () => (await find()).length > 0 || undefined);
  expect(await find()).toMatchObject([
    { kind: 'crash-and-restart', title: 'supervisor is silent', state: 'open' },
  ]);
  expect(symptomsOfProcess(silent!)[0]?.detail).toMatch(
    /^neither the supervisor nor the trader has answered since .*: nothing trades.*start the desk again: fermata up$/,
  );
  await supervise();
  expect(await processes.state('supervisor')).toBe('running');
  expect(await look(31)).toEqual([]);
  await watch.stop();
  of.processes.set('supervisor', 'running');
  await until('it is over', async () => (await find())[0]?.state === 'resolved' || undefined);
  expect(await find()).toMatchObject([{ outcome: 'supervisor runs again' }]);
});

it('opens none again that is over while Postgres is away, also where the worker was begun anew', async () => {
  const of = await bench.desk({ serve: ['operations', 'engine'] });
  const { pool } = bench.database;
  let isAway = false;
  const query = (text: string, values: unknown[]) =>
    isAway ? Promise.reject(new Error('Postgres is down')) : pool.query(text, values);
  const context = { ...contextOf(of), pool: { query } as never };
  const crashOf = (name: string, atMs: number): ProcessSeen => ({
    ...{ name, state: 'running', lastDeath: { how: 'SIGKILL', atMs } },
  });
  const incidentOf = (subject: string) =>
    bench.client.workflow.getHandle(
      incidentId(fingerprintOf(of.name, { kind: 'crash-and-restart', subject })),
    );
  const stateOf = (subject: string) =>
    incidentOf(subject)
      .describe()
      .then(({ status }) => status.name)
      .catch(() => null);
  let processes = [crashOf('web', Date.now())];
  const begin = () => incidentsOfProcesses(context, context.log, async () => processes);

  const first = begin();
  await until('it is settled', async () => {
    const sql = 'select from incident_alert where desk = $1 and settled';
    return (await pool.query(sql, [of.name])).rows.length > 0 || undefined;
  });
  await incidentOf('web').terminate();
  isAway = true;
  // What is reported again after half a minute is due at once.
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
  processes = [...processes, crashOf('trader', Date.now())];
  await until('the new one', () => stateOf('trader'));
  await first.stop();
  expect(await stateOf('web')).toBe('TERMINATED');

  processes = [crashOf('web', Date.now() - 86_400_000), crashOf('auditor', Date.now())];
  const second = begin();
  await until('the new one of the next worker', () => stateOf('auditor'));
  await second.stop();
  clock.mockRestore();
  expect(await stateOf('web')).toBe('TERMINATED');
});
