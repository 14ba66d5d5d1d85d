/** Workflows whose payloads are sealed, on a real server: what Temporal keeps, and what plain text can still do. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_TIMING } from '../../src/contracts/emergency.js';
import { deskOwnerId, emergencyQueue } from '../../src/contracts/queues.js';
import type { Decision } from '../../src/domain/decision.js';
import { homePaths, SECRET_FILES } from '../../src/home/runtime.js';
import { FAILURE_CONVERTER, payloadCodecOf } from '../../src/temporal/payload-codec.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { askToResume } from './support/questions.js';

const home = mkdtempSync(join(tmpdir(), 'fermata-sealed-'));
let bench: Bench;
/** As Temporal's own UI: what it sends is plain text, what it is sent is opened for it. */
let stranger: Client;

beforeAll(async () => {
  mkdirSync(homePaths(home).secrets, { recursive: true });
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.payloadKey), 'cd'.repeat(32));
  bench = await openBench(home);
  const { address, namespace } = bench.address;
  const { decode } = payloadCodecOf(home);
  stranger = new Client({
    connection: await Connection.connect({ address }),
    namespace,
    dataConverter: {
      failureConverterPath: FAILURE_CONVERTER,
      payloadCodecs: [{ encode: async (payloads) => payloads, decode }],
    },
  });
});
afterAll(async () => {
  await stranger?.connection.close();
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});

async function owned(desk: BenchDesk): Promise<WorkflowHandle> {
  const admitted = [{ incarnation: desk.trader.incarnation, place: 'here' }];
  return bench.client.workflow.start('deskOwner', {
    workflowId: deskOwnerId(desk.name),
    taskQueue: emergencyQueue(desk.name),
    args: [{ desk: desk.name, admitted, orders: [], timing: EMERGENCY_TIMING }],
    staticSummary: 'summary-in-the-clear?',
  });
}

/** A stop that only a person lifts, and that person's decision. */
async function waitingForPerson() {
  const { desk, workflowId, answer } = await askToResume(bench);
  return { desk, handle: bench.client.workflow.getHandle(workflowId), decision: answer() as Decision };
}

async function keptBy({ workflowId }: WorkflowHandle): Promise<string> {
  const handle = stranger.workflow.getHandle(workflowId);
  const { events } = await handle.fetchHistory();
  // Names of patches are Temporal's own, and no payload of ours.
  const ours = events?.filter(
    (event) => !event.markerRecordedEventAttributes && !event.upsertWorkflowSearchAttributesEventAttributes,
  );
  const kept = historyToJSON({ events: ours ?? [] });
  // Payloads are base64 there: whatever is readable in them counts too.
  const readable = [...kept.matchAll(/"(?:data|encoding)":\s*"([^"]*)"/g)].map(([, data]) =>
    Buffer.from(data ?? '', 'base64').toString(),
  );
  return kept + readable.join('\n');
}

const refusalOf = (rejecting: Promise<unknown>): Promise<string> =>
  rejecting.then(
    () => 'nothing was refused',
    (error: Error) => `${error.message}: ${String(error.cause)}`,
  );

describe('a workflow with sealed payloads', () => {
  it('is stopped by plain text, whose reason counts and whose claims do not', async () => {
    const desk = await bench.desk();
    const owner = await owned(desk);
    const claims = { reason: 'prices look wrong', by: 'anna', sentTo: [desk.trader.incarnation] };
    await stranger.workflow.getHandle(owner.workflowId).signal('stop', claims);
    await until('the trader is stopped', () => desk.trader.sent('stop').length === 1);
    expect(desk.trader.sent('stop')).toMatchObject([{ reason: 'prices look wrong', by: 'Temporal' }]);
    await owner.terminate();
  });

  it('refuses a decision in plain text, even one that was signed, and takes it sealed', async () => {
    const { desk, handle, decision } = await waitingForPerson();
    const inPlainText = stranger.workflow.getHandle(handle.workflowId);
    expect(await refusalOf(inPlainText.executeUpdate('decide', { args: [decision] }))).toContain(
      'in plain text counts for nothing',
    );
    expect(desk.trader.mode).toBe('HALTED');
    expect(await refusalOf(handle.executeUpdate('decide', { args: ['no decision'] }))).toContain(
      'expected the choice',
    );
    await handle.executeUpdate('decide', { args: [decision] });
    expect(await handle.result()).toMatchObject({ state: 'armed' });
  });

  it('refuses to admit a trader in plain text', async () => {
    const desk = await bench.desk();
    const owner = await owned(desk);
    const admitted = { args: [{ incarnation: 'evil00', place: 'x' }] as [object] };
    const plain = stranger.workflow.getHandle(owner.workflowId).executeUpdate('admitIncarnation', admitted);
    expect(await refusalOf(plain)).not.toBe('nothing was refused');
    expect(await owner.query('incarnations')).toMatchObject([{ incarnation: desk.trader.incarnation }]);
    await owner.terminate();
  });

  it('leaves nothing readable with Temporal: arguments, results, summaries, failures', async () => {
    const { handle, decision } = await waitingForPerson();
    const forged = { ...decision, choice: 'resume' as const, mac: '00'.repeat(32), person: 'forger-by-name' };
    await refusalOf(handle.executeUpdate('decide', { args: [forged] }));
    const kept = await keptBy(handle);
    expect(kept).toContain('binary/sealed');
    expect(kept).toContain('activityTaskFailedEventAttributes');
    for (const words of ['forger-by-name', decision.decisionId, 'Did ', '    at ', 'json/plain'])
      expect(kept).not.toContain(words);
    await handle.terminate();

    const owner = await owned(await bench.desk());
    expect(await keptBy(owner)).not.toContain('in-the-clear');
    await owner.terminate();
  });
});
