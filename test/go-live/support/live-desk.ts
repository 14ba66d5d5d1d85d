/** A desk with real money at the exchange's simulator: its own trader, real orders over the wire through the library. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import {
  type BinanceSimulator,
  type SimulatorOptions,
  startBinanceSimulator,
} from '../../../simulators/binance/start.js';
import type { TraderStatus } from '../../../src/contracts/trader-status.js';
import { type Decision, decisionSubject, signDecision } from '../../../src/domain/decision.js';
import { type GoLiveProposal, goLiveTerms } from '../../../src/domain/go-live-terms.js';
import { signStatement } from '../../../src/domain/signed-vote.js';
import type { StatementToSign } from '../../../src/domain/vote-statement.js';
import { deskPaths, homePaths, type Runtime } from '../../../src/home/runtime.js';
import { connectTrader, type TraderClient } from '../../../src/trader/client.js';
import { startTrader } from '../../../src/trader/start.js';
import { loadDesk } from '../../../src/venue/load-desk.js';
import { enrol, ownKeyOf } from '../../support/own-keys.js';
import { TRADING_KEY } from '../../venue-binance/support/raw-client.js';

const DESK_FILE = fileURLToPath(new URL('../../../desks/crypto-bot/desk.yaml', import.meta.url));
export const DECISION_KEY = 'ab'.repeat(32);
/** Nothing listens there: where passkeys would sign. */
export const PAGE_PORT = 9999;
export const CHAT_KEY = 'ef'.repeat(32);
const START_MS = 120_000;

export interface LiveDesk {
  readonly simulator: BinanceSimulator;
  readonly home: string;
  readonly runtime: Runtime;
  readonly client: TraderClient;
  readonly journal: string;
  start(): Promise<{ stop(): Promise<void> }>;
  status(): Promise<TraderStatus>;
  /** Waits until the status is so. */
  until(what: string, holds: (status: TraderStatus) => boolean, timeoutMs?: number): Promise<TraderStatus>;
  /** As things stand: what would be asked of people for the first step. */
  proposal(changes?: Partial<GoLiveProposal>): Promise<GoLiveProposal>;
}

export interface LiveDeskOptions {
  readonly simulator?: SimulatorOptions;
  readonly edit?: (text: string) => string;
}

/** The shipped desk, with real money and two people who decide about it. */
export function liveDeskText(): string {
  return readFileSync(DESK_FILE, 'utf8')
    .replace('desk: crypto-bot', 'desk: crypto-live')
    .replace('mode: paper # TRADING_MODE', 'mode: live')
    .replace('startup: auto', 'startup: person')
    .replace('fault: auto', 'fault: person')
    .replace('feeds: [binance, kucoin, kraken]', 'feeds: [binance]')
    .replace(
      '  - name: operator\n    roles: [operator, approver]',
      '  - { name: operator, roles: [operator, approver] }\n  - { name: second, roles: [approver] }\n  - { name: reader, roles: [viewer] }',
    );
}

/** `atEnd`: called with what has to be ended, last first. */
export async function liveDesk(
  options: LiveDeskOptions = {},
  atEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<LiveDesk> {
  const simulator = await startBinanceSimulator({ walk: { everyMs: 50, ppm: 20 }, ...options.simulator });
  const home = mkdtempSync(join(tmpdir(), 'fermata-live-'));
  const deskFile = join(home, 'desk.yaml');
  writeFileSync(deskFile, (options.edit ?? ((text) => text))(liveDeskText()));
  const { desk, configHash } = loadDesk(deskFile);
  const paths = homePaths(home);
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 });
  writeFileSync(join(paths.secrets, 'decision-key'), `${DECISION_KEY}\n`, { mode: 0o600 });
  writeFileSync(join(paths.secrets, 'telegram-vote-key'), `${CHAT_KEY}\n`, { mode: 0o600 });
  enrol(home, 'operator', 'second', 'reader');
  const market = { kind: 'live', files: [], speed: undefined, seed: undefined, exitAtEnd: false } as const;
  const runtime = {
    version: 1,
    home,
    desk: desk.desk,
    deskFile,
    configHash,
    market,
    web: { host: '127.0.0.1', port: PAGE_PORT },
    simulatedVenue: simulator.address,
  } as unknown as Runtime;
  vi.stubEnv('BINANCE_API_KEY', TRADING_KEY.apiKey);
  vi.stubEnv('BINANCE_SECRET_KEY', TRADING_KEY.secret);
  const { controlSocket, journal } = deskPaths(paths, desk.desk);
  const client = connectTrader(controlSocket);
  atEnd(async () => {
    client.close();
    await simulator.close();
    rmSync(home, { recursive: true, force: true });
    rmSync(paths.sockets, { recursive: true, force: true });
  });
  const status = () => client.call('status', {}, { timeoutMs: 30_000 });
  const until: LiveDesk['until'] = async (what, holds, timeoutMs = START_MS) => {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const now = await status();
      if (holds(now)) return now;
      if (Date.now() > deadlineMs) throw new Error(`not ${what}: ${JSON.stringify(now, null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return {
    simulator,
    home,
    runtime,
    client,
    journal,
    start: async () => {
      const role = await startTrader(runtime);
      let stopping: Promise<void> | null = null;
      const stop = (): Promise<void> => {
        stopping ??= role.stop();
        return stopping;
      };
      atEnd(stop);
      return { stop };
    },
    status,
    until,
    proposal: async (changes = {}) => {
      const now = await status();
      return {
        release: '0.0.0-test',
        attempt: 1,
        step: 0,
        incarnation: now.incarnation,
        configHash: now.configHash,
        haltId: now.haltId,
        size: { maxPositionSizePct: 3, maxConcurrentPositions: 3 },
        ...changes,
      };
    },
  };
}

export interface VoteOptions {
  readonly key?: string;
  readonly choice?: Decision['choice'];
  readonly atMs?: number;
  readonly expiresMs?: number;
  readonly desk?: string;
  /** Instead of the person's own key over this very proposal; null: none. */
  readonly signature?: string | null;
}

export function vote(proposal: GoLiveProposal, person: string, options: VoteOptions = {}): Decision {
  const { key = DECISION_KEY, choice = 'approve', atMs = Date.now(), desk = 'crypto-live' } = options;
  const expiresWallMs = options.expiresMs ?? Date.now() + 3_600_000;
  const subject = decisionSubject(goLiveTerms(proposal));
  const { signature = ownSignature(proposal, person, { desk, expiresWallMs }) } = options;
  return signDecision(key, {
    decisionId: `${person}:${choice}`,
    desk,
    person,
    via: 'web',
    choice,
    subject,
    atWallMs: atMs,
    expiresWallMs,
    ...(signature === null ? {} : { signature }),
  });
}

/** As the person's own browser makes it. */
export function ownSignature(
  proposal: GoLiveProposal,
  person: string,
  changes: Partial<StatementToSign> = {},
  signedBy = person,
): string {
  const { incarnation: account, configHash } = proposal;
  const statement = {
    kind: 'go-live',
    desk: 'crypto-live',
    account,
    configHash,
    subject: decisionSubject(goLiveTerms(proposal)),
    choice: 'approve',
    sizePct: null,
    expiresWallMs: Date.now() + 3_600_000,
  } as const;
  return signStatement(ownKeyOf(signedBy), { ...statement, ...changes }, person);
}
