import { randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startWeb } from '../../src/api/start-web.js';
import { type Runtime, secretFile } from '../../src/home/runtime.js';
import { readSecret } from '../../src/home/secrets.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { webRuntime } from '../support/web-runtime.js';

let database: TestDatabase;
let home: string;
let runtime: Runtime;

beforeAll(async () => {
  database = await createTestDatabase();
  home = mkdtempSync(join(tmpdir(), 'web-home-'));
  runtime = await webRuntime(home, database);
});
afterAll(async () => {
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

describe('the web role', () => {
  it('starts with trader and Temporal away, says so, lets the operator in, and stops', async () => {
    const role = await startWeb(runtime);
    const base = `http://127.0.0.1:${runtime.web.port}`;
    try {
      await eventually(async () => {
        const health = await fetch(`${base}/health`);
        expect(health.status).toBe(503);
        expect(await health.json()).toMatchObject({
          status: 'unhealthy',
          components: { trader: 'down', database: 'up', temporal: 'down' },
        });
      });
      const signedIn = await fetch(`${base}/api/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body: JSON.stringify({ username: 'operator', password: readSecret(home, 'operatorPassword') }),
      });
      expect(signedIn.status).toBe(200);
      expect(statSync(join(home, 'web', 'sessions.json')).mode & 0o777).toBe(0o600);
      expect((await fetch(`http://127.0.0.1:${runtime.temporalUiProxy.port}/`)).status).toBe(401);
    } finally {
      await role.stop();
    }
    await expect(fetch(`${base}/health`)).rejects.toThrow();
  });

  it('names the port that is taken, and leaves nothing behind', async () => {
    const other: Server = createServer();
    await new Promise<void>((resolve) => other.listen(runtime.temporalUiProxy.port, '127.0.0.1', resolve));
    try {
      const { port } = other.address() as AddressInfo;
      await expect(startWeb(runtime)).rejects.toThrow(`port ${port} is taken`);
      await expect(fetch(`http://127.0.0.1:${runtime.web.port}/health`)).rejects.toThrow();
    } finally {
      other.close();
    }
  });

  it('closes what it has opened where a secret can not be read', async () => {
    const [listened, ended] = [vi.spyOn(Pool.prototype, 'on'), vi.spyOn(Pool.prototype, 'end')];
    const file = secretFile(home, 'tokenKey');
    renameSync(file, `${file}-away`);
    try {
      await expect(startWeb(runtime)).rejects.toThrow();
      const opened = [...new Set(listened.mock.contexts)];
      expect(opened).toHaveLength(2);
      expect(opened.filter((pool) => !ended.mock.contexts.includes(pool))).toHaveLength(0);
    } finally {
      renameSync(`${file}-away`, file);
      vi.restoreAllMocks();
    }
  });
});
