/** Everything that real money needs, all right; a test breaks one thing of it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../../simulators/binance/start.js';
import { type ExchangeReading, readExchange } from '../../../src/checks/preflight/exchange-reading.js';
import { runPreflight } from '../../../src/checks/preflight/run-preflight.js';
import type { PreflightReport } from '../../../src/contracts/published.js';
import type { Desk } from '../../../src/desk/schema.js';
import type { FreeBytes } from '../../../src/home/free-space.js';
import { ensureSecrets, readSecret } from '../../../src/home/secrets.js';
import { keepTelegramProof } from '../../../src/notify/channel-credentials.js';
import type { ValidationReport } from '../../../src/validation/report/report.js';
import { signReport } from '../../../src/validation/report/write-report.js';
import { loadDesk } from '../../../src/venue/load-desk.js';
import { enrol } from '../../support/own-keys.js';
import { TRADING_KEY } from '../../venue-binance/support/raw-client.js';
import { liveDeskText } from './live-desk.js';

const TOKEN = '123456:abcdefghijklmnopqrstuvwxyz';

export interface Bench {
  readonly simulator: BinanceSimulator;
  readonly home: string;
  readonly env: Record<string, string | undefined>;
  desk: Desk;
  readonly configHash: string;
  /** Writes a sealed GO with these changes. */
  report(changes?: Partial<ValidationReport>, key?: string): string;
  readonly reportFolder: string;
  /** Instead of what its disk has. */
  free?: FreeBytes;
  /** `found`: what the exchange says instead. */
  look(found?: Partial<ExchangeReading>): Promise<PreflightReport>;
}

/** Its secrets and people, the same in each test: a password and the locks of people's files take longer than most tests. */
let prepared: Promise<readonly Kept[]> | null = null;
const loadedByText = new Map<string, Pick<Bench, 'desk' | 'configHash'>>();

interface Kept {
  readonly path: string;
  readonly mode: number;
  /** Null: a folder. */
  readonly content: Buffer | null;
}

async function preparedHome(): Promise<readonly Kept[]> {
  const home = mkdtempSync(join(tmpdir(), 'fermata-prepared-'));
  await ensureSecrets(home, 'a-password-of-my-own');
  enrol(home, 'operator', 'second');
  const paths = readdirSync(home, { recursive: true, encoding: 'utf8' }).sort();
  const kept = paths.map((path) => {
    const stat = statSync(join(home, path));
    return { path, mode: stat.mode, content: stat.isDirectory() ? null : readFileSync(join(home, path)) };
  });
  rmSync(home, { recursive: true });
  return kept;
}

function write(home: string, { path, mode, content }: Kept): void {
  if (content === null) mkdirSync(join(home, path), { mode });
  else writeFileSync(join(home, path), content, { mode });
}

export async function preflightBench(edit: (text: string) => string = (text) => text): Promise<Bench> {
  const simulator = await startBinanceSimulator();
  const home = mkdtempSync(join(tmpdir(), 'fermata-preflight-'));
  prepared ??= preparedHome();
  for (const kept of await prepared) write(home, kept);
  const reportFolder = join(home, 'data');
  mkdirSync(reportFolder);
  onTestFinished(async () => {
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
  });
  const deskFile = join(home, 'desk.yaml');
  const text = edit(liveDeskText());
  writeFileSync(deskFile, text);
  const loaded = loadedByText.get(text) ?? loadDesk(deskFile);
  loadedByText.set(text, loaded);
  const { desk, configHash } = loaded;
  const env: Bench['env'] = {
    BINANCE_API_KEY: TRADING_KEY.apiKey,
    BINANCE_SECRET_KEY: TRADING_KEY.secret,
    TELEGRAM_BOT_TOKEN: TOKEN,
    DASHBOARD_PASSWORD: 'a-password-of-my-own',
  };
  const bench: Bench = {
    simulator,
    home,
    env,
    desk,
    configHash,
    reportFolder,
    report(changes = {}, key = readSecret(home, 'decisionKey')) {
      const file = join(reportFolder, 'validation_report_20260101T000000000Z.json');
      writeFileSync(file, JSON.stringify(signReport(key, { ...goReport(configHash), ...changes })));
      return file;
    },
    async look(found = {}) {
      const { desk: now } = bench;
      const read = await readExchange({ desk: now, env, simulatedVenue: simulator.address });
      const exchange = { ...read, ...found };
      const simulatedVenue = simulator.address;
      const subject = { desk: now, configHash, home, env, exchange, reportFolder, simulatedVenue };
      const disk = bench.free === undefined ? {} : { free: bench.free };
      return runPreflight({ ...subject, ...disk, nowMs: Date.now() });
    },
  };
  bench.report();
  await keepTelegramProof(home, TOKEN, { chatId: '7', messageId: 1, atMs: Date.now() });
  return bench;
}

const HOUR_MS = 3_600_000;

export function goReport(configHash: string): ValidationReport {
  return {
    version: 1,
    kind: 'validation-report',
    id: 'v1',
    desk: 'crypto-live',
    configHash,
    created: new Date(Date.now() - HOUR_MS).toISOString(),
    requestedBy: 'operator',
    recommendation: 'GO',
    reasons: [],
    goLive: { qualifies: true, because: [] },
    market: { kind: 'live', endpoint: { kind: 'live', venue: 'binance', address: null }, files: [] },
    results: { trades: 40, winRatePct: 55, sharpe: 1.2, maxDrawdownPct: 4 },
  } as unknown as ValidationReport;
}
