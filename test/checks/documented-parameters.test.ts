import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { partTable, STEP_PARTS } from '../../src/checks/registry.js';

const document = readFileSync(new URL('../../docs/ROUTINES.md', import.meta.url), 'utf8');

it('ROUTINES.md names each check, report and action, what it is about, what `with:` may say to it, and the default', () => {
  expect(document).toContain(partTable());
  for (const [name, { title, parameters }] of [
    ...STEP_PARTS.checks,
    ...STEP_PARTS.reports,
    ...STEP_PARTS.actions,
  ]) {
    const row = document.split('\n').find((line) => line.includes(`| \`${name}\` | ${title} |`));
    expect(title, name).toMatch(/^[A-Z].{5,}[^.]$/);
    for (const [key, byDefault] of Object.entries(parameters.safeParse({}).data ?? {}))
      expect(row, name).toContain(`\`${key}\` (${String(byDefault)})`);
    for (const key of Object.keys(parameters.shape)) expect(row, name).toContain(`\`${key}\``);
  }
});
