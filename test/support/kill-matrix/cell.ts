/** One cell: a procedure, a process, and the activity boundary at which it is killed. */
import { expect } from 'vitest';
import type { Bench } from './bench.js';
import type { Facts, Procedure, RunKey } from './procedure.js';
import { settle, untilLedgerIsLevel, untilSpoolIsEmpty } from './settle.js';
import { allowKill, kill, killNext, untilAllRun, type Victim } from './victims.js';
import { type RunWatch, watchRun } from './watch-run.js';

const RUN_MS = 300_000;

interface Row {
  readonly name: string;
  readonly verdict: string;
}

/** What a run left. */
export interface Traces {
  readonly boundaries: number;
  readonly evidence: readonly Row[];
  readonly facts: Facts;
}

let cells = 0;

/** The procedure without any kill: what every other run of it is compared with. */
export async function undisturbed(bench: Bench, procedure: Procedure): Promise<Traces> {
  await settle(bench);
  return run(bench, procedure, Number.POSITIVE_INFINITY, async () => undefined);
}

/** `start`: when all of the desk is started again. Fails where the run does not end, leaves other evidence, does something twice, or harms what is kept. */
export async function killAt(
  bench: Bench,
  procedure: Procedure,
  expected: Traces,
  victim: Victim,
  boundary: number | 'start',
): Promise<void> {
  await settle(bench);
  await allowKill(bench, victim);
  const traces =
    boundary === 'start'
      ? await run(bench, procedure, 0, () => killNext(bench, victim))
      : await run(bench, procedure, boundary, () => kill(bench, victim));
  expectSame(procedure, traces, expected);
  await settle(bench);
}

/** Boundary 0 lies before the beginning; one that never comes is the end of the run. */
async function run(
  bench: Bench,
  procedure: Procedure,
  boundary: number,
  strike: () => Promise<void>,
): Promise<Traces> {
  cells += 1;
  const cell = `cell-${cells}`;
  // A halt that is prepared has its resumption at once.
  const sinceMs = Date.now();
  await procedure.prepare?.(bench);
  const watches: RunWatch[] = [];
  let struck: Promise<void> | null = null;
  const reach = (count: number): void => {
    if (struck !== null || count < boundary) return;
    struck = strike();
    struck.catch(() => undefined);
  };
  const signal = AbortSignal.timeout(RUN_MS);
  const watch = (workflowId: string): void => {
    if (watches.some((known) => known.workflowId === workflowId)) return;
    const watched = watchRun(bench.temporal, workflowId, sinceMs, signal, reach);
    watched.ended.catch(() => undefined);
    watches.push(watched);
  };
  reach(0);
  await procedure.carryOut(bench, watch, cell);
  const last = watches.at(-1);
  if (last === undefined) throw new Error(`${procedure.name} has named no run`);
  const { workflowId } = last;
  const firstRunId = await last.ended.catch(() =>
    Promise.reject(new Error(`${workflowId} has not ended within ${RUN_MS} ms`)),
  );
  await struck;
  await untilAllRun(bench);
  const key = { workflowId, firstRunId };
  await untilLedgerIsLevel(bench);
  await untilSpoolIsEmpty(bench);
  return {
    boundaries: Math.max(...watches.map((watched) => watched.boundaries())),
    evidence: await evidenceOf(bench, key),
    facts: await procedure.leaves(bench, key, cell),
  };
}

async function evidenceOf({ pool }: Bench, { workflowId, firstRunId }: RunKey): Promise<readonly Row[]> {
  const found = await pool.query<Row>(
    'select name, verdict from evidence where workflow_id = $1 and first_run_id = $2 order by id',
    [workflowId, firstRunId],
  );
  // Versions are counted: another run has another.
  return found.rows.map(({ name, verdict }) => ({ name: name.replaceAll(/\d+/g, 'N'), verdict }));
}

/**
 * Every step has left its evidence, and none has been done more often than in an undisturbed run. What failed while a
 * process was away may be there as well: it is what happened.
 */
function expectSame({ sometimes = [] }: Procedure, traces: Traces, expected: Traces): void {
  const names = ({ evidence }: Traces) =>
    [...new Set(evidence.map(({ name }) => name))].filter((name) => !sometimes.includes(name)).sort();
  expect(names(traces)).toEqual(names(expected));
  const done = ({ evidence }: Traces, name: string) =>
    evidence.filter((row) => row.name === name && row.verdict !== 'fail').length;
  const twice = names(expected).filter((name) => done(traces, name) > Math.max(1, done(expected, name)));
  expect(twice, JSON.stringify(traces.evidence)).toEqual([]);
  expect(traces.facts).toEqual(expected.facts);
}
