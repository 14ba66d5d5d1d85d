import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCheck } from '../../src/activities/operations/create-operations-activities.js';
import type { CheckContext } from '../../src/checks/check.js';
import { CHECKS } from '../../src/checks/registry.js';
import type { CheckOutcome, StepParameters } from '../../src/contracts/routine.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { loadDeskHere } from '../../src/home/desk-here.js';
import { keepLastAudit, type LastAudit } from '../../src/home/last-audit.js';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { keepStartedDesk } from '../../src/supervisor/start/runtime-file.js';
import { TraderUnavailable } from '../../src/trader/client.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { CRYPTO_DESK_FILE } from '../operations/support/crypto-desk.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const loaded = loadDesk(CRYPTO_DESK_FILE);
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'fermata-checks-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Situation {
  trader?: ScriptedTrader;
  context?: Partial<CheckContext>;
  deskFile?: string;
  parameters?: StepParameters;
}

function check(name: string, situation: Situation = {}): Promise<CheckOutcome> {
  const trader = situation.trader ?? new ScriptedTrader('abc123', loaded.configHash);
  const deskFile = situation.deskFile ?? CRYPTO_DESK_FILE;
  const context: CheckContext = {
    runtime: { home, deskFile, configHash: loaded.configHash } as Runtime,
    desk: loaded.desk,
    trader: trader.client,
    pool: { query: async () => ({ rows: [] }) } as never,
    ...situation.context,
  };
  return runCheck(CHECKS, context, { check: name, with: situation.parameters ?? {} });
}

describe('the checks of the desk file', () => {
  it('are all registered', () => {
    const named = loaded.desk.routines.flatMap(({ steps }) => steps.flatMap((step) => step.check ?? []));
    expect(named.filter((name) => !CHECKS.has(name))).toEqual([]);
  });

  it('that do not exist are named together with those that do', async () => {
    await expect(check('moon-phase')).rejects.toThrow(
      'there is no check "moon-phase" (there are: venue-reachable',
    );
  });

  it('refuse a threshold that is no number', async () => {
    await expect(check('disk-space', { parameters: { freeMbMin: 'lots' } })).rejects.toThrow(
      'with.freeMbMin',
    );
  });
});

describe('venue-reachable', () => {
  it('passes when positions and orders can be read back, and says how fast', async () => {
    const outcome = await check('venue-reachable');
    expect(outcome).toMatchObject({ verdict: 'pass', expected: 'the venue answers within 2000 ms' });
    expect(outcome.observed).toMatch(/^answered in \d+ ms: 0 positions, 0 open orders$/);
  });

  it('warns where the answer comes later than it may', async () => {
    const trader = new ScriptedTrader('abc123');
    const answer = trader.answer.bind(trader);
    trader.answer = async (method, params) => {
      if (method === 'flatProof') await new Promise((resolve) => setTimeout(resolve, 30));
      return answer(method, params);
    };
    expect(await check('venue-reachable', { trader, parameters: { answerMsMax: 20 } })).toMatchObject({
      verdict: 'warn',
      observed: expect.stringMatching(/^answered in \d+ ms: 0 positions, 0 open orders$/),
      expected: 'the venue answers within 20 ms',
    });
  });

  it('fails when the trader can not read its venue', async () => {
    const trader = new ScriptedTrader('abc123');
    trader.gone = true;
    expect(await check('venue-reachable', { trader })).toMatchObject({ verdict: 'fail' });
  });

  it('waits for a trader that is being started, for half of its step: the venue is not to be restarted for it', async () => {
    const trader = new ScriptedTrader('abc123');
    trader.gone = true;
    const back = setTimeout(() => {
      trader.gone = false;
    }, 600);
    const looked = await check('venue-reachable', { trader, context: { stepMs: 60_000 } });
    clearTimeout(back);
    expect(looked).toMatchObject({ verdict: 'pass' });
    // One that dies over it, and is back.
    let dies = true;
    const call: CheckContext['trader']['call'] = async (method, params) => {
      if (method !== 'flatProof' || !dies) return trader.client.call(method, params);
      dies = false;
      throw new TraderUnavailable('the connection was closed');
    };
    const cutOff = await check('venue-reachable', { context: { trader: { call }, stepMs: 60_000 } });
    expect(cutOff).toMatchObject({ verdict: 'pass' });
    trader.gone = true;
    const begunMs = performance.now();
    expect(await check('venue-reachable', { trader, context: { stepMs: 1_000 } })).toMatchObject({
      verdict: 'fail',
    });
    expect(performance.now() - begunMs).toBeGreaterThan(500);
  });
});

describe('data-fresh', () => {
  it('passes for young prices and fails for old ones, none, or a feed that is down', async () => {
    const trader = new ScriptedTrader('abc123');
    expect(await check('data-fresh', { trader })).toMatchObject({ verdict: 'pass' });
    for (const market of [{ lastQuoteAgeMs: 11_000 }, { lastQuoteAgeMs: null }, { state: 'down' as const }]) {
      trader.market = market;
      expect(await check('data-fresh', { trader })).toMatchObject({ verdict: 'fail' });
    }
  });

  it('goes by the age that people have allowed since, longer or shorter than the desk file’s', async () => {
    const trader = new ScriptedTrader('abc123');
    const judged = async (staleDataSeconds: number, lastQuoteAgeMs: number) => {
      trader.reloaded.push({ values: { 'risk.staleDataSeconds': staleDataSeconds }, approvedBy: [] });
      trader.market = { lastQuoteAgeMs };
      return check('data-fresh', { trader });
    };
    expect(await judged(20, 11_000)).toMatchObject({
      verdict: 'pass',
      expected: 'prices arrive, the last at most 20 s old',
    });
    expect(await judged(5, 6_000)).toMatchObject({ verdict: 'fail' });
  });

  it('asks for no price in the minute after the open, as the engine does, or in the time that a price may be old', async () => {
    const trader = new ScriptedTrader('abc123');
    const [first] = loaded.desk.instruments;
    const futures = [{ ...first, sessions: { calendar: 'cme-equity-index' } }] as never;
    const desk = { ...loaded.desk, instruments: futures };
    const openMs = Date.parse('2026-11-22T23:00Z');
    const judged = async (afterSeconds: number, speed: number) => {
      trader.market = { lastQuoteAgeMs: 90_000_000, marketMs: openMs + afterSeconds * 1_000, speed };
      return check('data-fresh', { trader, context: { desk } });
    };
    expect(await judged(60, 1)).toMatchObject({
      verdict: 'pass',
      observed: 'the market has only just opened: no price is due',
    });
    expect(await judged(61, 1)).toMatchObject({ verdict: 'fail' });
    // A market that runs sixty times as fast has been open for a minute of real time after an hour of its own.
    expect(await judged(3_600, 60)).toMatchObject({ verdict: 'pass' });
    expect(await judged(3_660, 60)).toMatchObject({ verdict: 'fail' });
    trader.reloaded.push({ values: { 'risk.staleDataSeconds': 90 }, approvedBy: [] });
    expect(await judged(90, 1)).toMatchObject({ verdict: 'pass' });
    expect(await judged(91, 1)).toMatchObject({ verdict: 'fail' });
  });

  it('asks for no price while every market is closed, and says which opens first', async () => {
    const trader = new ScriptedTrader('abc123');
    const [first, ...others] = loaded.desk.instruments;
    const sessions = (calendar: 'us-stocks' | 'cme-equity-index') =>
      ({ ...first, sessions: { calendar } }) as never;
    const saturday = {
      state: 'down' as const,
      lastQuoteAgeMs: 60_000_000,
      marketMs: Date.parse('2026-11-21T12:00Z'),
    };
    trader.market = saturday;
    const closed = { ...loaded.desk, instruments: [sessions('us-stocks'), sessions('cme-equity-index')] };
    expect(await check('data-fresh', { trader, context: { desk: closed } })).toMatchObject({
      verdict: 'pass',
      observed: 'market closed, opens Sun 18:00 New York: no price is due',
    });
    const mixed = { ...loaded.desk, instruments: [sessions('us-stocks'), ...others] };
    expect(await check('data-fresh', { trader, context: { desk: mixed } })).toMatchObject({
      verdict: 'fail',
    });
  });
});

describe('database', () => {
  it('fails with the reason when Postgres does not answer', async () => {
    const pool = { query: () => Promise.reject(new Error('connection refused')) } as never;
    const outcome = await check('database', { context: { pool } });
    expect(outcome).toMatchObject({ verdict: 'fail', observed: 'no answer: connection refused' });
  });

  it('warns where each of three answers is late: one that is read late says more of this process', async () => {
    const slowFor = (answers: number) => {
      let asked = 0;
      const query = async () => {
        asked += 1;
        if (asked <= answers) await new Promise((go) => setTimeout(go, 600));
        return { rows: [] };
      };
      return { context: { pool: { query } as never } };
    };
    expect(await check('database', slowFor(2))).toMatchObject({ verdict: 'pass' });
    expect(await check('database', slowFor(3))).toMatchObject({ verdict: 'warn' });
  });
});

describe('disk-space', () => {
  it('compares what is free with the desk file’s threshold', async () => {
    expect(await check('disk-space', { parameters: { freeMbMin: 1 } })).toMatchObject({ verdict: 'pass' });
    expect(await check('disk-space', { parameters: { freeMbMin: 1e12 } })).toMatchObject({ verdict: 'fail' });
  });
});

describe('risk-settings', () => {
  it('passes for the desk file that ships', async () => {
    expect(await check('risk-settings')).toMatchObject({ verdict: 'pass', observed: 'position size 3 %' });
  });

  it('fails where one position may lose more than a day', async () => {
    const risk = { ...loaded.desk.risk, maxPositionSizePct: 100, stopLossPct: 5, dailyLossLimitPct: 3 };
    const outcome = await check('risk-settings', { context: { desk: { ...loaded.desk, risk } } });
    expect(outcome.verdict).toBe('fail');
    expect(outcome.observed).toContain('loses 5.00 % of equity, more than the daily limit 3 %');
  });

  it.each([
    [{ riskPct: 3 }, 'pass'],
    [{ riskPct: 3.5 }, 'fail'],
    [{ equityPct: 60 }, 'pass'],
    [{ lots: 1 }, 'fail'],
  ] as const)('goes by the size of the strategies where they have one: %j', async (size, verdict) => {
    const { risk, strategies, ...others } = loaded.desk;
    const wide = { ...risk, maxPositionSizePct: 100, stopLossPct: 5, dailyLossLimitPct: 3 };
    const sized = strategies.map((strategy) => ({ ...strategy, size }));
    const desk = { ...others, risk: wide, strategies: sized };
    expect(await check('risk-settings', { context: { desk } })).toMatchObject({ verdict });
  });

  describe('where people have changed limits since', () => {
    const ratio = { ...loaded.desk, risk: { ...loaded.desk.risk, minRewardRiskRatio: 1.5 } };
    const changed = (values: Record<string, number>) => {
      const trader = new ScriptedTrader('abc123', loaded.configHash);
      trader.reloaded.push({ values, approvedBy: [] });
      return check('risk-settings', { trader, context: { desk: ratio } });
    };

    it.each([
      ['risk.maxPositionSizePct', 5, 'risk.maxPositionSizePct 5 %, looser than 3 % of the desk file'],
      ['risk.maxConcurrentPositions', 4, 'risk.maxConcurrentPositions 4, looser than 3 of the desk file'],
      [
        'risk.minRewardRiskRatio',
        1.2,
        'risk.minRewardRiskRatio 1.2 times the risk, looser than 1.5 times the risk of the desk file',
      ],
    ])('warns of each looser one: %s %s', async (key, value, looser) => {
      expect(await changed({ [key]: value })).toMatchObject({
        verdict: 'warn',
        observed: `${looser}, as people approved; position size 3 %`,
      });
    });

    it('passes for tighter ones, whichever direction that is', async () => {
      const tighter = { 'risk.maxPositionSizePct': 1, 'risk.minRewardRiskRatio': 2 };
      expect(await changed(tighter)).toMatchObject({ verdict: 'pass', observed: 'position size 3 %' });
    });

    it('fails for those in force that contradict one another, though the desk file’s do not', async () => {
      const { verdict, observed } = await changed({ 'risk.maxPositionSizePct': 90 });
      expect(verdict).toBe('fail');
      expect(observed).toContain('loses 4.50 % of equity, more than the daily limit 3 %');
      expect(observed).toContain('risk.maxPositionSizePct 90 %, looser than 3 %');
      expect(await changed({ 'risk.maxDrawdownPct': 2 })).toMatchObject({
        verdict: 'fail',
        observed: 'the daily loss limit 3 % is wider than the drawdown limit 2 %',
      });
    });
  });
});

describe('configuration', () => {
  it('fails when the trader runs another configuration', async () => {
    const trader = new ScriptedTrader('abc123', 'e'.repeat(64));
    expect(await check('configuration', { trader })).toMatchObject({ verdict: 'fail' });
  });

  it('warns when the desk file was edited since the start', async () => {
    const deskFile = join(home, 'edited.yaml');
    writeFileSync(deskFile, loaded.text.replace('stopLossPct: 5.0', 'stopLossPct: 4.0'));
    expect(await check('configuration', { deskFile })).toMatchObject({ verdict: 'warn' });
    expect(await check('configuration')).toMatchObject({ verdict: 'pass' });
  });

  it('looks at the file that a person edits, with what the environment sets', async () => {
    vi.stubEnv('STOP_LOSS_PCT', '3');
    const started = loadDeskHere(CRYPTO_DESK_FILE, {}, process.env, home);
    const writtenFile = join(home, 'written.yaml');
    const kept = keepStartedDesk(homePaths(home).run, { ...started, writtenFile });
    const runtime = { home, ...kept, configHash: started.configHash } as Runtime;
    const trader = new ScriptedTrader('abc123', started.configHash);
    const verdicts = [];
    for (const [from, to] of [
      ['', ''],
      ['stopLossPct: 5.0', 'stopLossPct: 4.0'],
      ['maxPositionSizePct: 3.0', 'maxPositionSizePct: 2.5'],
    ] as const) {
      expect(loaded.text).toContain(from);
      writeFileSync(writtenFile, loaded.text.replace(from, to));
      verdicts.push((await check('configuration', { trader, context: { runtime } })).verdict);
    }
    // The environment sets the second one, whatever the file says.
    expect(verdicts).toEqual(['pass', 'pass', 'warn']);
    vi.unstubAllEnvs();
  });
});

describe('monitor', () => {
  it.runIf(existsSync('/proc/self/fd'))('holds no log open once it has read it', async () => {
    const { logs } = homePaths(home);
    mkdirSync(logs, { recursive: true });
    const line = `${new Date().toISOString()} trader error setup - feed lost\n`;
    for (const name of ['trading.log', 'errors.log', 'fermata.log']) writeFileSync(join(logs, name), line);
    const { observed } = await check('monitor');
    expect(observed).toContain('errors today: 1');
    expect(observed).toContain('the last setups: ');
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    expect(open.filter((path) => path.startsWith(logs))).toEqual([]);
  });
});

describe('backup-age', () => {
  it('is not run on paper, and fails with real money, as long as there is no backup', async () => {
    expect(await check('backup-age')).toMatchObject({
      verdict: 'not_run',
      observed: expect.stringContaining('no backup was taken yet'),
    });
    const desk = { ...loaded.desk, mode: 'live' as const };
    expect(await check('backup-age', { context: { desk } })).toMatchObject({ verdict: 'fail' });
  });

  it('finds one that was taken where the home was before it was moved, and not one that is gone', async () => {
    const taken = new Date(Date.now() - 60_000);
    const id = '2026-03-01T02-00-00-000Z';
    const row = {
      ...{ desk: 'crypto-bot', id, folder: `/before/backups/${id}`, taken, verified: taken, pruned: null },
      ...{ bytes: '1', table_rows: '1', manifest_sha256: '' },
    };
    const pool = { query: async () => ({ rows: [row] }) } as never;
    const gone = await check('backup-age', { context: { pool } });
    expect(gone).toMatchObject({ verdict: 'fail', observed: expect.stringContaining('are gone') });
    mkdirSync(join(home, 'backups', id), { recursive: true });
    onTestFinished(() => rmSync(join(home, 'backups'), { recursive: true }));
    expect(await check('backup-age', { context: { pool } })).toMatchObject({ verdict: 'pass' });
  });
});

describe('books-agree, of the auditor', () => {
  const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;
  /** A trader that has just read the venue, beside an auditor that has left this. */
  function beside(audit: LastAudit | null, startedWallMs = 0) {
    const trader = new ScriptedTrader('abc123');
    trader.readAtWallMs = Date.now();
    const status = trader.status.bind(trader);
    trader.status = () => ({ ...status(), startedWallMs });
    const own = mkdtempSync(join(home, 'audited-'));
    if (audit !== null) keepLastAudit(own, audit);
    return {
      trader,
      check: () => check('books-agree', { trader, context: { runtime: { home: own } as Runtime } }),
    };
  }

  it('fails while a halt of its is active, with its words', async () => {
    const { trader, check } = beside({ atMs: Date.now(), problem: null });
    trader.halt('auditor', 'person');
    expect(await check()).toMatchObject({ verdict: 'fail', observed: 'auditor by test' });
  });

  it('needs an audit as young as the reading', async () => {
    expect(await beside({ atMs: minutesAgo(14), problem: null }).check()).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/no difference; audited 14\.0 minutes ago$/),
      expected: expect.stringContaining('and an audit, each at most 15 minutes old'),
    });
    expect(await beside({ atMs: minutesAgo(16), problem: 'its key was refused' }).check()).toMatchObject({
      verdict: 'not_run',
      observed: expect.stringMatching(/no difference; audited 16\.0 minutes ago: its key was refused$/),
    });
    // One that is ahead of the clock is of no known age; a few minutes may pass between two machines.
    expect(await beside({ atMs: minutesAgo(-4), problem: null }).check()).toMatchObject({ verdict: 'pass' });
    const ahead = {
      ...{ verdict: 'not_run', observed: expect.stringContaining('A time ahead of now says nothing') },
    };
    expect(await beside({ atMs: minutesAgo(-6), problem: null }).check()).toMatchObject(ahead);
    const { trader, check: checkReading } = beside({ atMs: minutesAgo(1), problem: null });
    trader.readAtWallMs = minutesAgo(-6);
    expect(await checkReading()).toMatchObject(ahead);
  });

  it('gives one that has compared nothing yet as long, from the trader’s start on', async () => {
    const none = { atMs: null, problem: 'fetch failed' };
    const observed = expect.stringMatching(/no difference; not audited yet: fetch failed$/);
    expect(await beside(none, minutesAgo(14)).check()).toMatchObject({ verdict: 'pass', observed });
    expect(await beside(none, minutesAgo(16)).check()).toMatchObject({ verdict: 'not_run', observed });
  });

  it('says so where no auditor has left anything', async () => {
    expect(await beside(null).check()).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/no difference; no auditor keeps its audits here$/),
    });
  });
});

describe('exits-working', () => {
  const order = (part: Partial<TraderStatus['orders'][number]>): TraderStatus['orders'][number] => ({
    ...{
      clientId: 'fabc1',
      symbol: 'NQ/USD',
      side: 'buy',
      type: 'stop',
      purpose: 'protective',
      state: 'working',
    },
    ...{ quantity: '2', filled: '0', price: '15300.00', strategy: 'slob' },
    ...part,
  });
  const STOP = order({});
  const TARGET = order({ clientId: 'fabc2', type: 'limit', purpose: 'exit', price: '15100.00' });

  /** Short two contracts with one target, at a venue that links it with the stop. */
  function short(orders = [STOP, TARGET]): ScriptedTrader {
    const trader = new ScriptedTrader('abc123');
    const targets = [{ price: '15100.00', pct: 100, reached: false }];
    const exits = { targets, trailBy: null, breakEven: null, timeExitMs: null, stopMovedBy: null, words: [] };
    trader.held = [
      {
        ...{
          symbol: 'NQ/USD',
          side: 'short',
          quantity: '2',
          averagePrice: '15234.00',
          markPrice: '15230.00',
        },
        ...{ unrealised: '160', stopPrice: '15300.00', protection: 'confirmed', withoutStopMs: null },
        ...{
          strategy: 'slob',
          trade: { id: 't1', openedMs: 0, fees: '0', result: '0', risk: null, r: null, exits },
        },
      },
    ];
    trader.orders = orders;
    trader.targetsWait = 'venue';
    return trader;
  }

  it('passes where the venue lists stop and target of what is held, and says at what prices', async () => {
    expect(await check('exits-working', { trader: short() })).toMatchObject({
      verdict: 'pass',
      observed: 'short 2 NQ/USD: stop 15300.00; target 15100.00',
    });
    expect(await check('exits-working', { trader: new ScriptedTrader('abc123') })).toMatchObject({
      verdict: 'pass',
      observed: 'nothing is held',
    });
  });

  it.each([
    ['the venue lists no target', ['fabc1'], 'NO TARGET', [STOP, TARGET]],
    ['the venue lists no stop', ['fabc2'], 'NO STOP', [STOP, TARGET]],
    ['the stop is for a part of it', null, 'NO STOP', [order({ quantity: '1' }), TARGET]],
  ])('fails where %s, whatever our own book says', async (_what, listed, missing, orders) => {
    const trader = short(orders);
    trader.venueOrderIds = listed;
    const { verdict, observed } = await check('exits-working', { trader });
    expect([verdict, observed]).toEqual(['fail', expect.stringContaining(missing)]);
  });

  it('passes for a stop of which a part is filled, where all that is held is left of it', async () => {
    const trader = short([order({ quantity: '0.3', filled: '0.1' }), order({ ...TARGET, quantity: '0.20' })]);
    trader.held = trader.held.map((position) => ({ ...position, quantity: '0.2' }));
    expect(await check('exits-working', { trader })).toMatchObject({ verdict: 'pass' });
  });

  it('asks for no stop of what one strategy holds where the venue takes no order for it', async () => {
    const trader = short([order({ quantity: '1.9' })]);
    const { price: stopPrice } = STOP;
    const trade = { id: 't1', openedMs: 0, fees: '0', result: '0', risk: null, r: null };
    const parts = [
      { ...trade, strategy: 'slob', quantity: '1.9', stopPrice, protection: 'confirmed' as const },
      { ...trade, strategy: 'fermata', quantity: '0.1', stopPrice: null, protection: 'dust' as const },
    ];
    trader.held = trader.held.map((position) => ({ ...position, trade, parts }));
    expect(await check('exits-working', { trader })).toMatchObject({
      verdict: 'pass',
      observed:
        'short 1.9 NQ/USD of slob: stop 15300.00; short 0.1 NQ/USD of fermata: dust, no stop can rest',
    });
    trader.readAtWallMs = Date.now();
    expect(await check('books-agree', { trader })).toMatchObject({ verdict: 'pass' });
  });

  it('asks for no target at the venue where the desk holds it', async () => {
    const trader = short([STOP]);
    trader.targetsWait = 'desk';
    expect(await check('exits-working', { trader })).toMatchObject({
      verdict: 'pass',
      observed: 'short 2 NQ/USD: stop 15300.00; target 15100.00, held by the desk',
    });
  });

  it('is not run where the venue can’t be asked', async () => {
    const trader = short();
    trader.gone = true;
    expect(await check('exits-working', { trader })).toMatchObject({
      verdict: 'not_run',
      observed: expect.stringContaining('the venue could not be asked'),
    });
  });
});
