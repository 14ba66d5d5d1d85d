/** What stands in the documents can be used as it stands there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseDesk } from '../../src/venue/load-desk.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHIPPED = parse(readFileSync(join(ROOT, 'desks/crypto-bot/desk.yaml'), 'utf8')) as Values;

type Values = Readonly<Record<string, unknown>>;

const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))].filter(
  (name) => name.endsWith('.md'),
);
const examples = documents.flatMap((name) =>
  [...readFileSync(join(ROOT, name), 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)].map(
    ([, text = ''], at) => [`${name}, example ${at + 1}`, text] as const,
  ),
);
const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The files of playbooks/ that the steps of an example name. */
const playbooksOf = (shown: string) => ({
  names: [...shown.matchAll(/\bplaybook: ([a-z-]+)/g)].map(([, name = '']) => name),
  ...{ playbooks: [], refused: null },
});

/** What an example does not say is as the shipped desk has it. */
function over(below: Values, above: Values): Values {
  const merged = Object.entries(above).map(([key, value]) => {
    const base = below[key];
    return [key, isValues(base) && isValues(value) ? over(base, value) : value];
  });
  return { ...below, ...Object.fromEntries(merged) };
}

it.each(examples)('the YAML of %s loads', (_name, shown) => {
  const example = parse(shown) as Values;
  if ('services' in example) {
    const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true });
    for (const service of Object.keys(example.services as Values))
      expect(compose.services).toHaveProperty(service);
    return;
  }
  // cloudflared's own file: test/api/ways-in.test.ts does what it says.
  if ('tunnel' in example) return;
  // A strategy of the desk's own folder: test/end-to-end/extend.test.ts types both.
  if (shown.includes('kind: ./strategies/')) return;
  const text = stringify(over(SHIPPED, example));
  expect(() => parseDesk('example.yaml', text, { playbooks: () => playbooksOf(shown) })).not.toThrow();
});

it('there is an example of a live desk, and it is one', () => {
  const live = examples.map(([, text]) => parse(text) as Values).find(({ mode }) => mode === 'live');
  const { desk } = parseDesk('example.yaml', stringify(over(SHIPPED, live ?? {})));
  expect(desk).toMatchObject({ mode: 'live', goLive: { needed: 2, approvers: ['anna', 'bert'] } });
});

it('the shipped desk begins with less than its limits, and has steps up to them', () => {
  const { goLive, risk } = parseDesk('shipped.yaml', stringify(SHIPPED)).desk;
  expect(goLive.start.maxPositionSizePct).toBeLessThan(risk.maxPositionSizePct);
  expect(goLive.start.maxConcurrentPositions).toBeLessThan(risk.maxConcurrentPositions);
  expect(goLive.ramp.at(-1)).toMatchObject({
    maxPositionSizePct: risk.maxPositionSizePct,
    maxConcurrentPositions: risk.maxConcurrentPositions,
  });
});
