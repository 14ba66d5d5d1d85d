#!/usr/bin/env node
// Plain JavaScript that older Nodes parse too: reports what is missing before anything newer is loaded.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const NODE_MIN = [20, 19];
/** An exit code that nothing else uses. */
const REFUSED = 3;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const entry = join(root, 'dist', 'run', 'cli.js');

function fail(what, doThis) {
  process.stderr.write(`✗ ${what}\n  kept safe: nothing was started\n  do this:   ${doThis}\n`);
  process.exit(1);
}

/** Only a checkout has sources. Only `up` waits for a build: a stop uses the existing build as it is. */
function needsBuild() {
  const isUp = process.argv.slice(2, 5).includes('up'); // `--desk NAME` may come before it
  if (!existsSync(join(root, 'src'))) return false;
  return !existsSync(entry) || (isUp && build('--look').status !== 0);
}

/** Builds only what is older than its sources. Standard output is reserved for the command. */
function build(...options) {
  return spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), ...options], {
    stdio: ['ignore', 2, 2],
  });
}

/**
 * A build takes minutes, so a second start is refused before it, not after it. Asks the existing build in a
 * separate process, because this one loads the new build. A build that can't be loaded refuses nothing, so it
 * is built again.
 */
function refuseSecondStart() {
  const look = `const { refusedUp } = await import(${JSON.stringify(pathToFileURL(entry).href)}).catch(() => ({}));
    if (refusedUp && (await refusedUp(process.argv.slice(1)))) process.exitCode = ${REFUSED};`;
  const words = ['--input-type=module', '-e', look, '--', ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === REFUSED) process.exit(1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  fail(`Node ${process.versions.node} is too old`, `install Node ${NODE_MIN.join('.')} or newer`);
}
// Most commands end within half a second. Node 20 spends a seventh of that on optimising code, which helps
// none of them. Long computations are still optimised, a moment later. Later versions of Node don't know this
// option.
if (major === 20) setFlagsFromString('--interrupt-budget=400000');
if (needsBuild()) {
  if (existsSync(entry)) refuseSecondStart();
  if (build().status !== 0) fail('the build failed (see above)', 'put it right, then: npm run build');
}
if (!existsSync(entry)) fail('Fermata is not built', 'npm ci && npm run build');

const { main } = await import(pathToFileURL(entry).href);
process.exit(await main(process.argv.slice(2)));
