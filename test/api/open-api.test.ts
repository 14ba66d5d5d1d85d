import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeOpenApi } from '../../src/api/open-api.js';
import { answer, emergencyStateSchema, problemSchema } from '../../src/api/schemas/answers.js';
import { deskStatusSchema, equitySchema } from '../../src/api/schemas/records.js';
import type { IncidentShown, ValidationShown } from '../../src/contracts/published.js';
import type { GoLiveShown } from '../../src/operations/go-live/start-go-live.js';
import { outcomeSchema } from '../../src/operations/operation.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

let web: WebUnderTest;
let token: string;
beforeAll(async () => {
  web = await startWebUnderTest(
    null,
    {},
    {
      readGoLive: async () => GO_LIVE,
      readIncident: async () => INCIDENT,
      listValidations: async () => ({
        validations: [VALIDATION],
        running: [{ id: 'v2', startedMs: 1_700_000_000_000 }],
      }),
    },
  );
  token = (await web.signIn()).accessToken;
});
afterAll(() => web.stop());

const RELEASE = { release: '0.1.0-c0ffee', attempt: 1 };
const SIZE = { maxPositionSizePct: 2.5, maxConcurrentPositions: 1 };
const GO_LIVE: GoLiveShown = {
  mode: 'live',
  granted: {
    ...RELEASE,
    ...{ step: 0, incarnation: 'i', configHash: 'c', haltId: null, size: SIZE },
    ...{ fileConfigHash: 'c', approvedBy: ['anna'] },
  },
  approvers: ['anna'],
  needed: 1,
  attempts: [
    {
      ...RELEASE,
      ...{ desk: 'd', workflowId: 'w', askedBy: 'otto', reason: 'r', state: 'live', detail: 'watched' },
      ...{ startedMs: 1, finishedMs: null },
    },
  ],
  progress: { phase: 'watched', detail: 'the first period', size: SIZE, nextAtMs: 2 },
  words: ['size in force: 2.5 % a position, 1 position'],
  problems: [],
};
const INCIDENT: IncidentShown = {
  ...{
    desk: 'd',
    workflowId: 'w',
    firstRunId: 'f',
    id: 'i',
    fingerprint: 'p',
    kind: 'reported',
    subject: '',
  },
  ...{
    severity: 'low',
    title: 't',
    detail: 'd',
    state: 'resolved',
    phase: 'over',
    openedMs: 1,
    respondByMs: 2,
  },
  ...{ escalations: 1, acknowledgedMs: 2, acknowledgedBy: 'anna', resolvedMs: 3, resolvedBy: 'anna' },
  ...{ outcome: 'gone', simulated: true, revision: 4 },
  timeline: [
    { atMs: 1, name: 'n', verdict: 'pass', observed: 'o', expected: 'e', person: null, evidenceId: 1 },
  ],
  alerts: [{ key: 'k', source: 's', detail: 'd', firstMs: 1, lastMs: 2, times: 2 }],
  files: [{ name: 'log', content: 'lines', sha256: 'ab' }],
  tasks: [
    {
      ...{ id: 3, desk: 'd', source: 's', title: 't', detail: 'd', items: ['i'], dueMs: 2, createdMs: 1 },
      ...{ state: 'open', finishedMs: null, doneBy: null, note: null },
      origin: { workflowId: 'w', firstRunId: 'f', routine: 'incident', stepKey: 'k', simulated: true },
    },
  ],
  contacts: ['On-call engineer Anna, +46 70 123'],
};
const VALIDATION: ValidationShown = {
  ...{ id: 'v', configHash: 'c', createdMs: 1, requestedBy: 'anna', recommendation: 'NO-GO', reasons: ['r'] },
  goLive: { qualifies: false, because: ['simulated'] },
  period: { requestedMs: 1, from: 'a', to: 'b', reached: null },
  market: { kind: 'simulated', label: 'l', simulated: true },
  results: {
    ...{ currency: 'USDT', startingEquity: '1', finalEquity: '2', netProfit: '1', netProfitPct: 100 },
    ...{ fees: '0', fills: 2, trades: 1, wins: 1, winRatePct: 100, sharpe: null, hourlyReturns: 0 },
    ...{ maxDrawdownPct: 0, maxDrawdownFrom: null, maxDrawdownTo: null, openPositions: 0, ordersDenied: 0 },
  },
  verdicts: [
    {
      ...{ name: 'minTrades', title: 'Trades', bound: 'at least', threshold: 30, observed: 1 },
      ...{ passed: false, shortfall: 29, text: '29 trades are missing' },
    },
  ],
};

/** Where an object's members are named, no other is allowed. */
function closed<T>(node: T): T {
  if (Array.isArray(node)) return node.map(closed) as T;
  if (typeof node !== 'object' || node === null) return node;
  const members = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value)]));
  const named = 'properties' in members && members.type === 'object' && !('additionalProperties' in members);
  return (named ? { ...members, additionalProperties: false } : members) as T;
}

interface Operation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly responses: Record<string, unknown>;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema: { readonly type?: string; readonly minimum?: number };
  }[];
}

describe('the description', () => {
  it('is written when somebody reads it: a start writes the shape of no answer', async () => {
    let written = 0;
    const shape = z.lazy(() => {
      written += 1;
      return z.object({ further: z.literal('shown') });
    });
    const further = await startWebUnderTest(null, {
      moreRoutes: (app) =>
        app.get('/api/further', { schema: { response: { 200: answer('More', shape) } } }, async () => ({
          further: 'shown',
          gained: 'since',
        })),
    });
    try {
      const { accessToken } = await further.signIn();
      const answered = await further.call('GET', '/api/further', { token: accessToken });
      expect(await answered.json()).toEqual({ further: 'shown', gained: 'since' });
      expect(written).toBe(0);
      const { paths } = further.app.swagger() as unknown as { paths: Record<string, { get: Operation }> };
      expect(JSON.stringify(paths['/api/further']?.get.responses[200])).toContain('"further"');
      expect(written).toBeGreaterThan(0);
      // What only describes is known to no checker of requests.
      expect(further.app.getSchemas()).toEqual({});
    } finally {
      await further.stop();
    }
  });

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
      '/api/auth/passkey',
      '/api/auth/passkey/challenge',
      '/api/auth/refresh',
      '/api/ws',
      '/health',
    ]);
  });

  it.each([
    ...[
      '/api/status',
      '/api/positions',
      '/api/orders',
      '/api/emergency',
      '/api/portfolio',
      '/api/strategies',
    ],
    ...['/api/reconciliation', '/api/equity', '/api/preflight', '/api/golive', '/api/validations'],
    '/api/incidents/{id}',
  ])('names every member of %s', async (path) => {
    const response = await web.call('GET', path.replace('{id}', INCIDENT.id), { token });
    expect(response.status).toBe(200);
    const ajv = new Ajv({ strict: false }).addSchema(closed(await makeOpenApi()), 'api');
    const place = ['paths', path, 'get', 'responses', '200', 'content', 'application/json', 'schema'];
    const $ref = `api#/${place.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
    const describes = ajv.compile({ $ref });
    describes(await response.json());
    expect(describes.errors).toBeNull();
  });

  it('has whole numbers in queries that every address takes', async () => {
    const { paths } = (await makeOpenApi()) as { paths: Record<string, Record<string, Operation>> };
    const asked: string[] = [];
    for (const [path, { get }] of Object.entries(paths))
      for (const { in: place, name, schema } of get?.parameters ?? []) {
        if (place !== 'query' || schema.type !== 'integer') continue;
        const address = `${path}?${name}=${schema.minimum ?? 1}`;
        asked.push(address);
        const response = await web.call('GET', address.replace('{id}', INCIDENT.id), { token });
        expect(await response.text(), address).not.toContain(`\`${name}\`: expected`);
      }
    expect(asked).toContain('/api/tasks?limit=1');
    expect(asked.length).toBeGreaterThan(12);
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
