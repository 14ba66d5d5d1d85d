#!/usr/bin/env node
// Plain JavaScript that older Nodes parse too: says what is missing before anything newer is loaded.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const NODE_MIN = [20, 19];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entry = join(root, 'dist', 'run', 'cli.js');

function fail(what, doThis) {
  process.stderr.write(`✗ ${what}\n  kept safe: nothing was started\n  do this:   ${doThis}\n`);
  process.exit(1);
}

/** Only a checkout has sources. Nothing but `up` waits for a build: a stop uses what is built, as it is. */
function mayNeedBuild() {
  const isUp = process.argv.slice(2, 5).includes('up'); // `--desk NAME` may stand before it
  return existsSync(join(root, 'src')) && (isUp || !existsSync(entry));
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  fail(`Node ${process.versions.node} is too old`, `install Node ${NODE_MIN.join('.')} or newer`);
}
// Most commands end within half a second: what Node 20 compiles for speed by then takes a seventh of it and serves none of
// them. What computes for long is compiled all the same, a moment later. Later versions of Node don't know this option.
if (major === 20) setFlagsFromString('--interrupt-budget=400000');
if (mayNeedBuild()) {
  // Builds only what is older than its sources. Standard output is kept for the command's own.
  const build = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (build.status !== 0) fail('the build failed (see above)', 'put it right, then: npm run build');
}
if (!existsSync(entry)) fail('Fermata is not built', 'npm ci && npm run build');

const { main } = await import(pathToFileURL(entry).href);
process.exit(await main(process.argv.slice(2)));
