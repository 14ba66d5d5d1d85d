/** A Temporal server that somebody else runs, and that counts who asks it what. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';
import { TEMPORAL_NAMESPACE } from '../../src/supervisor/temporal/server-options.js';
import { chooseTemporalPorts, startTemporal } from '../../src/supervisor/temporal/start-temporal.js';
import { endServerWithThisProcess } from './end-with-this-process.js';

/** Answered answers by operation, since the server began. */
export type CallCounts = ReadonlyMap<string, number>;

export interface CountingTemporal {
  readonly address: string;
  /** For a desk on it: FERMATA_TEMPORAL and what goes with it. */
  readonly variables: Readonly<Record<string, string>>;
  counts(): Promise<CallCounts>;
  /** By kind, as Temporal Cloud counts and charges them. */
  actions(): Promise<CallCounts>;
  stop(): Promise<void>;
}

export async function startCountingTemporal(): Promise<CountingTemporal> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-calls-'));
  const resolved = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
  if (resolved.kind !== 'binary') throw new Error('a Temporal binary is needed');
  const ports = await chooseTemporalPorts();
  const server = await startTemporal({
    ...{ binary: resolved.path, ports, database: join(folder, 'temporal.sqlite') },
    logFile: join(folder, 'temporal.log'),
    onSpawned: endServerWithThisProcess,
  });
  return {
    address: server.address,
    variables: { FERMATA_TEMPORAL: 'external', TEMPORAL_ADDRESS: server.address },
    counts: () => callsTo(ports.metrics, TEMPORAL_NAMESPACE),
    actions: () => countsOf(ports.metrics, TEMPORAL_NAMESPACE, 'action', 'action_type'),
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** These wait at the server until there is something to do, and are asked again then or after a minute. */
const LONG_POLLS: ReadonlySet<string> = new Set([
  'PollWorkflowTaskQueue',
  'PollActivityTaskQueue',
  'PollNexusTaskQueue',
  'PollWorkflowExecutionUpdate',
  // That it goes on; a waiting reader of a history is counted under this name.
  'PollWorkflowExecutionHistory',
]);

export interface CallsCounted {
  readonly longPolls: number;
  readonly others: number;
  /** Without the long polls, the most first. */
  readonly byOperation: readonly (readonly [string, number])[];
}

export function callsBetween(before: CallCounts, after: CallCounts): CallsCounted {
  const grown = grownBetween(before, after);
  const byOperation = grown.filter(([operation]) => !LONG_POLLS.has(operation));
  const sum = (of: readonly (readonly [string, number])[]) =>
    of.reduce((total, [, count]) => total + count, 0);
  return {
    longPolls: sum(grown.filter(([operation]) => LONG_POLLS.has(operation))),
    others: sum(byOperation),
    byOperation,
  };
}

/** What a server has answered in this namespace. `metricsPort`: where it shows its figures. */
export const callsTo = (metricsPort: number, namespace: string): Promise<CallCounts> =>
  countsOf(metricsPort, namespace, 'service_requests', 'operation');

/** What comes from outside: the server asks itself, too. */
async function countsOf(
  metricsPort: number,
  namespace: string,
  of: 'service_requests' | 'action',
  by: string,
): Promise<CallCounts> {
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  // As its figures write the name.
  const shown = namespace.replaceAll(/\W/g, '_');
  const counts = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const [, figure, labels = '', value = ''] = /^([a-z_]+)\{([^}]*)\} (\S+)$/.exec(line) ?? [];
    if (figure !== of) continue;
    const label = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (label('service_name') !== 'frontend' || label('namespace') !== shown) continue;
    const key = label(by);
    counts.set(key, (counts.get(key) ?? 0) + Number(value));
  }
  return counts;
}

export function grownBetween(before: CallCounts, after: CallCounts): readonly (readonly [string, number])[] {
  return [...after]
    .map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([, left], [, right]) => right - left);
}
