/** Somebody who reaches Temporal polls a task queue and answers with what was seen elsewhere: only time is lost. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { homePaths, SECRET_FILES } from '../../src/home/runtime.js';
import { dataConverterOf, FAILURE_CONVERTER } from '../../src/temporal/payload-codec.js';
import { bindAnswers } from '../../src/worker/keep-worker.js';
import { UNHEARD } from '../../src/worker/reconcile/ended-runs.js';
import { quietRuntime } from '../support/quiet-runtime.js';
import { sharedTemporal, type TemporalAddress } from '../support/temporal.js';

const POLL_MS = 30_000;
const home = mkdtempSync(join(tmpdir(), 'fermata-thief-'));
const interceptors = fileURLToPath(new URL('../../dist/workflows/interceptors.js', import.meta.url));
let address: TemporalAddress;
let connection: Connection;
let native: NativeConnection;
let client: Client;
let bundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  mkdirSync(homePaths(home).secrets, { recursive: true });
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.payloadKey), 'cd'.repeat(32));
  quietRuntime();
  address = await sharedTemporal();
  connection = await Connection.connect({ address: address.address });
  native = await NativeConnection.connect({ address: address.address });
  client = new Client({ connection, namespace: address.namespace, dataConverter: dataConverterOf(home) });
  bundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./support/asking-workflow.ts', import.meta.url)),
    workflowInterceptorModules: [interceptors],
    failureConverterPath: FAILURE_CONVERTER,
    logger: new DefaultLogger('ERROR'),
  });
});
afterAll(async () => {
  await native?.close();
  await connection?.close();
  rmSync(home, { recursive: true, force: true });
});

/** Of ours; `look` null: it runs workflows and leaves every activity to whoever polls for them. */
async function serve(taskQueue: string, look: string | null): Promise<void> {
  const worker = await Worker.create({
    ...{ connection: native, namespace: address.namespace, taskQueue, dataConverter: dataConverterOf(home) },
    ...(look === null
      ? { workflowBundle: bundle, sinks: UNHEARD }
      : { activities: { look: async () => look }, interceptors: { activity: [bindAnswers] } }),
    shutdownForceTime: '1s',
  });
  const ended = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await ended.catch(() => undefined);
  });
}

const start = (taskQueue: string, workflowId = `asking-${randomUUID()}`) =>
  client.workflow.start('asking', { workflowId, taskQueue, args: ['the venue'] });

/** What Temporal keeps of a run: the sealed arguments and the sealed answer of its activity, readable for everybody there. */
async function seenIn(workflowId: string): Promise<{ readonly argument: Payload; readonly answer: Payload }> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const argument = events?.find((event) => event.activityTaskScheduledEventAttributes)
    ?.activityTaskScheduledEventAttributes?.input?.payloads?.[0];
  const answer = events?.find((event) => event.activityTaskCompletedEventAttributes)
    ?.activityTaskCompletedEventAttributes?.result?.payloads?.[0];
  return { argument: argument as Payload, answer: answer as Payload };
}

/** Polls as any program here could, and answers. */
async function steal(
  taskQueue: string,
  answers: readonly (Payload | null | 'its own argument')[],
): Promise<void> {
  const { namespace } = address;
  for (const answer of answers) {
    const task = await connection.withDeadline(Date.now() + POLL_MS, () =>
      connection.workflowService.pollActivityTaskQueue({ namespace, taskQueue: { name: taskQueue } }),
    );
    const payload = answer === 'its own argument' ? (task.input?.payloads?.[0] as Payload) : answer;
    await connection.workflowService.respondActivityTaskCompleted({
      ...{ namespace, taskToken: task.taskToken },
      ...(payload === null ? {} : { result: { payloads: [payload] } }),
    });
  }
}

async function passedBefore(
  workflowId: string,
): Promise<{ readonly argument: Payload; readonly answer: Payload }> {
  const queue = `honest-${randomUUID()}`;
  await serve(queue, null);
  await serve(queue, 'pass');
  expect(await (await start(queue, workflowId)).result()).toBe('pass');
  return seenIn(workflowId);
}

describe('a thief at a task queue', () => {
  it('changes nothing but time: another run’s answer, arguments, plain text, or nothing at all is no answer', async () => {
    const { answer, argument } = await passedBefore(`asking-${randomUUID()}`);
    const queue = `robbed-${randomUUID()}`;
    await serve(queue, null);
    const robbed = await start(queue);
    const relabelled = {
      ...answer,
      metadata: {
        ...answer.metadata,
        'fermata-for': Buffer.from(JSON.stringify([address.namespace, robbed.workflowId, 'bound-1'])),
      },
    };
    const plain = defaultPayloadConverter.toPayload({ answerOf: 'look', value: 'pass' });
    await steal(queue, [answer, argument, relabelled, plain, null, 'its own argument']);
    await serve(queue, 'fail');
    expect(await robbed.result()).toBe('fail');
  });

  it('finds no use for the answers of an earlier run of the same workflow: ids of activities are unique', async () => {
    const workflowId = `asking-${randomUUID()}`;
    const { answer } = await passedBefore(workflowId);
    const queue = `robbed-${randomUUID()}`;
    await serve(queue, null);
    const again = await start(queue, workflowId);
    await steal(queue, [answer]);
    await serve(queue, 'fail');
    expect(await again.result()).toBe('fail');
  });
});
