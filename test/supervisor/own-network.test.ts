/** Nobody but the processes of the installation gets anything out of the managed Temporal server. */

import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { socketOf, socketOfWorkers } from '../../src/home/external-temporal.js';
import type { TemporalPlace } from '../../src/home/runtime.js';
import { type KeeperNews, ProcessKeeper } from '../../src/supervisor/keep-running.js';
import type { ManagedProcess } from '../../src/supervisor/managed-process.js';
import {
  chooseNetwork,
  type ServerNetwork,
  socketAddresses,
  TEMPORAL_NAMESPACE,
} from '../../src/supervisor/temporal/server-options.js';
import {
  addressesOf,
  chooseTemporalPorts,
  startTemporal,
  type TemporalServer,
} from '../../src/supervisor/temporal/start-temporal.js';
import { openTemporal } from '../../src/temporal/open-temporal.js';
import { connectWorker } from '../../src/worker/keep-worker.js';
import { endChildWithThisProcess, endServerWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { sharedTemporal } from '../support/temporal.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'fermata-network-'));
const pids: number[] = [];
let network: ServerNetwork;
let server: TemporalServer;
let binary: string;
let place: TemporalPlace;

beforeAll(async () => {
  ({ binary } = await sharedTemporal());
  vi.stubEnv('TELEGRAM_BOT_TOKEN', 'a token of the bot');
  network = await chooseNetwork(folder);
  server = await startTemporal({
    ...{ binary, network, database: null, ports: await chooseTemporalPorts() },
    logFile: join(folder, 'temporal.log'),
    onSpawned: async (child) => {
      pids.push(child.pid);
      await endServerWithThisProcess(child);
    },
  });
  const { address, uiAddress } = server;
  place = { kind: 'managed', address, uiAddress, namespace: TEMPORAL_NAMESPACE };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const refusal = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve('it answers'));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''));
    socket.once('close', () => resolve('closed'));
  });

describe('a managed Temporal server in a network of its own', () => {
  it('opens no port on this machine, and sockets for its owner only', async () => {
    expect(network.kind).toBe('own-network');
    for (const port of Object.values(server.ports)) expect(await refusal(port)).toBe('ECONNREFUSED');
    const listening = `${readFileSync('/proc/net/tcp', 'utf8')}${readFileSync('/proc/net/tcp6', 'utf8')}`;
    for (const port of Object.values(server.ports))
      expect(listening).not.toContain(`:${port.toString(16).toUpperCase().padStart(4, '0')} 0`);
    const socket = socketOf(server.address) ?? '';
    for (const each of [socket, socketOfWorkers(socket)]) expect(statSync(each).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('has none of our secrets in its environment', () => {
    for (const pid of pids)
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('a token of the bot');
  });

  it('answers clients, workers and the command line of the rescue', async () => {
    const temporal = openTemporal({ home: null, temporal: place });
    await temporal.within(60_000, (client) =>
      client.workflow.start('x', { workflowId: 'desk-owner:x', taskQueue: 'nobody' }),
    );
    await temporal.close();
    const connection = await connectWorker({ temporal: place });
    const known = await connection.workflowService.describeNamespace({ namespace: TEMPORAL_NAMESPACE });
    expect(known.namespaceInfo?.name).toBe(TEMPORAL_NAMESPACE);
    await connection.close();
    const rescue = [
      'workflow',
      'signal',
      '--workflow-id',
      'desk-owner:x',
      '--name',
      'stop',
      '--input',
      '"help"',
    ];
    const { stdout } = await run(binary, [
      ...rescue,
      ...['--namespace', TEMPORAL_NAMESPACE, '--address', server.address],
    ]);
    expect(stdout).toContain('Signal');
  });

  it('ends with its relay: neither is of use alone, and the supervisor starts both again', async () => {
    const ownFolder = mkdtempSync(join(folder, 'relay-'));
    const spawned: ManagedProcess[] = [];
    const start = async (): Promise<TemporalServer> =>
      startTemporal({
        ...{ binary, database: null, ports: await chooseTemporalPorts() },
        network: { kind: 'own-network', folder: ownFolder },
        logFile: join(ownFolder, 'temporal.log'),
        onSpawned: async (child) => {
          spawned.push(child);
          await endServerWithThisProcess(child);
        },
      });
    const news: KeeperNews[] = [];
    const keeper = new ProcessKeeper({ name: 'temporal', start, onNews: (each) => news.push(each) });
    await keeper.start();
    try {
      const [first, relay] = spawned.splice(0) as [ManagedProcess, ManagedProcess];
      expect([first.name, relay.name]).toEqual(['temporal', 'temporal-relay']);
      process.kill(relay.pid, 'SIGKILL');
      await until('the end of the server', () => !existsSync(`/proc/${first.pid}`));
      await until('both again', () => keeper.status.state === 'running');
      expect(news.map(({ kind }) => kind)).toEqual(['died', 'restarting', 'running-again']);
      expect(spawned.map(({ name, alive }) => [name, alive()])).toEqual([
        ['temporal', true],
        ['temporal-relay', true],
      ]);
      const { address } = socketAddresses(ownFolder);
      const again = openTemporal({ home: null, temporal: { ...place, address } });
      await again.within(60_000, (client) => client.workflow.count());
      await again.close();
      // The other way round: no relay is left over from a server that died.
      const [second, itsRelay] = spawned.splice(0) as [ManagedProcess, ManagedProcess];
      process.kill(second.pid, 'SIGKILL');
      await until('the end of its relay', () => !existsSync(`/proc/${itsRelay.pid}`));
    } finally {
      await keeper.stop();
    }
  });

  it('ends its relay even where its supervisor was killed first', async () => {
    const relayFile = fileURLToPath(new URL('../../dist/supervisor/temporal/relay.js', import.meta.url));
    const socket = join(folder, 'left.sock');
    const stands = endChildWithThisProcess(spawn('sleep', ['600']));
    const relay = endChildWithThisProcess(
      spawn(process.execPath, [relayFile, String(stands.pid), `${socket}=1`]),
    );
    await until('the socket', () => existsSync(socket));
    expect(relay.exitCode).toBeNull();
    stands.kill('SIGKILL');
    await until('its end', () => relay.exitCode === 0);
  });
});

describe('where no network of its own can be made', () => {
  it('has its UI at an address that no page can know, or none, and still runs', async () => {
    const ports = await chooseTemporalPorts();
    const plain = await startTemporal({
      ...{ binary, database: null, ports, logFile: join(folder, 'plain.log') },
      network: { kind: 'loopback', uiHost: '127.8.9.10' },
      onSpawned: endServerWithThisProcess,
    });
    try {
      expect(plain.uiAddress).toBe(`http://127.8.9.10:${ports.ui}`);
      expect((await fetch(`${plain.uiAddress}/`)).status).toBe(200);
      expect(await refusal(ports.ui)).toBe('ECONNREFUSED');
    } finally {
      await plain.stop();
    }
    expect(addressesOf({ kind: 'loopback', uiHost: null }, ports).uiAddress).toBeNull();
  });
});
