/** Every option that the development server is started with. A `temporal` that lacks one of them is not used. */
import { CODEC_PATH } from '../../home/payload-keys.js';

export const TEMPORAL_CLI_VERSION = '1.5.1';
export const TEMPORAL_SERVER_MINIMUM = [1, 29] as const;
export const TEMPORAL_NAMESPACE = 'fermata';

/** The attributes by which people find workflows in Temporal's UI. */
export const SEARCH_ATTRIBUTES = [
  'FermataDesk',
  'FermataRoutine',
  'FermataSummary',
  'FermataVerdict',
] as const;

const DYNAMIC_CONFIGURATION = [
  // The server always opens an HTTP API; without this, a page on any web site could post an update to it.
  'frontend.httpAllowedHosts=["disabled.invalid"]',
  // The default polls a shard's queues 20 times a second: up to 50 ms for every task of the only shard.
  'history.transferProcessorMaxPollRPS=10000',
  'history.timerProcessorMaxPollRPS=10000',
  // A task written to a partition that no worker is polling waits for two seconds, so all tasks are written
  // to one partition. The others are still read, because an earlier database may have tasks in them; polls
  // that arrive there are forwarded at once.
  'matching.numTaskqueueWritePartitions=1',
  'matching.forwarderMaxRatePerSecond=10000',
  'matching.forwarderMaxOutstandingPolls=10',
  // Activities for the worker that schedules them come with the answer, without a queue, a poll and a write of their
  // own.
  'system.enableActivityEagerExecution=true',
] as const;

export const OPTIONS_NEEDED = [
  '--db-filename',
  '--ip',
  '--port',
  '--ui-port',
  '--http-port',
  '--metrics-port',
  '--namespace',
  '--search-attribute',
  '--dynamic-config-value',
  '--sqlite-pragma',
  '--ui-codec-endpoint',
  '--headless',
  '--ui-ip',
] as const;

export interface ServerPorts {
  readonly grpc: number;
  readonly ui: number;
  readonly metrics: number;
  readonly http: number;
}

/** `database` null: in memory. `uiHost` null: no UI. */
export function serverArguments(
  ports: ServerPorts,
  database: string | null,
  uiHost: string | null = '127.0.0.1',
): readonly string[] {
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(ports.grpc)],
    ...['--metrics-port', String(ports.metrics), '--http-port', String(ports.http)],
    ...['--ui-port', String(ports.ui), '--namespace', TEMPORAL_NAMESPACE, '--log-level', 'error'],
    ...['--ui-codec-endpoint', CODEC_PATH],
    ...(uiHost === null ? ['--headless'] : ['--ui-ip', uiHost]),
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...DYNAMIC_CONFIGURATION.flatMap((value) => ['--dynamic-config-value', value]),
    ...(database === null
      ? []
      : [
          ...['--db-filename', database],
          ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'],
        ]),
  ];
}
