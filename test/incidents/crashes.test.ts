/** A process that ended unexpectedly, from what its supervisor, or it itself, says to an incident that is open. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { ProcessStatus } from '../../src/home/supervisor-protocol.js';
import { readIncidents } from '../../src/store/incidents.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { incidentsOfProcesses } from '../../src/worker/incidents-of-trader.js';
import { roleLog } from '../../src/worker/role-log.js';
import type { TraderWatchContext } from '../../src/worker/trader-watch.js';
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
  await until('it is over', async () => ((await find())?.state === 'resolved' ? true : undefined), 60_000);
  expect((await find())?.outcome).toBe('trader runs again; the books agree with the venue');
});
