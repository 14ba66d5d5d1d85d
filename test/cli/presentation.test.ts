import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { outcomeJson, outcomeLines } from '../../src/cli/act-on-desk.js';
import { requestOf } from '../../src/cli/commands/backup-commands.js';
import { incidentLine, timelineOf } from '../../src/cli/commands/incident-commands.js';
import { scheduleLines } from '../../src/cli/commands/schedules.js';
import { type ShownRunbook, statusLines } from '../../src/cli/commands/status-command.js';
import { screenLines } from '../../src/cli/commands/up-command.js';
import { failureLines, presentFailure } from '../../src/cli/failure.js';
import { dataFile, type MarketOptions, marketChoice, speedValue } from '../../src/cli/market-choice.js';
import { showBackup } from '../../src/cli/offsite-copies.js';
import { progressPrinter } from '../../src/cli/output.js';
import type { IncidentShown } from '../../src/contracts/published.js';
import { figuresOf, figureText, notesOf, statusTable } from '../../src/contracts/status-words.js';
import type { PositionStatus, TraderStatus, TradeStatus } from '../../src/contracts/trader-status.js';
import { notTaken } from '../../src/operations/operation.js';
import type { ScheduledRun } from '../../src/operations/run-routine.js';
import type { UpSummary } from '../../src/supervisor/up-options.js';
import { statusText } from '../../src/telegram/commands/status.js';
import { ControlFailure } from '../../src/trader/client.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { fullStatus } from '../support/trader-status.js';
import { CRYPTO_DESK, traderStatus } from './trader-double.js';

const SUMMARY: UpSummary = {
  desk: 'crypto-bot',
  trading: 'paper',
  prices: 'simulated market, seed 7, 60x',
  simulated: true,
  account: { name: 'paper/simulated-303-seed-7', resting: [] },
  mode: 'HALTED',
  reason: 'just started',
  headline: 'HALTED: just started',
  dashboardUrl: 'http://127.0.0.1:8000/',
  publicUrl: null,
  signInUrl: 'http://127.0.0.1:8000/#sign-in=TOKEN',
  signInMinutes: 15,
  temporalUiUrl: 'http://127.0.0.1:8233/',
  metricsUrl: 'http://127.0.0.1:8000/metrics',
  next: [{ routine: 'pre-market', title: 'Pre-market', atMs: Date.UTC(2026, 0, 2) }],
  ownPeople: false,
  logFile: '/home/of/desk/logs/fermata.log',
  passwordFile: '/home/of/desk/secrets/operator-password',
};

describe('an incident', () => {
  const INCIDENT = {
    ...{ id: 'NX9s1OF4lWq5T9wa', severity: 'medium', state: 'open', title: 'odd fills', outcome: null },
    ...{
      openedMs: Date.UTC(2026, 10, 25, 17, 19, 18),
      acknowledgedBy: null,
      files: [],
      tasks: [],
      contacts: [],
    },
    timeline: [{ atMs: Date.UTC(2026, 10, 25, 17, 24, 25), name: 'Acknowledged', observed: 'anna' }],
    alerts: [{ times: 1, source: 'anna (cli)', detail: '' }],
  } as unknown as IncidentShown;

  it('says of each time that it is UTC, whatever zone the terminal is in', () => {
    expect(incidentLine(INCIDENT)).toBe(
      'NX9s1OF4lWq5T9wa  medium   2026-11-25 17:19:18 UTC  odd fills (nobody has it)',
    );
    expect(timelineOf(INCIDENT)).toEqual([
      '  2026-11-25 17:24:25 UTC  Acknowledged: anna',
      '  seen once by anna (cli)',
    ]);
  });

  it('says what it asks of a person, and what is typed once that is done', () => {
    const task = { id: 3, title: 'Restart IB Gateway by hand', detail: 'As it is set up here.' };
    const dueMs = Date.UTC(2026, 10, 25, 18, 19);
    const shown = {
      ...INCIDENT,
      tasks: [{ ...task, items: ['logged in'], dueMs }],
    } as unknown as IncidentShown;
    expect(timelineOf(shown).slice(2)).toEqual([
      '  waits for a person: Restart IB Gateway by hand (due 2026-11-25 18:19 UTC)',
      '    As it is set up here.',
      '    1. logged in',
      '    when it is done: fermata task done 3 --tick 1 --note TEXT',
    ]);
  });
});

describe('a backup that is asked for', () => {
  it('is read back with --verify and with --s3 alone, which sends it away', () => {
    const asked = { verify: false, offsite: false, tag: null, patienceMs: 600_000 };
    expect(requestOf({ timeout: 600 })).toEqual(asked);
    expect(requestOf({ timeout: 600, verify: true })).toEqual({ ...asked, verify: true });
    expect(requestOf({ timeout: 60, s3: true, tag: 'weekly' })).toEqual({
      ...{ verify: true, offsite: true, tag: 'weekly', patienceMs: 60_000 },
    });
  });

  it('is confirmed with each of its steps, or fails', () => {
    const said: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
    const step = { key: 'take', title: 'Taken', verdict: 'pass', observed: '12 rows', expected: '' } as const;
    const outcome = {
      ...{ ok: true, proven: true, detail: '12 rows, 0.1 MB in backups/b-1', haltId: null, problems: [] },
      ...{ workflowId: 'backup:slob', decisionId: '', result: { steps: [step] } },
    } as never as Parameters<typeof showBackup>[1];
    const codes = [showBackup('backup', outcome, false)];
    codes.push(showBackup('backup', { ...outcome, proven: false }, false));
    write.mockRestore();
    expect(codes).toEqual([0, 1]);
    expect(said.join('')).toMatch(
      /^ {2}✓ Taken: 12 rows\n✓ backup: proven \(12 rows, 0\.1 MB in backups\/b-1\)\n[\s\S]*✗ backup: NOT proven/,
    );
  });
});

describe('the line of a routine', () => {
  const lines = (change: Partial<ScheduledRun>): readonly string[] =>
    scheduleLines({
      ...{
        scheduleId: 'slob-edge-drift',
        routine: 'edge-drift',
        title: 'Edge drift',
        known: true,
        last: null,
        missed: null,
      },
      ...{ paused: false, note: '', clock: 'wall', nextMs: null, nextMarketMs: null },
      ...{ when: 'trades', byTrades: { every: 50, closed: 92, next: 100 } },
      ...change,
    });
  const line = (change: Partial<ScheduledRun>): string => lines(change).join('\n');

  it('says when it was due and did not run, until it runs again', () => {
    const missed = { nominalMs: Date.UTC(2026, 0, 4, 8), reason: 'the desk was off' };
    const [first, second] = lines({ missed });
    expect(first).toBe(line({}));
    expect(second).toMatch(/^ +missed 2026-01-04 08:00[^:]*: the desk was off$/);
  });

  it('says after which trade it is due, beside its time where it has one', () => {
    expect(line({})).toMatch(/^edge-drift +after trade 100 \(8 more\) +never ran +Edge drift$/);
    expect(line({ nextMarketMs: Date.UTC(2026, 0, 5, 8) })).toMatch(
      /^edge-drift +2026-01-05 08:00[^,]* wall time, after trade 100 \(8 more\) /,
    );
  });

  it('says why none is due, and what pauses it', () => {
    expect(line({ byTrades: null })).toMatch(/^edge-drift +after its trades +never ran/);
    expect(line({ when: 'asked', byTrades: null })).toContain('when somebody runs it');
    expect(line({ paused: true, note: 'anna: a holiday' })).toContain('paused: anna: a holiday');
  });
});

describe('the screen of a started desk', () => {
  it('says that prices are not live, where to sign in, and what comes next', () => {
    const text = screenLines(SUMMARY).join('\n');
    for (const part of [
      'crypto-bot (paper money)',
      'HALTED: just started',
      'simulated market, seed 7, 60x (NOT LIVE)',
      'http://127.0.0.1:8000/#sign-in=TOKEN',
      'http://127.0.0.1:8233/',
      'http://127.0.0.1:8000/metrics',
      'Pre-market (pre-market) at 2026-01-02 00:00 UTC',
      'secrets/operator-password',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('says first what page and status say first', () => {
    const headline = 'ACTIVE, but every strategy is off: nothing is entered until one is switched on';
    expect(screenLines({ ...SUMMARY, mode: 'ACTIVE', reason: 'resumed', headline })).toContain(
      `  Mode         ${headline}`,
    );
  });

  it('says that it has people of its own, where it does', () => {
    const said = /demo has people of its own: other passwords/;
    expect(screenLines({ ...SUMMARY, desk: 'demo', ownPeople: true }).join('\n')).toMatch(said);
    expect(screenLines({ ...SUMMARY, desk: 'demo' }).join('\n')).not.toMatch(said);
  });

  it('says what a restart does to the account', () => {
    expect(screenLines(SUMMARY).join('\n')).toMatch(
      /Restart +paper positions, orders and cash are kept over a restart/,
    );
    expect(screenLines({ ...SUMMARY, trading: 'live' }).join('\n')).toMatch(/Restart +.*the exchange’s/);
  });

  it.each([
    ['Binance simulator', 'live (exchange simulator)'],
    ['Binance spot testnet', 'live (the exchange’s test environment)'],
    ['Binance spot', 'REAL MONEY'],
    ['a name that nobody knows', 'REAL MONEY'],
    [null, 'REAL MONEY'],
  ])('says what is at stake with the account %s: %s', (name, words) => {
    const account = name === null ? null : { name, resting: [] };
    expect(screenLines({ ...SUMMARY, trading: 'live', account }).join('\n')).toContain(
      `crypto-bot (${words})`,
    );
  });

  it('says whose money is traded, and which accounts are kept for other prices', () => {
    expect(screenLines(SUMMARY).join('\n')).toMatch(/Account +paper\/simulated-303-seed-7\n/);
    const account = { name: 'paper/simulated-303-seed-7', resting: ['live-binance'] };
    expect(screenLines({ ...SUMMARY, account }).join('\n')).toMatch(
      /Account +paper\/simulated-303-seed-7; kept as they were for other prices: live-binance\n/,
    );
  });

  it('does not name a password file where the password was given', () => {
    expect(screenLines({ ...SUMMARY, passwordFile: null, next: [] }).join('\n')).toMatch(
      /as given in DASHBOARD_PASSWORD[\s\S]*nothing is scheduled/,
    );
  });
});

describe('the status for people', () => {
  it('shows mode, prices, equity, positions and why it is not trading', () => {
    const text = statusLines(traderStatus()).join('\n');
    for (const part of [
      'crypto-bot (paper)  ACTIVE: every check was clean',
      'equity           10\u202f012.50 USDT\ntoday            +12.50 USDT\n',
      'BTC/USDT long 0.003 at 100\u202f000, now unknown, \u22121.50, stop 98\u202f000 (confirmed)',
      'ETH/USDT: the averages have not crossed (a cross of the averages)',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/^prices {11}up, last price .+ ago, NOT LIVE: simulated market, seed 7, 60x$/m);
    expect(text).not.toContain('position size');
    expect(text).toContain('\nwaiting for\n  ETH/USDT: ');
    const flat = statusLines(traderStatus({ positions: [] })).join('\n');
    expect(flat).toContain('\nnot trading because\n  ETH/USDT: ');
  });

  it('shows trades against each other beneath the net of the venue, each with its side and its stop', () => {
    const [position] = traderStatus().positions;
    const part = { ...position!.trade!, protection: 'confirmed', averagePrice: '100000' } as const;
    const long = { ...part, strategy: 'up', side: 'long', quantity: '0.002', stopPrice: '98000' } as const;
    const short = {
      ...part,
      strategy: 'down',
      side: 'short',
      quantity: '0.002',
      stopPrice: '103000',
    } as const;
    const held = { ...position!, quantity: '0.000', parts: [long, short] };
    const lines = statusLines(traderStatus({ positions: [held] })).map((line) => line.trim());
    for (const begins of ['BTC/USDT long 0.000 at', 'up long 0.002', 'down short 0.002'])
      expect(lines.some((line) => line.startsWith(begins))).toBe(true);
    const shown = lines.find((line) => line.startsWith('down '));
    expect(shown).toContain('down short 0.002 at 100\u202f000');
    expect(shown?.endsWith('stop 103\u202f000 (confirmed)')).toBe(true);
  });

  it('gives the multiple and the exits of a trade to that trade alone where several make up the position', () => {
    const [position] = traderStatus().positions;
    const exits: NonNullable<TradeStatus['exits']> = {
      ...{ targets: [], trailBy: null, breakEven: null, timeExitMs: null, stopMovedBy: null },
      words: ['target 103000'],
    };
    const trade = { ...{ id: 't1', openedMs: 1, fees: '0.1', result: '0.2', risk: '1' }, r: '0.19', exits };
    const part = { ...trade, quantity: '0.002', stopPrice: '98000', protection: 'confirmed' } as const;
    const parts = [
      { ...part, strategy: 'up' },
      { ...part, strategy: 'down', r: '-1.50', exits: { ...exits, words: ['stop trails by 50'] } },
    ];
    const linesOf = (held: PositionStatus): string[] => {
      const lines = statusLines(traderStatus({ positions: [held] }));
      const from = lines.indexOf('positions') + 1;
      return lines.slice(from, lines.indexOf('', from)).map((line) => line.trim());
    };
    const [net, ...below] = linesOf({ ...position!, trade, parts });
    expect(net).toContain('\u22121.50, stop 98\u202f000 (confirmed)');
    expect(below).toEqual([
      'up 0.002 (+0.19 R after fees), stop 98\u202f000 (confirmed)',
      'exits: target 103000',
      'down 0.002 (\u22121.50 R after fees), stop 98\u202f000 (confirmed)',
      'exits: stop trails by 50',
    ]);
    const [whole, exitsOfIt] = linesOf({ ...position!, trade, parts: parts.slice(0, 1) });
    expect(whole).toContain('\u22121.50 (+0.19 R after fees), stop 98\u202f000');
    expect(exitsOfIt).toBe('exits: target 103000');
  });

  it('shows which runbook the desk follows, and how ready the newest pre-flight found it', () => {
    const runbook = { version: '2.0', updated: '2025-12-26' };
    const found = {
      verdict: 'fail',
      passed: 8,
      looked: 12,
      configHash: '',
      atMs: Date.UTC(2026, 0, 2),
    } as const;
    const shown = (readiness: ShownRunbook['readiness']) =>
      statusLines(traderStatus(), [], { ...runbook, readiness }).filter((line) => line.startsWith('runbook'));
    expect(shown(found)).toEqual([
      'runbook          2.0 of 2025-12-26; not ready for production (66 %): 8 of 12 of the pre-flight passed, 2026-01-02 00:00 UTC',
    ]);
    expect(shown({ ...found, verdict: 'pass', passed: 12 })).toEqual([
      expect.stringContaining('; ready for production (100 %): 12 of 12'),
    ]);
    expect(shown(null)).toEqual([expect.stringContaining('how ready is not known: fermata preflight')]);
    expect(statusLines(traderStatus()).join()).not.toContain('runbook');
  });

  it('shows where an entry by a stop is triggered, and what it takes at worst', () => {
    const protective: TraderStatus['orders'][number] = {
      ...{ clientId: 'f1', symbol: 'BTC/USDT', side: 'buy', type: 'stop', purpose: 'protective' },
      ...{ state: 'working', quantity: '0.003', filled: '0', price: '101.00', strategy: 'breakout' },
    };
    const entry: typeof protective = { ...protective, purpose: 'entry', worstPrice: '102.00' };
    const text = statusLines(traderStatus({ orders: [entry, protective] })).join('\n');
    expect(text).toContain(
      '0.003 stop, triggers at 101.00, 102.00 at worst (entry, working, filled 0)\n' +
        '  BTC/USDT buy 0.003 stop 101.00 (protective, working, filled 0)',
    );
  });

  it('shows what waits in the desk, with its stop and the id by which it is cancelled', () => {
    const waiting: NonNullable<TraderStatus['waitingEntries']>[number] = {
      ...{ clientId: 'fabc123b', symbol: 'BTC/USDT', side: 'buy', type: 'ifTouched', strategy: 'dip' },
      ...{ waits: 'buy, once the ask is at 99950.00 or below', stop: '98000.00', sinceMs: 1 },
    };
    const open: typeof waiting = {
      ...{ ...waiting, clientId: 'fabc123c', type: 'atOpen' },
      waits: 'buy, at the open, from Mon 09:30 New York on',
    };
    expect(statusLines(traderStatus({ waitingEntries: [waiting, open] })).join('\n')).toContain(
      'entries that wait in the desk\n' +
        '  BTC/USDT buy, once the ask is at 99\u202f950.00 or below; stop 98\u202f000.00 (dip, fabc123b)\n' +
        '  BTC/USDT buy, at the open, from Mon 09:30 New York on; stop 98\u202f000.00 (dip, fabc123c)\n',
    );
    expect(statusLines(traderStatus()).join('\n')).not.toContain('wait in the desk');
  });

  it('shows how long positions were without a stop, by cause, and which one is now', () => {
    const { positions, ...status } = traderStatus();
    const [first] = positions;
    expect(first).toBeDefined();
    const text = statusLines({
      ...status,
      positions: [{ ...(first as (typeof positions)[number]), protection: 'pending', withoutStopMs: 340 }],
      stopGaps: [
        { why: 'changed', count: 3, longestMs: 1_250, newestMs: 80, symbol: 'ETH/USDT', atMarketMs: 1 },
        { why: 'lost', count: 1, longestMs: 9, newestMs: 9, symbol: 'BTC/USDT', atMarketMs: 2 },
      ],
    }).join('\n');
    expect(text).toContain('(pending, none known to rest for 340 ms)');
    expect(text).toContain(
      'without a stop so far\n  while the stop was changed: 3 times, longest 1\u202f250 ms (ETH/USDT), last 80 ms',
    );
    expect(text).toContain('\n  after the venue had ended it: 1 time, longest 9 ms (BTC/USDT), last 9 ms');
    expect(statusLines(traderStatus()).join('\n')).not.toContain('without a stop so far');
  });

  it('shows what the trade in a position makes of what it risked', () => {
    const { positions, ...status } = traderStatus();
    const first = positions[0] as (typeof positions)[number];
    const trade = { id: 'tabc', openedMs: 1, fees: '0.10', result: '1.20', risk: '1.50', r: '0.80' };
    const shown = (of: typeof first) => statusLines({ ...status, positions: [of] }).join('\n');
    expect(shown({ ...first, trade })).toContain(' (+0.80 R after fees), stop ');
    expect(shown({ ...first, trade: { ...trade, risk: null, r: null } })).not.toContain(' R after');
    expect(shown({ ...first, trade })).not.toContain('exits');
    const words = ['target 104000 (50 %) reached', 'trails by 900'];
    const none = { targets: [], trailBy: null, breakEven: null, timeExitMs: null, stopMovedBy: null };
    expect(shown({ ...first, trade: { ...trade, exits: { ...none, words } } })).toContain(
      '(confirmed)\n    exits: target 104000 (50 %) reached, trails by 900\n',
    );
  });

  it('shows at what size it trades where that is not the desk file’s', () => {
    const text = statusLines({ ...traderStatus(), sizePct: 50 }).join('\n');
    expect(text).toContain('size             50 %, of the full position size');
  });
});

describe('what is declared of a status', () => {
  const status = fullStatus();
  const figures = figuresOf(status);
  const notes = notesOf(status);

  it('is all said by a status that has all of it', () => {
    const [, , ...rows] = statusTable().split('\n');
    expect([...figures, ...notes]).toHaveLength(rows.length);
  });

  it.each(figures)('$title is in fermata status and in /status, in the same words', (figure) => {
    expect(statusText(status).split('\n')).toContain(`${figure.title}: ${figureText(figure)}`);
    const line = statusLines(status).find((one) => one.startsWith(`${figure.title.toLowerCase()} `));
    expect(line?.endsWith(` ${figureText(figure)}`)).toBe(true);
  });

  it.each(notes)('$title is in fermata status, and in /status if it is for the phone', (note) => {
    const lines = statusLines(status);
    expect(lines.slice(lines.indexOf(note.title.toLowerCase()) + 1)).toContain(`  ${note.lines[0]}`);
    expect(statusText(status).split('\n').includes(`${note.title}: ${note.lines[0]}`)).toBe(note.isOnPhone);
  });
});

describe('an outcome', () => {
  const outcome = {
    ok: true,
    proven: true,
    detail: 'HALTED',
    haltId: 'h',
    workflowId: null,
    problems: ['Temporal was down.'],
  };

  it('is proven only where it was taken and read back', () => {
    expect(outcomeLines('stop', outcome)).toEqual([
      '✓ stop: proven (HALTED)',
      '  halt h',
      '  ! Temporal was down.',
    ]);
    expect(outcomeLines('stop', { ...outcome, proven: false })[0]).toBe('✗ stop: NOT proven (HALTED)');
    const waits = outcomeLines('resume', { ...outcome, proven: false }, { underWay: '!' });
    expect(waits[0]).toBe('! resume: NOT proven (HALTED)');
    const begun = { ...outcome, ok: false, workflowId: 'estop:mine' };
    expect(outcomeLines('stop', begun)[0]).toBe('✗ stop: NOT proven (HALTED)');
    expect(outcomeLines('stop', { ...outcome, ok: false })[0]).toBe('✗ stop: not done: HALTED');
  });

  it('of a refusal has the form of every error, for scripts too, with what the trader says is to be done', () => {
    const refused = new ControlFailure({
      ...{ code: 'not-traded', message: 'this desk does not trade DOGE/USDT' },
      ...{ keptSafe: 'Nothing was changed.', doThis: 'name one of: BTC/USDT' },
    });
    const nothingDone = notTaken(refused, 'Nothing was changed');
    expect(outcomeLines('position close', nothingDone)).toEqual([
      '✗ position close: not done: this desk does not trade DOGE/USDT.',
      '  kept safe: nothing was changed',
      '  do this:   name one of: BTC/USDT',
    ]);
    expect(outcomeJson(nothingDone)).toMatchObject({
      ...{ ok: false, proven: false, detail: 'this desk does not trade DOGE/USDT.' },
      ...{ keptSafe: 'nothing was changed', doThis: 'name one of: BTC/USDT' },
    });
    expect(Object.keys(outcomeJson(outcome))).not.toContain('doThis');
  });
});

describe('a failure', () => {
  it('takes what was kept safe and what to do from the error itself', () => {
    const error = Object.assign(new Error('what\nmore'), { keptSafe: 'safe', doThis: 'do' });
    expect(failureLines(presentFailure(error))).toEqual([
      '✗ what',
      '  more',
      '  kept safe: safe',
      '  do this:   do',
    ]);
  });

  it('says whose a path has to be, and not to look for a bug, where the system refuses it', () => {
    const refused = (code: string) =>
      presentFailure(Object.assign(new Error(code), { code, path: '/home/of/desk/secrets' }));
    expect(refused('EPERM')).toMatchObject({
      message: 'this user may not use /home/of/desk/secrets (EPERM)',
      doThis: expect.stringContaining('chown'),
    });
    expect(refused('ENOSPC').message).toBe('the disk is full at /home/of/desk/secrets');
    // As Node throws it for a write, which names no file.
    const unnamed = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      ...{ code: 'ENOSPC', syscall: 'write' },
    });
    expect(presentFailure(unnamed)).toMatchObject({
      message: 'the disk is full: a file could not be written (ENOSPC)',
      doThis: expect.stringContaining('free some space where FERMATA_HOME lies'),
    });
    expect(refused('EROFS')).toMatchObject({
      message: '/home/of/desk/secrets is on a disk that can only be read',
      doThis: expect.stringMatching(/^make that disk writable again/),
    });
    expect(refused('ENOTEMPTY').doThis).toMatch(/FERMATA_DEBUG=1/);
  });

  it('of a database that another build made says so: it may be asked before an upgrade', () => {
    const missing = Object.assign(new Error('column "rate" does not exist'), { code: '42703' });
    expect(presentFailure(missing)).toMatchObject({
      message: 'the database of this desk is not of this build: column "rate" does not exist',
      doThis: expect.stringContaining('docs/UPGRADE.md'),
    });
  });

  it('of a bug says where to look', () => {
    expect(presentFailure(new TypeError('x is undefined')).doThis).toMatch(/FERMATA_DEBUG=1/);
  });
});

describe('a part of the desk that does not answer', () => {
  it.each([
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
    new Error('Connection terminated due to connection timeout'),
    Object.assign(new Error('the database system is starting up'), { code: '57P03' }),
  ])('is no bug: %s', (error) => {
    const { message, keptSafe, doThis } = presentFailure(error);
    expect(message).toBe(`a part of the desk does not answer: ${error.message}`);
    expect(keptSafe).toBe('nothing was changed');
    expect(doThis).toMatch(/fermata status/);
  });
});

describe('where prices come from', () => {
  const { desk } = loadDesk(CRYPTO_DESK);
  const choose = (options: MarketOptions) => marketChoice(options, desk);
  const here = import.meta.filename;

  it('is found out at the start where nothing is said', () => {
    expect(choose({})).toEqual({
      kind: 'auto',
      files: [],
      speed: undefined,
      seed: undefined,
      exitAtEnd: false,
    });
  });

  it('is a recording with --data, for the first instrument or the one that is named', () => {
    const data = [dataFile(here), dataFile(`ETH/USDT=${here}`)];
    const typed = [dataFile(here), dataFile(`ethusdt=${here}`)];
    expect(typed).toEqual(data);
    expect(choose({ data, speed: speedValue('max'), exitAtEnd: true })).toEqual({
      kind: 'recorded',
      files: [
        { symbol: null, file: here },
        { symbol: 'ETH/USDT', file: here },
      ],
      speed: null,
      seed: undefined,
      exitAtEnd: true,
    });
  });

  it('leaves a file its name, also with a = in it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-named-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'btcusdt=2026.csv');
    writeFileSync(file, '');
    expect(dataFile(file)).toEqual({ symbol: null, file });
    const near = relative('.', file);
    expect(dataFile(near)).toEqual({ symbol: null, file });
    expect(dataFile('year=2026.csv')).toEqual({ symbol: null, file: resolve('year=2026.csv') });
    expect(dataFile('eur-usd:bid=x.csv')).toEqual({ symbol: 'EUR/USD', file: resolve('x.csv'), side: 'bid' });
  });

  it.each<[MarketOptions, string]>([
    [{ data: [dataFile(`SOL/USDT=${here}`)] }, 'does not trade SOL/USDT'],
    [{ data: [dataFile(here), dataFile(`BTC/USDT=${here}`)] }, 'is given twice for BTC/USDT'],
    [{ data: [dataFile(here)], market: 'live' }, 'contradict each other'],
    [{ market: 'live', speed: 60 }, 'at the speed of the clock'],
  ])('%j is refused', (options, message) => {
    expect(() => choose(options)).toThrow(message);
  });

  it.each([
    ['realtime', 1],
    ['max', 'max'],
    ['0.5', 0.5],
    ['600', 600],
  ])('a speed may be %s', (text, speed) => {
    expect(speedValue(text)).toBe(speed);
  });
});

describe('progress', () => {
  const shown = (isTTY: boolean): string => {
    let text = '';
    const print = progressPrinter({ isTTY, write: (part) => (text += part) }, () =>
      Date.UTC(2026, 0, 2, 3, 4, 5),
    );
    print({ kind: 'step', text: 'starting' });
    print({ kind: 'bar', text: 'building', done: 1, total: 4 });
    print({ kind: 'bar', text: 'building', done: 1, total: 4 });
    print({ kind: 'bar', text: 'building', done: 4, total: 4 });
    print({ kind: 'line', text: 'ready' });
    return text;
  };

  it('is one line on a terminal, which changes', () => {
    expect(shown(true).split('\r\x1b[K')).toEqual([
      '03:04:05 UTC  starting',
      `[${'#'.repeat(6)}${'.'.repeat(18)}]  25 % building`,
      `[${'#'.repeat(6)}${'.'.repeat(18)}]  25 % building`,
      `[${'#'.repeat(24)}] 100 % building\n03:04:05 UTC  ready\n`,
    ]);
  });

  it('is a line for each step elsewhere', () => {
    expect(shown(false)).toBe('03:04:05 UTC  starting\nbuilding 20 %\nbuilding 100 %\n03:04:05 UTC  ready\n');
  });
});
