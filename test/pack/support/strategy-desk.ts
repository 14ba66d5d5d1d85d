/** A desk's folder with strategies of its own, written by a test. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { parseDocument } from 'yaml';
import { DeskFileError } from '../../../src/desk/problem.js';
import { repository } from '../../support/desk-under-test.js';

export function strategyFolder(): { folder: string; write: (path: string, text: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-strategies-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (path: string, text: string): string => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  return { folder, write };
}

/** The shipped desk, with what is given instead of its strategy's values. */
export function deskText(strategy: Readonly<Record<string, unknown>>): string {
  const document = parseDocument(readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8'));
  for (const [key, value] of Object.entries(strategy)) document.setIn(['strategies', 0, key], value);
  return document.toString();
}

/** A strategy whose `onBar` is `body`, with `before` above it. */
export const strategyOf = (body: string, before = ''): string => `
import { strategy } from 'fermata/strategy';
${before}
export default strategy({
  suits: 'trending',
  parameters: { bars: { whole: true, min: 1, max: 50, default: 5, meaning: 'bars' } },
  create: ({ parameters }) => ({
    warmupBars: parameters.bars,
    onBar(desk, bar) { ${body} },
    state: () => 'waits',
  }),
});
`;

/** Each problem as `file:line found`. */
export function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof DeskFileError)) throw error;
    return error.problems.map(({ key, found }) => `${key} ${found}`);
  }
}
