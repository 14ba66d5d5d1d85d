// `npm run smoke [-- --node 22,24]`: installs the published package in an empty folder and runs a desk, on
// this Node and on those named; on this Node also the desk of test/example-pack, whose folder has its own
// code. Needs the npm registry, or npm's cache from an earlier run; if neither has a package, it says what it
// left out. `.ci/run` runs it, `npm test` doesn't.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { arch, argv, env, execPath, exit, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';

const READY_WITHIN_MS = 240_000;
const COMMAND_WITHIN_MS = 60_000;
/** For what a desk does by itself. */
const DONE_WITHIN_MS = 120_000;
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
    for (const node of [execPath, ...majors.map(fetchNode)])
      if (node !== null) {
        await tryDesk(node, folder, 'its first minutes', firstMinutes);
        if (node === execPath) await tryDesk(node, folder, 'a pack of somebody else', examplePack);
      }
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

/** `what` runs a desk in a home of its own, and receives the installed command. */
async function tryDesk(node, folder, title, what) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const started = Date.now();
  const home = mkdtempSync(join(work, `home-${version}-`));
  const context = {
    cwd: folder,
    // Programs that npm puts on PATH, and children started by name, must use this version too.
    env: { ...env, FERMATA_HOME: home, PATH: `${dirname(node)}:${env.PATH}` },
  };
  const entry = join(folder, 'node_modules/@fermata-trading/fermata/bin/fermata.js');
  const fermata = (...typed) =>
    execFileSync(node, [entry, ...typed], { ...context, encoding: 'utf8', timeout: COMMAND_WITHIN_MS });
  let desk = null;
  const up = async (...options) => {
    desk = startDesk(node, entry, context, ['--port', String(await freePort()), ...options]);
    await desk.said(/ ACTIVE/);
    return desk;
  };
  try {
    await what({ fermata, up, home, folder });
    console.log(`ok    Node ${version}, ${title}, ${Math.round((Date.now() - started) / 1000)} s`);
  } catch (error) {
    failed += 1;
    await desk?.end();
    console.error(`FAIL  Node ${version}, ${title}: ${error.message}\n${desk?.output() ?? ''}`);
  } finally {
    rmSync(join(folder, 'desks'), { recursive: true, force: true });
  }
}

/** A newcomer's first minutes: runs a desk, makes and checks a strategy, stops and ends the desk. */
async function firstMinutes({ fermata, up }) {
  const desk = await up();
  expect(JSON.parse(fermata('status', '--json')).mode === 'ACTIVE', 'the desk trades');
  fermata('init', '--name', 'mine', '--yes');
  fermata('strategy', 'new', 'dip', '--desk', 'mine');
  fermata('strategy', 'check', 'desks/mine/strategies/dip.ts');
  fermata('stop');
  expect(JSON.parse(fermata('status', '--json')).mode === 'HALTED', 'a stop halts it');
  expect((await desk.end()) === 0, 'Ctrl-C ends it in order');
}

/** Strategy, check, incident kind and playbook of a folder that relies only on the package's promises. */
async function examplePack({ fermata, up, home, folder }) {
  cpSync(join(root, 'test/example-pack/desks'), join(folder, 'desks'), { recursive: true });
  fermata('desk', 'check', 'otter');
  const desk = await up('--desk', 'otter', '--market', 'simulated');
  const asked = (command) => JSON.parse(fermata(command, '--json'));
  fermata('login', 'operator', '--password-file', join(home, 'secrets/operator-password'));
  const answerTasks = async (wanted) => {
    const waiting = () => asked('tasks').filter(({ title }) => wanted.includes(title));
    await until(`tasks: ${wanted.join(', ')}`, () => waiting().length === wanted.length);
    for (const { id } of waiting()) fermata('task', 'done', String(id), '--note', 'looked at, and done');
    expect(waiting().length === 0, 'each task that was answered is done');
  };
  const weekly = JSON.parse(fermata('run', 'weekly', '--json'));
  expect(weekly.verdict === 'pass', `its weekly routine passes; found ${JSON.stringify(weekly)}`);
  await answerTasks(['Figures read', 'Balance compared', 'Plan written']);
  fermata('incident', 'open', 'No money since noon', '--kind', 'late-bank');
  fermata('incident', 'open', 'No answer since noon', '--kind', 'late-broker');
  await answerTasks(['The bank was called', 'The broker was called']);
  await until('the incident of its own kind is over', () => {
    const open = asked('incidents');
    return !open.some(({ kind }) => kind === 'late-bank');
  });
  await until('its own strategy trades', () => asked('status').fills > 1);
  expect((await desk.end()) === 0, 'Ctrl-C ends it in order');
}

async function until(what, holds) {
  const ends = Date.now() + DONE_WITHIN_MS;
  while (!holds()) {
    if (Date.now() > ends) throw new Error(`expected within ${DONE_WITHIN_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function startDesk(node, entry, context, options) {
  const child = spawn(node, [entry, 'up', ...options], {
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
