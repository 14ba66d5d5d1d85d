import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { makeOpenApi } from '../../src/api/open-api.js';
import { emergencyStateSchema, outcomeSchema } from '../../src/api/schemas/emergency.js';
import { problemSchema } from '../../src/api/schemas/problem.js';
import { equitySchema } from '../../src/api/schemas/records.js';
import { deskStatusSchema } from '../../src/api/schemas/trader-status.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

let web: WebUnderTest;
let token: string;
beforeAll(async () => {
  web = await startWebUnderTest(null);
  token = (await web.signIn()).accessToken;
});
afterAll(() => web.stop());

interface Operation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly responses: Record<string, unknown>;
}

describe('the description', () => {
  it('is the same whether it is served or generated', async () => {
    const served = await (await web.call('GET', '/api/openapi.json', { token })).json();
    expect(served).toEqual(JSON.parse(JSON.stringify(await makeOpenApi())));
  });

  it('describes every address with a summary, and says which need no sign-in', async () => {
    const { paths } = (await makeOpenApi()) as { paths: Record<string, Record<string, Operation>> };
    const open: string[] = [];
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        expect(operation.summary, `${method} ${path}`).toBeTruthy();
        if (operation.security?.length === 0) open.push(path);
        else expect(operation.responses, `${method} ${path}`).toHaveProperty('401');
      }
    }
    expect(open.sort()).toEqual([
      '/api/auth/link',
      '/api/auth/login',
      '/api/auth/refresh',
      '/api/ws',
      '/health',
    ]);
  });

  it('is kept by the answers', async () => {
    const answers: readonly [string, string, z.ZodType][] = [
      ['GET', '/api/status', deskStatusSchema],
      ['GET', '/api/emergency', emergencyStateSchema],
      ['GET', '/api/equity', equitySchema],
      ['POST', '/api/emergency/stop', outcomeSchema],
      ['GET', '/nowhere', problemSchema],
    ];
    for (const [method, path, schema] of answers) {
      const answer = await (await web.call(method, path, { token })).json();
      expect(schema.safeParse(answer).error, path).toBeUndefined();
    }
  });
});
