/** Every role of docker-compose.yml as a process of its own, with the container's environment, on stores that stand beside. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import type { Incident } from '../../src/contracts/incident.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { readIncidents } from '../../src/store/incident-rows.js';
import { keptThroughLosses } from '../../src/store/pool.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { startPostgres } from '../../src/supervisor/start-postgres.js';
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';
import { chooseTemporalPorts, startTemporal } from '../../src/supervisor/temporal/start-temporal.js';
import { connectTrader, type TraderClient } from '../../src/trader/client.js';
import { liveDeskText } from '../go-live/support/live-desk.js';
import { type Chat, chatOf } from '../support/chat-of.js';
import { deskWithQuickAverages } from '../support/desk-files.js';
import type { CommandRun } from '../support/desk-under-test.js';
import { endServerWithThisProcess } from '../support/end-with-this-process.js';
import { type GuardedTemporal, guardTemporal, makeCertificates } from '../support/guarded-temporal.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';
import { SERVICE_OF_ROLE } from './compose-file.js';
import { makeImageFolder } from './image-folder.js';
import { Programs } from './programs.js';

const isCrash = ({ kind }: Incident): boolean => kind === 'crash-and-restart';

export const ROLES = Object.keys(SERVICE_OF_ROLE);

interface Begun {
  readonly roles?: readonly string[];
  readonly preflights?: boolean;
}

type TemporalPorts = Awaited<ReturnType<typeof chooseTemporalPorts>>;

export class DeployedRoles {
  readonly folder = mkdtempSync(join(tmpdir(), 'fermata-roles-'));
  readonly home = join(this.folder, 'home');
  readonly secrets = join(this.folder, 'secrets');
  /** Stands for the image: what the Dockerfile copies, and the packages that it keeps. */
  image = '';
  /** What differs from a container: places, ports, prices that need no network, and a desk that trades soon. */
  here: Record<string, string> = {};
  programs!: Programs;
  trader!: TraderClient;
  /** The same containers, asked to start with real money: with a key that is refused, and with one that is right. */
  refused!: CommandRun;
  allowed!: CommandRun;
  /** An auditor of real money to which nobody gave a key. */
  unwatched!: CommandRun;
  people!: TelegramSimulator;
  alerts!: Chat;
  temporal!: GuardedTemporal;
  /** Of the server itself, which asks nobody who they are. */
  temporalAddress = '';
  #postgres!: Pool;
  readonly #stops: (() => Promise<void>)[] = [];

  /** `preflights`: first what is looked at before a start, with paper and with real money, which takes four starts more. */
  async start({ roles = ROLES, preflights = true }: Begun = {}): Promise<void> {
    this.image = makeImageFolder(this.folder);
    this.people = await startTelegramSimulator();
    const exchange = await startBinanceSimulator();
    this.#stops.push(this.people.close, exchange.close);
    this.alerts = chatOf(this.people, 500);
    const postgres = await freePort();
    const temporal = await chooseTemporalPorts();
    this.temporalAddress = `127.0.0.1:${temporal.grpc}`;
    this.here = await this.#environment(postgres, temporal, exchange.address);
    mkdirSync(this.here.TMPDIR ?? '');
    // The volume of the reports, where it is mounted.
    mkdirSync(join(this.folder, 'reports'));
    symlinkSync(join(this.folder, 'reports'), join(this.image, 'data'));
    this.programs = new Programs(this.folder, this.image, this.#given(), this.here);
    await Promise.all([
      this.programs.setUp('secrets').then(() => this.#beginPostgres(postgres)),
      this.#beginTemporal(temporal),
    ]);
    await this.programs.setUp('stores');
    if (preflights) await Promise.all([this.programs.setUp('preflight'), this.#lookAtRealMoney()]);
    for (const role of roles) this.programs.start(role);
    process.env.XDG_RUNTIME_DIR = this.folder;
    this.trader = connectTrader(deskPaths(homePaths(this.home), 'crypto-bot').controlSocket);
  }

  async end(): Promise<void> {
    this.trader?.close();
    await Promise.all(ROLES.map((role) => this.programs?.end(role)));
    await Promise.all(this.#stops.map((stop) => stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  status(): Promise<TraderStatus> {
    return this.trader.call('status', {}, { timeoutMs: 10_000 });
  }

  /** The incidents of roles that died, as they stand in Postgres: who waits for one asks often, and a command takes a second. */
  async crashes(): Promise<readonly Incident[]> {
    return (await readIncidents(this.#postgres, 'crypto-bot')).filter(isCrash);
  }

  /** The same, as a person in a container lists them. */
  async listedCrashes(): Promise<readonly Incident[]> {
    const { stdout } = await this.programs.run('cli', {}, ['bin/fermata.js', 'incidents', '--all', '--json']);
    return (JSON.parse(stdout) as Incident[]).filter(isCrash);
  }

  async #environment(
    postgres: number,
    temporal: TemporalPorts,
    exchange: string,
  ): Promise<Record<string, string>> {
    return {
      PATH: process.env.PATH ?? '',
      TMPDIR: join(this.folder, 'tmp'),
      // As for every process of a test.
      NODE_OPTIONS: process.env.NODE_OPTIONS ?? '',
      FERMATA_HOME: this.home,
      FERMATA_SECRETS: this.secrets,
      FERMATA_SECRETS_OF: join(this.folder, 'secrets-of'),
      FERMATA_HOME_BEFORE: join(this.folder, 'before'),
      XDG_RUNTIME_DIR: this.folder,
      FERMATA_POSTGRES_HOST: '127.0.0.1',
      FERMATA_POSTGRES_PORT: String(postgres),
      ...(await this.#temporalOfOthers(temporal.grpc)),
      FERMATA_TEMPORAL_UI: `http://127.0.0.1:${temporal.ui}`,
      FERMATA_TEMPORAL_UI_PORT: String(await freePort()),
      FERMATA_PORT: String(await freePort()),
      FERMATA_WEB_HOST: '127.0.0.1',
      FERMATA_MARKET: 'simulated',
      // A quarter of an hour of the market until its first trade.
      FERMATA_DESK: deskWithQuickAverages(this.folder, [[['market', 'speed'], 180]]),
      BINANCE_SIMULATOR_URL: exchange,
    };
  }

  /** Temporal as somebody else runs it: behind TLS, a client certificate and an API key, all of it said by a profile. */
  async #temporalOfOthers(port: number): Promise<Record<string, string>> {
    const folder = join(this.folder, 'temporal-profile');
    mkdirSync(folder);
    const certificates = makeCertificates(folder);
    const asks = { clientCertificate: true, apiKey: 'a key of the cloud' };
    this.temporal = await guardTemporal(`127.0.0.1:${port}`, certificates, asks);
    this.#stops.push(this.temporal.close);
    const profile = join(folder, 'temporal.toml');
    const lines = [
      '[profile.desk]',
      `address = "${this.temporal.address}"`,
      'namespace = "fermata"',
      `api_key = "${asks.apiKey}"`,
      '[profile.desk.tls]',
      `server_ca_cert_path = "${certificates.authority}"`,
      `client_cert_path = "${certificates.clientCert}"`,
      `client_key_path = "${certificates.clientKey}"`,
    ];
    writeFileSync(profile, lines.join('\n'));
    return {
      TEMPORAL_ADDRESS: '',
      TEMPORAL_NAMESPACE: '',
      TEMPORAL_CONFIG_FILE: profile,
      TEMPORAL_PROFILE: 'desk',
    };
  }

  #given(): Record<string, string> {
    return {
      BINANCE_API_KEY: TRADING_KEY.apiKey,
      BINANCE_SECRET_KEY: TRADING_KEY.secret,
      TELEGRAM_BOT_TOKEN: DEFAULT_TOKEN,
      TELEGRAM_CHAT_ID: String(this.alerts.id),
      TELEGRAM_API_ROOT: this.people.address,
    };
  }

  async #beginPostgres(port: number): Promise<void> {
    const { folder, secrets } = this;
    const password = readFileSync(join(secrets, 'postgres-password'), 'utf8').trim();
    const database = { directory: join(folder, 'postgres'), logFile: join(folder, 'postgres.log') };
    const login = { port, user: 'fermata', password };
    const postgres = await startPostgres({ ...database, ...login, onSpawned: endServerWithThisProcess });
    this.#stops.push(postgres.stop);
    const connection = { host: '127.0.0.1', port, user: 'fermata', password, database: 'fermata', max: 1 };
    this.#postgres = keptThroughLosses(new Pool(connection));
    this.#stops.push(() => this.#postgres.end());
  }

  async #beginTemporal(ports: TemporalPorts): Promise<void> {
    const binary = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
    if (binary.kind !== 'binary') throw new Error('a Temporal binary is needed');
    const temporal = await startTemporal({
      ...{ binary: binary.path, ports, database: join(this.folder, 'temporal.sqlite') },
      logFile: join(this.folder, 'temporal.log'),
      onSpawned: endServerWithThisProcess,
    });
    this.#stops.push(temporal.stop);
  }

  async #lookAtRealMoney(): Promise<void> {
    const desk = join(this.folder, 'live.yaml');
    const text = liveDeskText().replace('desk: crypto-live', 'desk: crypto-bot');
    writeFileSync(desk, text.replace('testnet: true', 'testnet: true\n  rateLimit: { enabled: false }'));
    const live = { TRADING_MODE: 'live', FERMATA_DESK: desk };
    [this.refused, this.allowed, this.unwatched] = await Promise.all([
      this.programs.run('preflight', { ...live, BINANCE_SECRET_KEY: 'x'.repeat(64) }),
      this.programs.run('preflight', live),
      this.programs.run('auditor', live),
    ]);
  }
}
