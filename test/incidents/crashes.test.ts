/** A process that ended unexpectedly, from what its supervisor says to an incident that is open. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadDesk } from '../../src/desk/load.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { ProcessStatus } from '../../src/home/supervisor-protocol.js';
import { readIncidents } from '../../src/store/incidents.js';
import { incidentsOfProcesses } from '../../src/worker/incidents-of-trader.js';
import { roleLog } from '../../src/worker/role-log.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { until } from '../workflows/support/until.js';

let bench: Bench;
let desk: BenchDesk;
beforeAll(async () => {
  bench = await openBench();
  desk = await bench.desk({ serve: ['operations', 'engine'] });
});
afterAll(() => bench?.close());

it('opens a crash incident, naming the process and how it ended, and none for one that only runs', async () => {
  const running = { name: 'trader', state: 'running', pid: 1, restarts: 0, lastDeath: null } as const;
  let processes: readonly ProcessStatus[] = [running];
  let looks = 0;
  const context = {
    ...{ temporal: bench.temporal, pool: bench.database.pool, trader: desk.trader.client },
    ...{ desk: { ...loadDesk(resolveDesk('crypto-bot')).desk, desk: desk.name }, log: roleLog('test') },
  };
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
  expect(await open()).toMatchObject([
    { kind: 'crash-and-restart', title: 'trader ended unexpectedly', state: 'open' },
  ]);
});
