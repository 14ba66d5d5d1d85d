/** What every workflow has in common can't be forgotten by a new type: it is part of each bundle. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BUNDLES, bundleFile } from '../../src/worker/workflow-bundles.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The program that workers load, whichever folder this test runs from. */
const built = (name: (typeof BUNDLES)[number]): string =>
  readFileSync(join(root, 'dist', bundleFile(name).split('/').at(-1) ?? ''), 'utf8');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : [path];
  });
}

describe('the bundles of workflows', () => {
  it.each(BUNDLES)('%s: each of its workflows runs in the scope that nothing cancels', (name) => {
    const [, imported] = /importInterceptors = function[^{]*\{([^}]*)\}/.exec(built(name)) ?? [];
    expect(imported).toContain('dist/workflows/interceptors.js');
  });

  it.each(['emergency', 'operations'] as const)(
    '%s: nothing of what runs code of a desk’s folder',
    (name) => {
      expect(built(name)).not.toMatch(/dist\/(pack|workflows\/packs)\//);
      expect(built('packs')).toMatch(/dist\/workflows\/packs\//);
    },
  );

  it('have no workflow that starts a child which ends with it', () => {
    for (const file of sources(join(root, 'src/workflows'))) {
      const text = readFileSync(file, 'utf8');
      if (!/(executeChild|startChild)[<(]/.test(text)) continue;
      expect(text, file).toContain('ParentClosePolicy.ABANDON');
      expect(text, file).toContain('ChildWorkflowCancellationType.ABANDON');
    }
  });

  it('have no promise that nobody waits for', () => {
    for (const file of sources(join(root, 'src/workflows'))) {
      expect(readFileSync(file, 'utf8'), `${file} lets a promise float`).not.toMatch(/^\s*void [a-z]+\w*\(/m);
    }
  });
});
