import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STEP_PARTS } from '../../src/checks/registry.js';

const document = readFileSync(new URL('../../docs/ROUTINES.md', import.meta.url), 'utf8');

it('ROUTINES.md names for each check and report what `with:` may say to it, and the default', () => {
  const lines = [...STEP_PARTS.checks, ...STEP_PARTS.reports].flatMap(([name, { parameters }]) => {
    const defaults = Object.entries(parameters.parse({})).map(([key, value]) => `\`${key}\` (${value})`);
    return defaults.length === 0 ? [] : [`| \`${name}\` | ${defaults.join(', ')} |`];
  });
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => !document.includes(`${line}\n`))).toEqual([]);
});
