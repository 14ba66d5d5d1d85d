/**
 * A whole desk on a Temporal server that somebody else runs, behind TLS with client certificates, and on which nothing of
 * ours was before: it makes what it needs, trades, runs its procedures, and keeps its stop when that server goes.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/supervisor/temporal/server-options.js';
import { type BareTemporal, startBareTemporal } from '../support/bare-temporal.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { type GuardedTemporal, guardTemporal, makeCertificates } from '../support/guarded-temporal.js';

const NAMESPACE = 'trading-desks';
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
});
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
    await desk.up('--market', 'simulated', '--desk', deskWithQuickAverages(folder));
    expect([...desk.pids().keys()]).not.toContain('temporal');
    await until('a first fill', async () => {
      const { mode, fills } = await desk.status();
      return mode === 'ACTIVE' && fills > 0;
    });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: NAMESPACE,
    });
    expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
    const { stdout } = await desk.ask('status', '--json');
    expect(JSON.parse(stdout).temporal).toMatchObject({ kind: 'external', namespace: NAMESPACE });
  });

  it('runs a routine and a backup, stops with proof, and is resumed', async () => {
    await desk.signIn();
    for (const command of [
      ['run', 'pre-market'],
      ['backup', '--verify'],
      ['stop', '--reason', 'lunch'],
      ['resume', '--reason', 'all clear'],
    ]) {
      const { code, stdout, stderr } = await desk.ask(...command);
      expect(code, `${command.join(' ')}: ${stdout}${stderr}`).toBe(0);
    }
    await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE');
    // A resumption ends a moment after the desk trades, and the list is a moment behind.
    await until('each to be listed as completed', async () => {
      const { executions } = await connection.workflowService.listWorkflowExecutions({
        namespace: NAMESPACE,
        query: 'FermataDesk = "crypto-bot" AND ExecutionStatus = "Completed"',
      });
      const types = new Set(executions?.map(({ type }) => type?.name));
      const missing = ['routine', 'backup', 'emergencyStop', 'resumption'].filter((type) => !types.has(type));
      return missing.length === 0 || Promise.reject(new Error(`missing: ${missing.join(', ')}`));
    });
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
    const { code, stdout } = await desk.ask('stop', '--reason', 'the network is down', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ proven: true });
    expect(code).toBe(0);
    expect((await desk.status()).mode).toBe('HALTED');
  });
});
