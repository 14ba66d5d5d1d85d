/**
 * Somebody who meddles with a desk through everything that reaches its Temporal: cancels, terminates and resets runs,
 * signals garbage, starts runs with it, and sends raw requests to every port. Meanwhile people go on working. All of it
 * is drawn from a seed; what the desk makes of it is not looked at here.
 */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Random } from '../simulation/random.js';
import { type Bench, OPERATOR } from './kill-matrix/bench.js';
import { sendRawRequests } from './raw-requests.js';
import { targetsOf } from './survives-raw-requests.js';

const RAW_REQUESTS = 200;
const RUNS_MAX = 50;

export type Deed = 'cancel' | 'terminate' | 'reset' | 'signal' | 'start' | 'raw requests' | 'work';

/** Each as often as it is named here. */
const DEEDS: readonly Deed[] = [
  ...(['cancel', 'cancel', 'terminate', 'terminate', 'reset', 'reset'] as const),
  ...(['signal', 'signal', 'start', 'raw requests', 'work', 'work', 'work'] as const),
];

/** Does one thing; resolves with what it was. One that the server or the desk refuses is done with. */
export async function meddle(bench: Bench, random: Random): Promise<string> {
  const deed = random.pick(DEEDS);
  try {
    return `${deed}: ${await DONE[deed](bench, random)}`;
  } catch (error) {
    return `${deed}: refused (${String(error).slice(0, 120)})`;
  }
}

type Doing = (bench: Bench, random: Random) => Promise<string>;

const DONE: Readonly<Record<Deed, Doing>> = {
  cancel: async (bench, random) => {
    const run = await anyRun(bench, random);
    await bench.temporal.client.workflow.getHandle(run).cancel();
    return run;
  },
  terminate: async (bench, random) => {
    const run = await anyRun(bench, random);
    await bench.temporal.client.workflow.getHandle(run).terminate('at random');
    return run;
  },
  reset: async (bench, random) => {
    const run = await anyRun(bench, random);
    await resetAnywhere(bench.temporal.client, random, run);
    return run;
  },
  signal: async (bench, random) => {
    const run = await anyRun(bench, random);
    const name = random.pick(SIGNALS);
    await bench.temporal.client.workflow.getHandle(run).signal(name, random.pick(GARBAGE));
    return `${run} with ${JSON.stringify(name)}`;
  },
  start: async ({ runtime, temporal }, random) => {
    const type = random.pick(TYPES);
    const queue = random.pick(['operations', 'emergency']);
    await temporal.client.workflow.start(type, {
      workflowId: `meddled:${random.hex(8)}`,
      taskQueue: `${queue}:${runtime.desk}`,
      args: [random.pick(GARBAGE)],
      // A type that its queue does not know stands still for good.
      workflowExecutionTimeout: '60 seconds',
    });
    return `${type} on ${queue}`;
  },
  'raw requests': async ({ desk }, random) => {
    const seed = random.whole(1, 1_000_000);
    await sendRawRequests(targetsOf(desk), seed, RAW_REQUESTS);
    return `${RAW_REQUESTS} with seed ${seed}`;
  },
  work: async (bench, random) => {
    const [name, work] = random.pick(WORK);
    await work(bench, random);
    return name;
  },
};

/** What people do meanwhile, so that there are runs of every kind. */
const WORK: readonly (readonly [string, (bench: Bench, random: Random) => Promise<unknown>])[] = [
  ['a routine', ({ operations }) => operations.runRoutine(OPERATOR, { name: 'pre-market' })],
  [
    'an incident',
    ({ operations }, random) =>
      operations.openIncident(OPERATOR, {
        title: `Seen at random ${random.hex(4)}`,
        detail: 'by hand',
      }),
  ],
  [
    'a stop and a resumption',
    async ({ operations }) => {
      await operations.stopTrading(OPERATOR, { reason: 'at random' });
      await operations.resumeTrading(OPERATOR, { reason: 'at random' });
    },
  ],
  ['close all', ({ operations }) => operations.closeAllPositions(OPERATOR, { reason: 'at random' })],
  ['a backup', ({ operations }) => operations.takeBackup(OPERATOR, { verify: true, patienceMs: 30_000 })],
];

const SIGNALS = [
  'stop',
  'closeAll',
  'STOP ',
  'closeall',
  'lookAgain',
  'taskDone',
  'cancel',
  '',
  'x'.repeat(900),
];
const TYPES = ['routine', 'emergencyStop', 'resumption', 'incident', 'backup', 'pulse', 'no-such-type'];
const GARBAGE: readonly unknown[] = [
  ...[
    null,
    '',
    0,
    'a reason',
    { x: 1 },
    [],
    { desk: 7 },
    '\ud83d',
    '\u202egnihtemos\u0000',
    'y'.repeat(20_000),
  ],
  JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`),
];

async function anyRun({ runtime, temporal }: Bench, random: Random): Promise<string> {
  const query = `ExecutionStatus = "Running" AND FermataDesk = "${runtime.desk}"`;
  const runs: string[] = [];
  for await (const { workflowId } of temporal.client.workflow.list({ query })) {
    runs.push(workflowId);
    if (runs.length === RUNS_MAX) break;
  }
  return random.pick(runs);
}

async function resetAnywhere(client: Client, random: Random, workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const completed = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'at random',
    requestId: randomUUID(),
    workflowTaskFinishEventId: random.pick(completed).eventId ?? null,
  });
}
