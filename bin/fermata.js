#!/usr/bin/env node
// Plain JavaScript that every Node can parse: says what is missing before anything newer is loaded.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MIN = [20, 19];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entry = join(root, 'dist', 'cli', 'main.js');

function fail(what, doThis) {
  process.stderr.write(`✗ ${what}\n  kept safe: nothing was started\n  do this:   ${doThis}\n`);
  process.exit(1);
}

function newestMs(folder) {
  if (!existsSync(folder)) return 0;
  let newest = 0;
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, item.name);
    newest = Math.max(newest, item.isDirectory() ? newestMs(path) : statSync(path).mtimeMs);
  }
  return newest;
}

/** Only a checkout has sources. A stop never waits for a build: what is built is then used as it is. */
function needsBuild() {
  if (!existsSync(join(root, 'src'))) return false;
  if (!existsSync(entry)) return true;
  if (process.argv[2] !== 'up') return false;
  const sources = Math.max(newestMs(join(root, 'src')), newestMs(join(root, 'dashboard', 'src')));
  return sources > newestMs(join(root, 'dist'));
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  fail(`Node ${process.versions.node} is too old`, `install Node ${NODE_MIN.join('.')} or newer`);
}
if (needsBuild()) {
  process.stderr.write('building Fermata (once after each change of its sources)\n');
  const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (build.status !== 0) fail('the build failed (see above)', 'put it right, then: npm run build');
}
if (!existsSync(entry)) fail('Fermata is not built', 'npm ci && npm run build');

const { main } = await import(pathToFileURL(entry).href);
process.exit(await main(process.argv.slice(2)));
