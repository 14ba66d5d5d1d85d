import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DeskFileError } from '../../src/desk/problem.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';

const folder = mkdtempSync(join(tmpdir(), 'fermata-desk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a desk file that is not there', () => {
  it('is named, with what to do', () => {
    const file = join(folder, 'absent.yaml');
    expect(() => loadDesk(file)).toThrow(`${file}: expected a desk file; found no such file`);
  });

  it('a folder is no desk file', () => {
    expect(() => loadDesk(folder)).toThrow(/can't be read \(EISDIR\)/);
  });

  it('a file of more than a megabyte is not read', () => {
    const file = join(folder, 'large.yaml');
    writeFileSync(file, '#'.repeat(1024 * 1024 + 1));
    expect(() => loadDesk(file)).toThrow(/at most 1 MB; found 1048577 bytes/);
  });

  it('an unknown name lists the desks that exist, and suggests the closest', () => {
    expect(() => resolveDesk('cripto-bot', { workingFolder: folder, home: folder })).toThrow(
      /one of the desks .*crypto-bot/,
    );
    expect(suggestionFor('cripto-bot')).toBe('use --desk crypto-bot');
  });
});

function suggestionFor(name: string): string | undefined {
  try {
    resolveDesk(name, { workingFolder: folder, home: folder });
    return undefined;
  } catch (error) {
    return (error as DeskFileError).problems[0]?.doThis;
  }
}
