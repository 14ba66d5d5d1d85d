/** Kills a process of a running desk at a chosen activity boundary of one of its workflows, and looks at what is left. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { openTemporal } from '../../src/operations/temporal/open-temporal.js';
import { openPool } from '../../src/store/pool.js';
import { type DeskUnderTest, until } from './desk-under-test.js';

export const VICTIMS = [
  'trader',
  'engine-worker',
  'operations-worker',
  'web',
  'temporal',
  'postgres',
] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Procedure {
  readonly name: string;
  readonly workflowType: string;
  /** `routine` of its evidence. */
  readonly routine: string;
  /** Activity boundaries (scheduled, completed) of an undisturbed run, at most. */
  readonly boundaries: number;
  readonly command: readonly string[];
  /** Back to a desk that trades. */
  readonly undo: readonly string[] | null;
}

export const PROCEDURES: readonly Procedure[] = [
  {
    name: 'a routine',
    workflowType: 'routine',
    routine: 'pre-market',
    boundaries: 16,
    command: ['run', 'pre-market'],
    undo: null,
  },
  {
    name: 'an emergency stop',
    workflowType: 'emergencyStop',
    routine: 'emergency-stop',
    boundaries: 8,
    command: ['stop', '--reason', 'kill matrix'],
    undo: ['resume', '--reason', 'kill matrix'],
  },
];

interface Step {
  readonly step_key: string;
  /** The same in every run; the key of a stop holds its command. */
  readonly name: string;
  readonly attempt_group: number;
  readonly times: number;
}

/** Fails where the run does not end, leaves out a step of an undisturbed one, or has one twice. */
export async function killAt(
  desk: DeskUnderTest,
  procedure: Procedure,
  victim: Victim,
  boundary: number,
): Promise<void> {
  await untilTrading(desk);
  const expected = await undisturbed(desk, procedure);
  const since = new Date();
  const started = desk.run(...procedure.command);
  await untilBoundary(desk, procedure, since, boundary);
  process.kill(desk.pids().get(victim) ?? 0, 'SIGKILL');
  await started;
  const steps = await until(
    `${procedure.name} ended with its evidence after ${victim} was killed at boundary ${boundary}`,
    async () => {
      const found = await evidenceSince(desk, procedure, since);
      return expected.every((name) => found.some((step) => step.name === name)) ? found : null;
    },
    120_000,
  );
  expect(steps.filter(({ times }) => times > 1)).toEqual([]);
  await undo(desk, procedure);
}

async function undisturbed(desk: DeskUnderTest, procedure: Procedure): Promise<readonly string[]> {
  const since = new Date();
  await desk.run(...procedure.command);
  const steps = await until('an undisturbed run', async () => {
    const found = await evidenceSince(desk, procedure, since);
    return found.length > 0 ? found : null;
  });
  await undo(desk, procedure);
  return steps.map(({ name }) => name);
}

async function undo(desk: DeskUnderTest, { undo: command }: Procedure): Promise<void> {
  if (command !== null) await until('undone', async () => (await desk.run(...command)).code === 0);
}

const untilTrading = (desk: DeskUnderTest) =>
  until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE', 120_000);

const runtimeOf = ({ home }: DeskUnderTest): Runtime =>
  JSON.parse(readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8')) as Runtime;

/** Or the end of the run, whichever comes first: a kill after it must harm nothing either. */
async function untilBoundary(
  desk: DeskUnderTest,
  { workflowType }: Procedure,
  since: Date,
  boundary: number,
): Promise<void> {
  const temporal = openTemporal(runtimeOf(desk));
  const { workflow } = temporal.client;
  const query = `WorkflowType = "${workflowType}" AND StartTime >= "${since.toISOString()}"`;
  try {
    await until(
      `boundary ${boundary}`,
      async () => {
        for await (const { workflowId, runId, status } of workflow.list({ query })) {
          const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
          const seen = (events ?? []).filter(
            (event) =>
              event.activityTaskScheduledEventAttributes || event.activityTaskCompletedEventAttributes,
          ).length;
          if (seen >= boundary || status.name !== 'RUNNING') return true;
        }
        return false;
      },
      30_000,
    );
  } finally {
    await temporal.close();
  }
}

async function evidenceSince(desk: DeskUnderTest, { routine }: Procedure, since: Date): Promise<Step[]> {
  const pool = openPool(runtimeOf(desk), 'test');
  try {
    const found = await pool.query<Step>(
      `select step_key, min(name) as name, attempt_group, count(*)::int as times from evidence
       where routine = $1 and started >= $2 group by workflow_id, first_run_id, step_key, attempt_group`,
      [routine, since],
    );
    return found.rows;
  } finally {
    await pool.end();
  }
}
