/** The containers' roles without containers: the same programs with the same environment, each a process of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { startPostgres } from '../../src/supervisor/postgres/start-postgres.js';
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';
import { chooseTemporalPorts, startTemporal } from '../../src/supervisor/temporal/start-temporal.js';
import { connectTrader, type TraderClient } from '../../src/trader/client.js';
import { compose, environmentOf, SERVICE_OF_ROLE } from '../containers/compose-file.js';
import { makeImageFolder } from '../containers/image-folder.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { until } from '../support/desk-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'fermata-roles-'));
/** Stands for the image: what the Dockerfile copies, and the packages that it keeps. */
let image = '';
const home = join(folder, 'home');
const secrets = join(folder, 'secrets');
const roles = Object.keys(SERVICE_OF_ROLE);
const running = new Map<string, { readonly process: ChildProcess; log: string }>();
const stops: (() => Promise<void>)[] = [];
/** What differs from a container: places, ports, prices that need no network, and a desk that trades soon. */
let here: Record<string, string> = {};
let trader: TraderClient;

beforeAll(async () => {
  image = makeImageFolder(folder);
  const postgres = await freePort();
  const temporal = await chooseTemporalPorts();
  here = {
    PATH: process.env.PATH ?? '',
    FERMATA_HOME: home,
    FERMATA_SECRETS: secrets,
    XDG_RUNTIME_DIR: folder,
    FERMATA_POSTGRES_HOST: '127.0.0.1',
    FERMATA_POSTGRES_PORT: String(postgres),
    TEMPORAL_ADDRESS: `127.0.0.1:${temporal.grpc}`,
    FERMATA_TEMPORAL_UI: `http://127.0.0.1:${temporal.ui}`,
    FERMATA_TEMPORAL_UI_PORT: String(await freePort()),
    FERMATA_PORT: String(await freePort()),
    FERMATA_WEB_HOST: '127.0.0.1',
    FERMATA_MARKET: 'simulated',
    FERMATA_DESK: deskWithQuickAverages(folder),
  };
  await runOnce('secrets');
  await startStores(postgres, temporal);
  await runOnce('stores');
  for (const role of roles) start(role);
  process.env.XDG_RUNTIME_DIR = folder;
  trader = connectTrader(deskPaths(homePaths(home), 'crypto-bot').controlSocket);
}, 180_000);

afterAll(async () => {
  trader?.close();
  await Promise.all([...running.keys()].map((role) => end(role)));
  await Promise.all(stops.map((stop) => stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function startStores(
  port: number,
  ports: Awaited<ReturnType<typeof chooseTemporalPorts>>,
): Promise<void> {
  const password = readFileSync(join(secrets, 'postgres-password'), 'utf8').trim();
  const database = { directory: join(folder, 'postgres'), logFile: join(folder, 'postgres.log') };
  stops.push((await startPostgres({ ...database, port, user: 'fermata', password })).stop);
  const binary = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
  if (binary.kind !== 'binary') throw new Error('a Temporal binary is needed');
  const server = { binary: binary.path, ports, database: null, logFile: join(folder, 'temporal.log') };
  stops.push((await startTemporal(server)).stop);
}

function programOf(service: string): { readonly args: string[]; readonly env: Record<string, string> } {
  const args = (compose.services[service]?.command ?? []).map((part, index) =>
    index === 0 ? join(image, part) : part,
  );
  return { args, env: { ...environmentOf(service), ...here } };
}

function runOnce(service: string): Promise<void> {
  const { args, env } = programOf(service);
  return new Promise((settle, fail) => {
    execFile(process.execPath, args, { env, timeout: 120_000 }, (error, stdout, stderr) =>
      error === null ? settle() : fail(new Error(stdout + stderr)),
    );
  });
}

function start(role: string): void {
  const { args, env } = programOf(SERVICE_OF_ROLE[role] ?? '');
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kept = { process: child, log: '' };
  running.set(role, kept);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      kept.log += text;
    });
  }
}

async function end(role: string): Promise<number | null> {
  const child = running.get(role)?.process;
  running.delete(role);
  if (!child || child.exitCode !== null) return child?.exitCode ?? null;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  return child.exitCode;
}

/** The health check of the service, run as Compose runs it. */
function isHealthy(role: string): Promise<boolean> {
  const service = SERVICE_OF_ROLE[role] ?? '';
  const [, , program, ...args] = compose.services[service]?.healthcheck?.test ?? [];
  return new Promise((settle) => {
    const { env } = programOf(service);
    execFile(process.execPath, [join(image, program ?? ''), ...args], { env }, (error) =>
      settle(error === null),
    );
  });
}

const status = () => trader.call('status', {}, { timeoutMs: 2_000 });

describe('roles that are started one by one, with the environment of docker-compose.yml', () => {
  it.each(roles)('%s becomes healthy', async (role) => {
    await until(`${role} healthy\n${running.get(role)?.log.slice(-2_000)}`, () => isHealthy(role), 120_000);
  });

  it('find every file of the image that the code names', () => {
    const compiled = readdirSync(join(image, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js') && !name.startsWith('dashboard'))
      .map((name) => join(image, 'dist', name));
    const named = compiled.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g)].map(
        ([, path = '']) => join(dirname(file), path),
      ),
    );
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('trade', async () => {
    await until(
      'a fill',
      async () => {
        const now = await status();
        return now.mode === 'ACTIVE' && now.fills > 0;
      },
      120_000,
    );
  });

  it('serve health and dashboard, without sign-in, on the port that is configured', async () => {
    const at = (path: string) => fetch(`http://127.0.0.1:${here.FERMATA_PORT}${path}`);
    expect((await at('/health')).status).toBe(200);
    const page = await at('/');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<title>Fermata</title>');
  });

  it('write what happens to standard output, one JSON object a line', () => {
    for (const [role, { log }] of running) {
      // The last one may be half written.
      const lines = log.split('\n').slice(0, -1);
      const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const { time, msg } of entries)
        expect([typeof time, typeof msg], role).toEqual(['number', 'string']);
    }
    expect(running.get('trader')?.log).toContain('\n');
  });

  it('are restarted alone: `restart bot` keeps the positions, and the bot reconciles and trades again', async () => {
    const before = await status();
    expect(await end('trader')).toBe(0);
    expect(await isHealthy('trader')).toBe(false);
    start('trader');
    const after = await until(
      'the bot back and trading',
      async () => {
        const now = await status();
        return now.pid !== before.pid && now.mode === 'ACTIVE' ? now : null;
      },
      120_000,
    );
    expect(after.incarnation).toBe(before.incarnation);
    expect(after.fills).toBeGreaterThanOrEqual(before.fills);
    expect(after.reconciliation.differences).toEqual([]);
  });

  it('end in order when they are asked to', async () => {
    for (const role of roles) expect(await end(role), role).toBe(0);
  });
});
