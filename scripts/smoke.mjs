// `npm run smoke [-- --node 22,24]`: installs the published package in an empty folder and runs a desk, on this Node
// and on those named. Needs the npm registry, or npm's cache of an earlier run; if neither has a package, it says
// what it left out. `.ci/run` runs it, `npm test` doesn't.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { arch, argv, env, execPath, exit, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';

const READY_WITHIN_MS = 240_000;
const COMMAND_WITHIN_MS = 60_000;
/** npm's errors if no registry can be reached. */
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = readOptions('npm run smoke -- [--node 22,24]', {
  args: argv.slice(2),
  options: { node: { type: 'string', default: '' } },
});
const majors = values.node === '' ? [] : values.node.split(',');
if (!majors.every((major) => /^\d{2}$/.test(major))) {
  console.error('--node: expected versions of Node like 22,24. Nothing was run.');
  exit(2);
}

const work = mkdtempSync(join(tmpdir(), 'fermata-smoke-'));
let failed = 0;
try {
  const folder = join(work, 'installed');
  mkdirSync(folder);
  const packed = execFileSync(execPath, [join(root, 'scripts/pack.mjs'), work], { encoding: 'utf8' });
  if (install(folder, packed.trim().split('\n').at(-1)))
    for (const node of [execPath, ...majors.map(fetchNode)]) if (node !== null) await smoke(node, folder);
} catch (error) {
  failed += 1;
  console.error(error instanceof Error ? error.message : error);
} finally {
  rmSync(work, { recursive: true, force: true });
}
exit(failed === 0 ? 0 : 1);

/** Installs a package in a folder of its own, from npm's cache if possible; false: it is not available here. */
function install(folder, what, mayLack = UNREACHABLE) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const given = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', what];
  const { status, stderr } = spawnSync('npm', given, { cwd: folder, encoding: 'utf8' });
  if (status === 0) return true;
  if (!mayLack.test(stderr)) throw new Error(`npm could not install ${what}:\n${stderr}`);
  console.log(`skip  ${what}: neither the npm registry nor npm's cache has it here`);
  return false;
}

/** The newest Node of a major version in the npm registry; null: it is not available here. */
function fetchNode(major) {
  const name = `node-${platform}-${arch}`;
  const folder = join(work, `node-${major}`);
  mkdirSync(folder);
  // A mirror may lack it, whatever error npm reports for that.
  return install(folder, `${name}@${major}`, /./) ? join(folder, 'node_modules', name, 'bin', 'node') : null;
}

/** A newcomer's first minutes: runs a desk, makes and checks a strategy, stops and ends the desk. */
async function smoke(node, folder) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const started = Date.now();
  const home = mkdtempSync(join(work, `home-${version}-`));
  const context = {
    cwd: folder,
    // Programs that npm puts on PATH, and children started by name, have to use this version too.
    env: { ...env, FERMATA_HOME: home, PATH: `${dirname(node)}:${env.PATH}` },
  };
  const entry = join(folder, 'node_modules/@fermata-trading/fermata/bin/fermata.js');
  const fermata = (...typed) =>
    execFileSync(node, [entry, ...typed], { ...context, encoding: 'utf8', timeout: COMMAND_WITHIN_MS });
  const desk = startDesk(node, entry, context, await freePort());
  try {
    await desk.said(/ ACTIVE/);
    expect(JSON.parse(fermata('status', '--json')).mode === 'ACTIVE', 'the desk trades');
    fermata('init', '--name', 'mine', '--yes');
    fermata('strategy', 'new', 'dip', '--desk', 'mine');
    fermata('strategy', 'check', 'desks/mine/strategies/dip.ts');
    fermata('stop');
    expect(JSON.parse(fermata('status', '--json')).mode === 'HALTED', 'a stop halts it');
    expect((await desk.end()) === 0, 'Ctrl-C ends it in order');
    console.log(`ok    Node ${version}, ${Math.round((Date.now() - started) / 1000)} s`);
  } catch (error) {
    failed += 1;
    await desk.end();
    console.error(`FAIL  Node ${version}: ${error.message}\n${desk.output()}`);
  } finally {
    rmSync(join(folder, 'desks'), { recursive: true, force: true });
  }
}

function startDesk(node, entry, context, port) {
  const child = spawn(node, [entry, 'up', '--port', String(port)], {
    ...context,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    output: () => text,
    async said(pattern) {
      const until = Date.now() + READY_WITHIN_MS;
      let code;
      ended.then((status) => (code = status));
      while (!pattern.test(text)) {
        if (code !== undefined) throw new Error(`it ended by itself with ${code}`);
        if (Date.now() > until) throw new Error(`it has not said ${pattern}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    end() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function expect(is, what) {
  if (!is) throw new Error(`expected: ${what}`);
}
