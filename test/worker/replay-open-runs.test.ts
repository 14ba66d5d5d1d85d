/** Before a build is replaced: would the new one go on with what is open now? */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_TIMING } from '../../src/contracts/emergency.js';
import { deskOwnerId, emergencyQueue, operationsQueue, pulseId } from '../../src/contracts/queues.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { replayOpenRuns } from '../../src/worker/replay-open-runs.js';
import { typesOf } from '../../src/worker/workflow-bundles.js';
import { openIncident } from '../incidents/incident-bench.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { bundleOf } from '../workflows/support/serve-queue.js';

/** Sealed, as on every installation. */
const home = mkdtempSync(join(tmpdir(), 'fermata-replay-'));
let bench: Bench;
beforeAll(async () => {
  await ensureSecrets(home);
  bench = await openBench(home);
});
afterAll(async () => {
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});

async function withOpenRuns(desk: BenchDesk): Promise<() => Promise<unknown>> {
  const { client } = bench;
  const incident = await openIncident(bench, desk, { kind: 'reported', subject: 'x' });
  const pulse = await client.workflow.start('pulse', {
    workflowId: pulseId(desk.name),
    taskQueue: operationsQueue(desk.name),
    args: [{ desk: desk.name, everyMs: 60_000 }],
  });
  const owner = await client.workflow.start('deskOwner', {
    workflowId: deskOwnerId(desk.name),
    taskQueue: emergencyQueue(desk.name),
    args: [{ desk: desk.name, admitted: [], orders: [], timing: EMERGENCY_TIMING }],
  });
  return () => Promise.all([incident.end(), pulse.terminate(), owner.terminate()]);
}

describe('a look before an upgrade', () => {
  it('says that every open run would go on, and names each that would stand still and why', async () => {
    const desk = await bench.desk();
    const end = await withOpenRuns(desk);
    const [emergency, operations] = [bundleOf('emergency').code, bundleOf('operations').code];
    const look = (bundles: { emergency: string; operations: string }) =>
      replayOpenRuns(bench.temporal, desk.name, bundles, home);
    const fits = await until('the list shows them', async () => {
      const runs = await look({ emergency, operations });
      return runs.length === 3 ? runs : null;
    });
    expect(fits.map(({ type, problem }) => [type, problem]).sort()).toEqual([
      ['deskOwner', null],
      ['incident', null],
      ['pulse', null],
    ]);
    // A build whose incidents tell people by another activity, without a patch.
    const changed = operations.replaceAll('announceIncident', 'announceSomething');
    expect(changed).not.toBe(operations);
    const runs = await look({ emergency, operations: changed });
    expect(runs.filter(({ problem }) => problem !== null).map(({ type }) => type)).toEqual(['incident']);
    expect(runs.find(({ type }) => type === 'incident')?.problem).toMatch(/announce/);
    // One that does not have them at all: another build began this run, and is not to be lost.
    const lacking = operations.replace(/(harmony export \*\/\s+)incident: \(\) =>/, '$1mishap: () =>');
    expect(lacking).not.toBe(operations);
    const begun = await look({ emergency, operations: lacking });
    expect(begun.find(({ type }) => type === 'incident')?.problem).toMatch(
      /no workflow of the type incident: keep the build/,
    );
    await end();
  });

  it('names a run of a type that no build knows: it has nothing to replay, and stands still already', async () => {
    const desk = await bench.desk();
    const run = await bench.client.workflow.start('no-such-workflow', {
      ...{ workflowId: `strange:${desk.name}`, taskQueue: operationsQueue(desk.name), args: [] },
    });
    const [emergency, operations] = [bundleOf('emergency').code, bundleOf('operations').code];
    const [found] = await until('the list shows it', async () => {
      const runs = await replayOpenRuns(bench.temporal, desk.name, { emergency, operations }, home);
      return runs.length > 0 ? runs : null;
    });
    expect(found).toMatchObject({
      type: 'no-such-workflow',
      problem: expect.stringMatching(/no workflow of the type no-such-workflow,.* terminate it/),
    });
    await run.terminate();
  });

  it('knows the types of each bundle by its code', async () => {
    const known = async (name: 'emergency' | 'operations') =>
      [...(typesOf(bundleOf(name).code) ?? [])].sort();
    expect(await known('emergency')).toEqual(expect.arrayContaining(['deskOwner', 'emergencyStop']));
    expect(await known('operations')).toEqual(
      expect.arrayContaining(['backup', 'goLive', 'incident', 'pulse', 'resumption', 'routine']),
    );
    expect(typesOf('nothing of ours')).toBeNull();
  });
});
