/** A Temporal server that asks for a new run after so few events that a test reaches them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEMPORAL_NAMESPACE } from '../../../src/supervisor/temporal/server-options.js';
import { chooseTemporalPorts, startTemporal } from '../../../src/supervisor/temporal/start-temporal.js';
import { endWithThisProcess } from '../../support/end-with-this-process.js';
import { sharedTemporal, type TemporalAddress } from '../../support/temporal.js';

export interface ShortHistoryServer {
  readonly address: TemporalAddress;
  stop(): Promise<void>;
}

export async function startShortHistoryServer(events: number): Promise<ShortHistoryServer> {
  const { binary } = await sharedTemporal();
  const folder = mkdtempSync(join(tmpdir(), 'fermata-short-history-'));
  const wrapper = join(folder, 'temporal');
  const limit = `--dynamic-config-value 'limit.historyCount.suggestContinueAsNew=${events}'`;
  const options = `${limit} --sqlite-pragma synchronous=OFF`;
  writeFileSync(wrapper, `#!/bin/sh\nexec '${binary}' "$@" ${options}\n`, { mode: 0o700 });
  const server = await startTemporal({
    binary: wrapper,
    ports: await chooseTemporalPorts(),
    database: join(folder, 'temporal.sqlite'),
    logFile: join(folder, 'temporal.log'),
  });
  const { address, ports } = server;
  return {
    address: {
      address,
      kind: 'managed',
      namespace: TEMPORAL_NAMESPACE,
      uiAddress: `http://127.0.0.1:${ports.ui}`,
      httpAddress: `http://127.0.0.1:${ports.http}`,
      binary,
    },
    stop: endWithThisProcess(
      server.process.pid,
      async () => {
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      },
      folder,
    ),
  };
}
