/** A Temporal server as somebody else starts one: nothing of ours is on it, no namespace and no search attribute. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { freePort } from '../../src/supervisor/free-port.js';
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';
import { endWithThisProcess } from './end-with-this-process.js';
import { until } from './eventually.js';
import { type CallCounts, callsTo } from './temporal-calls.js';

export interface BareTemporal {
  readonly address: string;
  /** What it has answered in this namespace since it began. */
  counts(namespace: string): Promise<CallCounts>;
  stop(): Promise<void>;
}

export async function startBareTemporal(): Promise<BareTemporal> {
  const resolved = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
  if (resolved.kind !== 'binary') throw new Error('a Temporal binary is needed');
  const [port, metrics, http] = [await freePort(), await freePort(), await freePort()];
  const ports = ['--port', port, '--metrics-port', metrics, '--http-port', http].map(String);
  const folder = mkdtempSync(join(tmpdir(), 'fermata-bare-temporal-'));
  const kept = ['--db-filename', join(folder, 'temporal.sqlite'), '--sqlite-pragma', 'synchronous=OFF'];
  const common = ['server', 'start-dev', '--ip', '127.0.0.1', '--headless', '--log-level', 'error'];
  const args = [...common, ...kept, ...ports];
  const server: ChildProcess = spawn(resolved.path, args, { stdio: 'ignore' });
  const address = `127.0.0.1:${port}`;
  await until('a server that answers', async () => {
    const connection = await Connection.connect({ address, connectTimeout: 1_000 });
    await connection.close();
    return true;
  });
  const stop = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      if (server.exitCode !== null || server.signalCode !== null) return resolve();
      server.once('exit', () => resolve());
      server.kill('SIGTERM');
    });
    rmSync(folder, { recursive: true, force: true });
  };
  const counts = (namespace: string): Promise<CallCounts> => callsTo(metrics, namespace);
  return { address, counts, stop: endWithThisProcess(server.pid ?? 0, stop, folder) };
}
