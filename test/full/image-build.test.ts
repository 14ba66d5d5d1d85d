/** The image's own build, from nothing but what the Dockerfile copies: `npm test` takes over what is built here. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeImageFolder } from '../containers/image-folder.js';
import { repository } from '../support/desk-under-test.js';

it('an image has every file that the repository builds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-image-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const image = makeImageFolder(folder, 'anew');
  // Without hashes: files of the build before stay for a while where desks may still run it.
  const built = (root: string) => {
    const names = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
    const kept = names.filter((name) => !name.startsWith('.built'));
    return [...new Set(kept.map((name) => name.replace(/-[\w-]{8}\./, '-hash.')))].sort();
  };
  expect(built(image)).toEqual(built(repository));
});
