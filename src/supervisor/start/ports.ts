/** The ports of a desk: the same after a restart, as far as they are still free. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { desksHomes } from '../../home/installation.js';
import { homePaths, installationOf, type MeasuredWorker } from '../../home/runtime.js';
import { freePort, portIsFree } from '../free-port.js';

export interface DeskPorts {
  readonly web: number;
  readonly temporalUiProxy: number;
  /** Metrics ports of the workers' Temporal library. */
  readonly workerMetrics: Readonly<Record<MeasuredWorker, number>>;
}

/** `web` 0: any free port. */
export async function choosePorts(runDirectory: string, web: number): Promise<DeskPorts> {
  const path = portsFile(runDirectory);
  const known = readPorts(path);
  const ports: DeskPorts = {
    web: web === 0 ? await freePort(known.web) : web,
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

/**
 * The desk file's port. If another desk of this installation has that one, running or not: the port that this desk had
 * before, or the next free one, so that a page keeps its address.
 */
export async function pagePort(home: string, wanted: { host: string; port: number }): Promise<number> {
  const { host, port } = wanted;
  const others = desksHomes(installationOf(home)).filter((other) => other !== resolve(home));
  const taken = new Set(others.map((other) => readPorts(portsFile(homePaths(other).run)).web));
  if (port === 0 || !taken.has(port)) return port;
  const { web: before } = readPorts(portsFile(homePaths(home).run));
  if (before !== undefined && !taken.has(before)) return before;
  let next = port + 1;
  while (next < PORT_MAX && (taken.has(next) || !(await portIsFree(next, host)))) next += 1;
  return next;
}

const PORT_MAX = 65_535;
const portsFile = (runDirectory: string): string => join(runDirectory, 'ports.json');

function readPorts(path: string): Partial<DeskPorts> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<DeskPorts>;
  } catch {
    return {};
  }
}
