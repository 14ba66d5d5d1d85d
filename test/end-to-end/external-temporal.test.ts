/**
 * A whole desk on a Temporal server that somebody else runs, behind TLS with client certificates, and on which nothing of
 * ours was before: it makes what it needs, trades, runs its procedures, and keeps its stop when that server goes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/supervisor/temporal/server-options.js';
import { type BareTemporal, startBareTemporal } from '../support/bare-temporal.js';
import { type DeskUnderTest, deskUnderTest, until } from '../support/desk-under-test.js';
import { type GuardedTemporal, guardTemporal, makeCertificates } from '../support/guarded-temporal.js';
import { callsBetween } from '../support/temporal-calls.js';

const NAMESPACE = 'trading-desks';
const CALLS_A_MINUTE_MAX = 20;
/** What is due less often than each minute may all fall into the one that is counted (src/worker/looks.ts). */
const LOOKS_AT_THE_EDGE = 4;
const folder = mkdtempSync(join(tmpdir(), 'fermata-external-'));
let server: BareTemporal;
let guarded: GuardedTemporal;
let desk: DeskUnderTest;
let connection: Connection;

beforeAll(async () => {
  server = await startBareTemporal();
  const certificates = makeCertificates(folder);
  guarded = await guardTemporal(server.address, certificates, { clientCertificate: true });
  connection = await Connection.connect({ address: server.address });
  desk = deskUnderTest('crypto-bot', {
    FERMATA_TEMPORAL: 'external',
    TEMPORAL_ADDRESS: guarded.address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.authority,
    TEMPORAL_TLS_CLIENT_CERT_PATH: certificates.clientCert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: certificates.clientKey,
    TEMPORAL_CONFIG_FILE: join(folder, 'no-such-profile.toml'),
  });
}, 120_000);
afterAll(async () => {
  await desk?.dispose();
  await connection?.close();
  await guarded?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a desk on a Temporal server of somebody else', () => {
  it('starts without one of its own, makes namespace and search attributes, arms itself and trades', async () => {
    await expect(connection.workflowService.describeNamespace({ namespace: NAMESPACE })).rejects.toThrow();
    await desk.up('--market', 'simulated');
    expect([...desk.pids().keys()]).not.toContain('temporal');
    await until('a first fill', async () => {
      const { mode, fills } = await desk.status();
      return mode === 'ACTIVE' && fills > 0;
    });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: NAMESPACE,
    });
    expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
    const { stdout } = await desk.run('status', '--json');
    expect(JSON.parse(stdout).temporal).toMatchObject({ kind: 'external', namespace: NAMESPACE });
  });

  it('asks that server, long polls apart, about 20 times a minute at most while there is nothing to do', async () => {
    const calls = await until('a minute in which nothing began', async () => {
      const isIdle = async (query: string, runs: number): Promise<boolean> => {
        const counted = await connection.workflowService.countWorkflowExecutions({
          namespace: NAMESPACE,
          query,
        });
        return Number(counted.count) === runs;
      };
      // The pulse and the owner of the desk always run.
      if (!(await isIdle('ExecutionStatus = "Running"', 2))) return null;
      const since = new Date().toISOString();
      const before = await server.counts(NAMESPACE);
      await sleep(60_000);
      const counted = callsBetween(before, await server.counts(NAMESPACE));
      return (await isIdle(`StartTime > "${since}"`, 0)) ? counted : null;
    });
    const said = calls.byOperation.map(([operation, count]) => `${operation} ${count}`).join(', ');
    expect(calls.others, said).toBeLessThanOrEqual(CALLS_A_MINUTE_MAX + LOOKS_AT_THE_EDGE);
    // Of a desk that asks nothing the server counts nothing: it is the right server, and the right namespace.
    expect(calls.others, said).toBeGreaterThan(5);
  });

  it('runs a routine and a backup, stops with proof, and is resumed', async () => {
    await desk.signIn();
    for (const command of [
      ['run', 'pre-market'],
      ['backup', '--verify'],
      ['stop', '--reason', 'lunch'],
      ['resume', '--reason', 'all clear'],
    ]) {
      const { code, stdout, stderr } = await desk.run(...command);
      expect(code, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
    }
    await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE');
    const { executions } = await connection.workflowService.listWorkflowExecutions({
      namespace: NAMESPACE,
      query: 'FermataDesk = "crypto-bot" AND ExecutionStatus = "Completed"',
    });
    const types = new Set(executions?.map(({ type }) => type?.name));
    expect([...types]).toEqual(expect.arrayContaining(['routine', 'backup', 'emergencyStop', 'resumption']));
  });

  it('shows the server names and times only: what a person wrote is sealed', async () => {
    const stopped = { workflowId: 'estop:crypto-bot' };
    const { history } = await connection.workflowService.getWorkflowExecutionHistory({
      namespace: NAMESPACE,
      execution: stopped,
    });
    const kept = Buffer.concat(
      (history?.events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
        (signal?.input?.payloads ?? []).map(({ data }) => Buffer.from(data ?? [])),
      ),
    );
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.includes('lunch')).toBe(false);
  });

  it('is stopped all the same where that server is gone', async () => {
    await guarded.close();
    const { code, stdout } = await desk.run('stop', '--reason', 'the network is down', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ proven: true });
    expect(code).toBe(0);
    expect((await desk.status()).mode).toBe('HALTED');
  });
});
