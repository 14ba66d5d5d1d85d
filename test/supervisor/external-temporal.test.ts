/** A Temporal server of somebody else's, behind TLS: with a client certificate, with an API key, by a profile alone. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { externalTemporal } from '../../src/home/external-temporal.js';
import type { TemporalPlace } from '../../src/home/runtime.js';
import { runtimeFromEnvironment } from '../../src/home/runtime-from-environment.js';
import { prepareNamespace } from '../../src/supervisor/temporal/prepare-namespace.js';
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';
import { openTemporal, TemporalUnavailable } from '../../src/temporal/open-temporal.js';
import { connectWorker } from '../../src/worker/keep-worker.js';
import { eventually } from '../support/eventually.js';
import {
  type Certificates,
  type GuardedTemporal,
  guardTemporal,
  makeCertificates,
} from '../support/guarded-temporal.js';
import { sharedTemporal } from '../support/temporal.js';

const KEY = 'a key of the cloud';
const folder = mkdtempSync(join(tmpdir(), 'external-'));
let namespace: string;
let certificates: Certificates;
let byCertificate: GuardedTemporal;
let byKey: GuardedTemporal;

beforeAll(async () => {
  const temporal = await sharedTemporal();
  ({ namespace } = temporal);
  certificates = makeCertificates(folder);
  byCertificate = await guardTemporal(temporal.address, certificates, { clientCertificate: true });
  byKey = await guardTemporal(temporal.address, certificates, { apiKey: KEY });
});
afterAll(async () => {
  await Promise.all([byCertificate?.close(), byKey?.close()]);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

/** The environment that each process of the desk has. */
function says(variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const env = {
    FERMATA_TEMPORAL: 'external',
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_CONFIG_FILE: join(folder, 'no-such-profile.toml'),
    ...variables,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return env;
}

const place = (env: NodeJS.ProcessEnv): TemporalPlace =>
  runtimeFromEnvironment({ FERMATA_HOME: folder, FERMATA_POSTGRES_HOST: '127.0.0.1', ...env }).temporal;

/** As the roles do it: a client's call, a worker's connection, and what the set-up does. */
async function reach(env: NodeJS.ProcessEnv): Promise<void> {
  const temporal = place(env);
  const access = openTemporal({ home: null, temporal });
  try {
    const described = await access.within(10_000, (client) =>
      client.workflowService.describeNamespace({ namespace }),
    );
    expect(described.namespaceInfo?.name).toBe(namespace);
  } finally {
    await access.close();
  }
  const connection = await connectWorker({ temporal });
  await connection.workflowService.getSystemInfo({});
  await connection.close();
  expect(await prepareNamespace(externalTemporal(env).options, namespace, false)).toBeNull();
  expect(await resolveTemporal({ env })).toEqual({ kind: 'address', address: temporal.address });
}

const withCertificate = (): Record<string, string> => ({
  TEMPORAL_ADDRESS: byCertificate.address,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.authority,
  TEMPORAL_TLS_CLIENT_CERT_PATH: certificates.clientCert,
  TEMPORAL_TLS_CLIENT_KEY_PATH: certificates.clientKey,
});
const withKey = (): Record<string, string> => ({
  TEMPORAL_ADDRESS: byKey.address,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.authority,
  TEMPORAL_API_KEY: KEY,
});
function profile(lines: readonly string[]): Record<string, string> {
  const file = join(folder, 'temporal.toml');
  writeFileSync(file, lines.join('\n'));
  return { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'desk', TEMPORAL_NAMESPACE: '' };
}

describe('a server that asks for a client certificate', () => {
  it('is reached by clients, workers and set-up, also with the address of its UI in the environment', async () => {
    const { passed } = byCertificate.counts;
    await reach(says({ ...withCertificate(), FERMATA_TEMPORAL_UI: 'http://127.0.0.1:1' }));
    expect(byCertificate.counts.passed).toBeGreaterThan(passed + 3);
  });

  it('is not reached without one, and who asks from a shell without it is told what is missing', async () => {
    const temporal = place(says(withCertificate()));
    expect(temporal.asks).toEqual(['TLS', 'a client certificate']);
    vi.unstubAllEnvs();
    says({ TEMPORAL_ADDRESS: byCertificate.address });
    const access = openTemporal({ home: null, temporal });
    const asked = access.within(3_000, (client) => client.workflowService.describeNamespace({ namespace }));
    await expect(asked).rejects.toThrow(/the desk was started with TLS and a client certificate/);
    await access.close();
  });
});

describe('a server that asks for an API key', () => {
  it('is reached by clients, workers and set-up, with the key in the environment or in a file', async () => {
    await reach(says(withKey()));
    const file = join(folder, 'api-key');
    writeFileSync(file, `${KEY}\n`);
    await reach(says({ ...withKey(), TEMPORAL_API_KEY: '', TEMPORAL_API_KEY_FILE: file }));
    expect(byKey.counts).toMatchObject({ refused: 0 });
  });

  it('refuses another key, in words', async () => {
    const env = says({ ...withKey(), TEMPORAL_API_KEY: 'another' });
    const problem = await prepareNamespace(externalTemporal(env).options, namespace, false);
    expect(problem).toMatch(/unauthorized/i);
    expect(byKey.counts.refused).toBeGreaterThan(0);
  });
});

describe('a server on which namespaces and search attributes are made by hand', () => {
  it('is taken as it is where they are there, and says what is missing where they are not', async () => {
    const temporal = await sharedTemporal();
    const bare = `bare-${randomUUID()}`;
    const connection = await Connection.connect({ address: temporal.address });
    const workflowExecutionRetentionPeriod = msToTs(3 * 86_400_000);
    await connection.workflowService.registerNamespace({ namespace: bare, workflowExecutionRetentionPeriod });
    await connection.close();
    const denies = /OperatorService|RegisterNamespace/;
    const cloud = await guardTemporal(temporal.address, certificates, { apiKey: KEY, denies });
    try {
      const { options } = externalTemporal(says({ ...withKey(), TEMPORAL_ADDRESS: cloud.address }));
      expect(await prepareNamespace(options, namespace, false)).toBeNull();
      expect(await prepareNamespace(options, `none-${randomUUID()}`, false)).toMatch(
        /the namespace none-\S+ is not there, and may not be made from here: make it by hand/,
      );
      const known = await eventually(async () => {
        const said = await prepareNamespace(options, bare, false);
        expect(said).not.toMatch(/not found/i);
        return said;
      });
      expect(known).toMatch(
        /search attributes FermataDesk, FermataRoutine, FermataSummary, FermataVerdict \(Keyword\) are not there/,
      );
    } finally {
      await cloud.close();
    }
  });
});

describe('a profile file', () => {
  it('is all that a role needs: address, namespace, TLS and key', async () => {
    const variables = profile([
      '[profile.desk]',
      `address = "${byKey.address}"`,
      `namespace = "${namespace}"`,
      `api_key = "${KEY}"`,
      '[profile.desk.tls]',
      `server_ca_cert_path = "${certificates.authority}"`,
    ]);
    const env = says(variables);
    expect(place(env)).toMatchObject({ address: byKey.address, namespace, asks: ['TLS', 'an API key'] });
    await reach(env);
  });

  it('without an address is an error that says what to do, and nothing is started', async () => {
    const env = says(profile(['[profile.desk]', `namespace = "${namespace}"`]));
    await expect(resolveTemporal({ env })).rejects.toMatchObject({
      message: expect.stringContaining('neither TEMPORAL_ADDRESS nor the profile names an address'),
    });
    expect(() => place(env)).toThrow('neither TEMPORAL_ADDRESS nor a profile names a Temporal server');
  });

  it('that lacks the profile, or is none, is named', () => {
    expect(() => place(says(profile(['[profile.other]', 'address = "x:1"'])))).toThrow(
      /can't be used: .*desk/,
    );
    expect(() => place(says(profile(['= nothing of the kind'])))).toThrow(
      /what the environment says of Temporal/,
    );
  });
});

describe('what the environment says is kept or refused, never dropped', () => {
  it.each([
    ['a certificate without its key', { TEMPORAL_TLS_CLIENT_KEY_PATH: '' }, /certificate without its key/],
    ['a key without its certificate', { TEMPORAL_TLS_CLIENT_CERT_PATH: '' }, /key without its certificate/],
    [
      'TLS switched off beside an API key',
      { TEMPORAL_TLS: 'false', TEMPORAL_API_KEY: KEY },
      /TLS is switched off/,
    ],
    [
      'whose certificate it is, not looked at',
      { TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' },
      /always looked at/,
    ],
    [
      'a file that is not there',
      { TEMPORAL_TLS_CLIENT_KEY_PATH: '/nowhere/client.key' },
      /can't be used: .*ENOENT/,
    ],
  ])('%s', (_what, change, message) => {
    const env = says({ ...withCertificate(), ...change });
    expect(() => externalTemporal(env)).toThrow(message);
    // Who stops the desk from such a shell reaches the trader all the same; Temporal says why it is not reached.
    const temporal: TemporalPlace = { kind: 'external', address: byKey.address, namespace, uiAddress: null };
    const access = openTemporal({ home: null, temporal });
    return expect(access.within(1_000, async () => 'reached')).rejects.toThrow(TemporalUnavailable);
  });

  it('a variable that is set and empty is none: no TLS by an empty key, no address in the place of the profile’s', () => {
    const { options } = externalTemporal({
      TEMPORAL_ADDRESS: 'a:1',
      TEMPORAL_API_KEY: '',
      TEMPORAL_CONFIG_FILE: '/none',
    });
    expect(options).toMatchObject({ address: 'a:1', apiKey: undefined, tls: undefined });
  });
});
