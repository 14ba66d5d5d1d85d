/** Every address of the description, asked for what nobody would ask for. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeOpenApi } from '../../src/api/open-api.js';
import { FilledWeb } from './filled-web.js';

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

const TEXTS = [
  '',
  '-1',
  '1e999',
  '99999999999999999999',
  'NaN',
  '2026-02-30',
  '\u0000',
  '🙂',
  '__proto__',
  '%',
];
const BODIES: readonly unknown[] = [
  ...[null, [], {}, 'text', 42, [[[]]], { unknown: 1 }, { reason: '\u0000' }, 'x'.repeat(70_000)],
  { reason: {}, values: [], symbol: 1e308, name: null, title: ['x'], id: -1, text: true },
];

let filled: FilledWeb;
beforeAll(async () => {
  filled = await FilledWeb.open();
});
afterAll(() => filled.close());

it('each answers as the description says, and never that it failed', async () => {
  const { paths } = (await makeOpenApi()) as { paths: Record<string, Record<string, Operation>> };
  const unlike: string[] = [];
  let asked = 0;
  const ask = async (method: string, path: string, operation: Operation, body?: unknown): Promise<void> => {
    asked += 1;
    const answer = await filled.call(method.toUpperCase(), path, 'operator', body);
    const text = await answer.text();
    const { status } = answer;
    const type = answer.headers.get('content-type')?.split(';')[0];
    const { content } = operation.responses[status] ?? operation.responses.default ?? {};
    const asListed = type === undefined ? content === undefined : type in (content ?? {});
    const helps = status < 400 || typeof JSON.parse(text).doThis === 'string';
    if (status !== 500 && asListed && helps) return;
    const sent = `${method} ${path} ${JSON.stringify(body) ?? ''}`.slice(0, 160);
    unlike.push(`${sent}: ${status} ${type} ${text.slice(0, 120)}`);
  };
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations)) {
      if (path === '/api/ws' || path === '/api/auth/logout') continue;
      const { parameters = [] } = operation;
      const named = (text: string): string => path.replace(/\{\w+\}/, encodeURIComponent(text));
      const one = named('nothing');
      await ask(method, one, operation);
      for (const text of path.includes('{') ? TEXTS.slice(1) : [])
        await ask(method, named(text), operation, method === 'get' ? undefined : {});
      for (const { name, in: place } of parameters)
        for (const text of place === 'query' ? TEXTS : [])
          await ask(method, `${one}?${name}=${encodeURIComponent(text)}`, operation);
      for (const body of operation.requestBody === undefined ? [] : BODIES)
        await ask(method, one, operation, body);
    }
  expect(unlike).toEqual([]);
  expect(asked).toBeGreaterThan(700);
});
