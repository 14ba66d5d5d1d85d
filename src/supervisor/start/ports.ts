/** Which ports this installation uses: the same ones again after a restart, as far as they are still free. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MeasuredWorker } from '../../home/runtime.js';
import { freePort } from '../free-port.js';
import type { ServerPorts } from '../temporal/server-options.js';
import { chooseTemporalPorts } from '../temporal/start-temporal.js';

export interface DeskPorts {
  readonly web: number;
  readonly postgres: number;
  readonly temporal: ServerPorts;
  readonly temporalUiProxy: number;
  /** Of the workers' Temporal library. */
  readonly workerMetrics: Readonly<Record<MeasuredWorker, number>>;
}

/** `web` 0: any free one. */
export async function choosePorts(runDirectory: string, web: number): Promise<DeskPorts> {
  const path = join(runDirectory, 'ports.json');
  const known = readPorts(path);
  const ports: DeskPorts = {
    web: web === 0 ? await freePort(known.web) : web,
    postgres: await freePort(known.postgres),
    temporal: await chooseTemporalPorts(known.temporal),
    temporalUiProxy: await freePort(known.temporalUiProxy),
    workerMetrics: {
      'engine-worker': await freePort(known.workerMetrics?.['engine-worker']),
      'operations-worker': await freePort(known.workerMetrics?.['operations-worker']),
    },
  };
  writeFileSync(`${path}.new`, JSON.stringify(ports), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return ports;
}

function readPorts(path: string): Partial<DeskPorts> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<DeskPorts>;
  } catch {
    return {};
  }
}
