/** The containers' roles without containers: the same programs with the same environment, each a process of its own. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import type { PreflightReport } from '../../src/checks/preflight/preflight-check.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import type { RoutineOutcome } from '../../src/operations/run-routine.js';
import type { Incident } from '../../src/store/incidents.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { startPostgres } from '../../src/supervisor/postgres/start-postgres.js';
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';
import { chooseTemporalPorts, startTemporal } from '../../src/supervisor/temporal/start-temporal.js';
import type { UpSummary } from '../../src/supervisor/up-options.js';
import { connectTrader, type TraderClient } from '../../src/trader/client.js';
import { SERVICE_OF_ROLE } from '../containers/compose-file.js';
import { makeImageFolder } from '../containers/image-folder.js';
import { Programs } from '../containers/programs.js';
import { hasReadOnly, readOnly } from '../containers/read-only.js';
import { liveDeskText } from '../go-live/support/live-desk.js';
import { type Chat, chatOf } from '../support/chat-of.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { type CommandRun, until } from '../support/desk-under-test.js';
import { signedIn } from '../support/signed-in.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';

const folder = mkdtempSync(join(tmpdir(), 'fermata-roles-'));
/** Stands for the image: what the Dockerfile copies, and the packages that it keeps. */
let image = '';
const home = join(folder, 'home');
const secrets = join(folder, 'secrets');
const roles = Object.keys(SERVICE_OF_ROLE);
let programs: Programs;
const stops: (() => Promise<void>)[] = [];
/** What differs from a container: places, ports, prices that need no network, and a desk that trades soon. */
let here: Record<string, string> = {};
let trader: TraderClient;
/** The same containers, asked to start with real money: with a key that is refused, and with one that is right. */
let refused: CommandRun;
let allowed: CommandRun;
/** An auditor of real money to which nobody gave a key. */
let unwatched: CommandRun;
let people: TelegramSimulator;
let alerts: Chat;

beforeAll(async () => {
  image = makeImageFolder(folder);
  people = await startTelegramSimulator();
  const exchange = await startBinanceSimulator();
  stops.push(people.close, exchange.close);
  const postgres = await freePort();
  const temporal = await chooseTemporalPorts();
  alerts = chatOf(people, 500);
  here = {
    PATH: process.env.PATH ?? '',
    TMPDIR: join(folder, 'tmp'),
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
    BINANCE_SIMULATOR_URL: exchange.address,
  };
  const given = {
    BINANCE_API_KEY: TRADING_KEY.apiKey,
    BINANCE_SECRET_KEY: TRADING_KEY.secret,
    TELEGRAM_BOT_TOKEN: DEFAULT_TOKEN,
    TELEGRAM_CHAT_ID: String(alerts.id),
    TELEGRAM_API_ROOT: people.address,
  };
  mkdirSync(here.TMPDIR ?? '');
  // The volume of the reports, where it is mounted.
  mkdirSync(join(folder, 'reports'));
  symlinkSync(join(folder, 'reports'), join(image, 'data'));
  programs = new Programs(folder, image, given, here);
  await programs.setUp('secrets');
  await startStores(postgres, temporal);
  await programs.setUp('stores');
  await lookAtRealMoney();
  await programs.setUp('preflight');
  for (const role of roles) programs.start(role);
  process.env.XDG_RUNTIME_DIR = folder;
  trader = connectTrader(deskPaths(homePaths(home), 'crypto-bot').controlSocket);
}, 300_000);

afterAll(async () => {
  trader?.close();
  await Promise.all(roles.map((role) => programs?.end(role)));
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

async function lookAtRealMoney(): Promise<void> {
  const desk = join(folder, 'live.yaml');
  const text = liveDeskText().replace('desk: crypto-live', 'desk: crypto-bot');
  writeFileSync(desk, text.replace('testnet: true', 'testnet: true\n  rateLimit: { enabled: false }'));
  const live = { TRADING_MODE: 'live', FERMATA_DESK: desk };
  refused = await programs.run('preflight', { ...live, BINANCE_SECRET_KEY: 'x'.repeat(64) });
  allowed = await programs.run('preflight', live);
  unwatched = await programs.run('auditor', live);
}

const status = () => trader.call('status', {}, { timeoutMs: 2_000 });

const incidents = async (): Promise<readonly Incident[]> => {
  const { stdout } = await programs.run('web', {}, ['bin/fermata.js', 'incidents', '--all', '--json']);
  return (JSON.parse(stdout) as Incident[]).filter(({ kind }) => kind === 'crash-and-restart');
};

describe('roles that are started one by one, with the environment of docker-compose.yml', () => {
  it.each(roles)('%s becomes healthy', async (role) => {
    await until(
      `${role} healthy\n${programs.running.get(role)?.log.slice(-2_000)}`,
      () => programs.isHealthy(role),
      120_000,
    );
  });

  it.skipIf(!hasReadOnly)('can write their volumes only: neither the image nor anything else', () => {
    const touch = (file: string) => {
      const { command, args } = readOnly(folder, image, ['touch', file]);
      return spawnSync(command, args).status;
    };
    expect(touch(join(home, 'written'))).toBe(0);
    for (const place of [image, tmpdir()]) expect(touch(join(place, 'fermata-written')), place).not.toBe(0);
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

  it('do not start with real money where a check fails, and say which', () => {
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/crypto-bot does not start with real money: API key/);
    expect(allowed).toMatchObject({ code: 0, stdout: expect.stringContaining('Rate limit configured: off') });
  });

  it('make the pre-flight where the keys are, asked of the page, which has none', async () => {
    const call = await signedIn({
      dashboardUrl: `http://127.0.0.1:${here.FERMATA_PORT}/`,
      passwordFile: join(secrets, 'operator-password'),
    } as UpSummary);
    const { status: code, body } = await call<PreflightReport>('GET', 'preflight');
    expect(code, JSON.stringify(body)).toBe(200);
    const verdicts = Object.fromEntries(body.results.map(({ key, verdict }) => [key, verdict]));
    expect(verdicts).toMatchObject({ 'api-key': 'pass', balance: 'pass', symbols: 'pass', telegram: 'pass' });
  });

  it('say by name that nobody watches real money where the auditor has no key, once, and open no incident else', async () => {
    expect(allowed.stdout).toContain('Auditor can read the account: BINANCE_AUDITOR_API_KEY is not set');
    expect(unwatched).toMatchObject({ code: 1, stderr: expect.stringContaining('BINANCE_AUDITOR_API_KEY') });
    const all = await until('the incident', async () => {
      const found = await incidents();
      return found.length > 0 ? found : null;
    });
    expect(all).toMatchObject([{ subject: 'auditor', detail: expect.stringContaining('BINANCE_AUDITOR') }]);
  });

  it('know people who were linked from inside a container', async () => {
    const command = ['bin/fermata.js', 'telegram', 'link', 'operator', '--json'];
    const { stdout, stderr } = await programs.run('web', {}, command);
    expect(stderr).toBe('');
    const operator = chatOf(people, 501);
    operator.write(`/start ${(JSON.parse(stdout) as { code: string }).code}`);
    await operator.reads(/You are operator on crypto-bot/);
  });

  it('take a backup and prove that it restores, asked from inside a container', async () => {
    for (const command of [['backup', '--verify'], ['drill']]) {
      const { code, stdout, stderr } = await programs.run('operations-worker', {}, [
        'bin/fermata.js',
        ...command,
        '--json',
      ]);
      expect(code, stdout + stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ proven: true, result: { verdict: 'pass' } });
    }
  });

  it('look before real money and validate as the desk that runs, and record it, asked from inside a container', async () => {
    const { configHash } = await status();
    const looked = await programs.run('operations-worker', {}, ['bin/fermata.js', 'preflight', '--json']);
    expect(JSON.parse(looked.stdout)).toMatchObject({ configHash });
    const options = ['--duration=1h', '--market', 'simulated', '--json'];
    const { stdout } = await programs.run('web', {}, ['bin/fermata.js', 'validate', ...options]);
    expect(JSON.parse(stdout)).toMatchObject({
      configHash,
      workflowId: expect.stringMatching(/^validation:crypto-bot:/),
      problems: [],
    });
  });

  it('write what happens to standard output, one JSON object a line', () => {
    for (const [role, { log }] of programs.running) {
      // The last one may be half written.
      const lines = log.split('\n').slice(0, -1);
      const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const { time, msg } of entries)
        expect([typeof time, typeof msg], role).toEqual(['number', 'string']);
    }
    expect(programs.running.get('trader')?.log).toContain('\n');
  });

  it('are restarted alone: `restart bot` keeps the positions, and the bot reconciles and trades again', async () => {
    const before = await status();
    expect(await programs.end('trader')).toBe(0);
    expect(await programs.isHealthy('trader')).toBe(false);
    programs.start('trader');
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

  it('that die open an incident, which ends when the bot runs again and its books agree; a restart opens none', async () => {
    const before = (await incidents()).map(({ id }) => id);
    await programs.end('trader', 'SIGKILL');
    programs.start('trader');
    const [crash, ...others] = await until(
      'the incident over',
      async () => {
        const found = (await incidents()).filter(({ id }) => !before.includes(id));
        return found[0]?.state === 'resolved' ? found : null;
      },
      120_000,
    );
    expect(crash?.outcome).toBe('trader runs again; the books agree with the venue');
    expect(others).toEqual([]);
    const { stdout } = await programs.run('web', {}, [
      'bin/fermata.js',
      'incidents',
      crash?.id ?? '',
      '--json',
    ]);
    expect(stdout).toMatch(/"Last 100 lines of its log[^}]*lines kept, SHA-256/);
  });

  it('that hang open an incident too, which says how to start them again', async () => {
    const before = (await incidents()).map(({ id }) => id);
    const { process: bot } = programs.running.get('trader') ?? {};
    bot?.kill('SIGSTOP');
    const silent = await until(
      'the incident',
      async () => (await incidents()).find(({ id }) => !before.includes(id)) ?? null,
      120_000,
    ).finally(() => bot?.kill('SIGCONT'));
    expect(silent).toMatchObject({
      title: 'trader is silent',
      detail: expect.stringContaining('docker-compose restart bot'),
    });
  });

  it('keep a log each, without secrets, in which errors are counted and which is read from inside a container', async () => {
    const { stdout } = await programs.run('web', {}, ['bin/fermata.js', 'logs', '--last', '10000']);
    for (const role of roles) expect(stdout).toMatch(new RegExp(`Z ${role} +info `));
    expect(stdout).toMatch(/Z trader +error trader had ended unexpectedly \(it left no reason/);
    const times = stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 24));
    expect(times).toEqual([...times].sort());
    expect(stdout).not.toContain(TRADING_KEY.secret);
    const run = await programs.run('web', {}, ['bin/fermata.js', 'run', 'daily', '--json']);
    const { steps } = JSON.parse(run.stdout) as RoutineOutcome;
    expect(steps.find(({ key }) => key === 'errors')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/errors \(.*trader 1/),
    });
  });

  it('have told people once with what warnings real money was to start', async () => {
    const alert = await alerts.reads(/starts with real money and \d+ warnings/);
    expect(alert.text).toContain('Rate limit configured: off');
    expect(await programs.end('telegram')).toBe(0);
    programs.start('telegram');
    await until('telegram healthy', () => programs.isHealthy('telegram'), 120_000);
    await until('something new', async () => {
      chatOf(people, 501).write('/status');
      return chatOf(people, 501)
        .texts()
        .some((text) => /^crypto-bot: /.test(text));
    });
    expect(alerts.texts().filter((text) => text.includes('starts with real money'))).toHaveLength(1);
  });

  it('end in order when they are asked to', async () => {
    for (const role of roles) expect(await programs.end(role), role).toBe(0);
  });
});
