import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import type { PositionStatus, TraderStatus } from '../../src/contracts/trader-status.js';
import { channelHealth } from '../../src/home/channel-health.js';
import { savePoll } from '../../src/store/outbox-delivery.js';
import { statusText } from '../../src/telegram/commands/status.js';
import { turnOfBot } from '../../src/telegram/reading/poll-updates.js';
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import { eventually, soon, until } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { sharedTemporal } from '../support/temporal.js';
import { scriptedStatus } from '../support/trader-status.js';
import { UNFIT_TEXTS } from '../support/unfit-text.js';
import { ANNA, BEN, type BenchOptions, type BotBench, openBotBench } from './support/bot-bench.js';

let database: TestDatabase;
let temporal: TemporalAccess;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
  temporal = openTemporal({ home: null, temporal: await sharedTemporal() });
});
afterAll(async () => {
  await temporal?.close();
  await database?.drop();
});
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool, temporal });
  await bench.link('anna', ANNA);
});
afterEach(() => bench.close());

/** The server takes the workflow of a stop at once; where it is away, each stop waits three seconds for it. */
async function withoutTemporal(given: Pick<BenchOptions, 'people'> = {}): Promise<void> {
  await bench.close();
  bench = await openBotBench({ pool: database.pool, ...given });
  await bench.link('anna', ANNA);
}

function tapLast(user: number, label: string): void {
  const shown = bench.sent(user).findLast(({ reply_markup: markup }) => markup !== undefined);
  if (!shown) throw new Error('no message shows buttons');
  bench.simulator.simulation.tap(user, { chatId: user, messageId: shown.message_id }, label);
}

const VERA = 503;

const HELD: PositionStatus = {
  symbol: 'BTC/USDT',
  side: 'long',
  quantity: '0.5',
  averagePrice: '100',
  markPrice: '124',
  unrealised: '12.00',
  stopPrice: '95',
  protection: 'confirmed',
  withoutStopMs: null,
  trade: null,
  strategy: 'ema-cross',
};

describe('/stop', () => {
  it('acts at once, without asking, and tells what is proven', async () => {
    await withoutTemporal();
    bench.start();
    bench.trader.entriesWorking = 2;
    bench.type(ANNA, '/stop');
    await eventually(() => expect(bench.trader.sent('stop')).toHaveLength(1));
    expect(bench.trader.sent('stop')).toMatchObject([{ by: 'anna', reason: 'no reason given' }]);
    await bench.answered(
      ANNA,
      /✅ Stop: proven\.[\s\S]*\n! The workflow that proves the stop was not started: Temporal/,
    );
  });

  it('that gave no reason is asked for it afterwards', async () => {
    bench.start();
    bench.type(ANNA, '/stop');
    await bench.answered(ANNA, /✅ Stop: proven\.\n.*no reason was given: task \d+ asks for it/);
    expect(await bench.operations.listTasks({ state: 'open' })).toMatchObject([
      { title: 'Say why anna stopped trading' },
    ]);
  });

  it('pressed again and again asks for one reason, once', async () => {
    const said = () => bench.sent(ANNA).flatMap(({ text }) => text?.match(/task \d+ asks for it/)?.[0] ?? []);
    bench.start();
    for (const times of [1, 2, 3]) {
      bench.type(ANNA, '/stop');
      await eventually(() => expect(said()).toHaveLength(times));
    }
    expect(new Set(said()).size).toBe(1);
    expect(await bench.operations.listTasks({ state: 'open' })).toHaveLength(1);
  });

  it.each([
    ['/Stop', 'no reason given'],
    ['/STOP! odd prices', 'odd prices'],
    ['Stop.', 'no reason given'],
    ['stop', 'no reason given'],
  ])('is taken however a phone writes it: %s', async (text, reason) => {
    bench.start();
    bench.type(ANNA, text);
    await bench.answered(ANNA, /✅ Stop: proven/);
    expect(bench.trader.sent('stop')).toMatchObject([{ by: 'anna', reason }]);
  });

  it('is not a sentence that begins with the word, nor one for another bot', async () => {
    bench.start();
    for (const text of ['stop sending me this', '/stopped', '/stop@another_bot']) bench.type(ANNA, text);
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    expect(bench.trader.sent('stop')).toEqual([]);
  });

  it('halts once where Telegram counts from anew, below what was read before', async () => {
    await savePoll(database.pool, bench.desk.desk, 900_000_000);
    bench.start();
    bench.type(ANNA, '/stop');
    await bench.answered(ANNA, /✅ Stop: proven/);
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    await eventually(() => expect(bench.simulator.simulation.bot().unconfirmed).toBe(0));
    expect(bench.trader.sent('stop')).toHaveLength(1);
  });

  it('sent while the bot was down is honoured when it comes back, before all else', async () => {
    for (let number = 0; number < 5; number += 1) bench.type(ANNA, '/status');
    bench.type(ANNA, '/stop the market looks odd', { date: Math.floor(Date.now() / 1000) - 1_800 });
    bench.start();
    await eventually(() => expect(bench.trader.sent('stop')).toHaveLength(1));
    const order = bench.trader.received.map(({ method, params }) => `${method}:${'by' in params}`);
    expect(bench.trader.sent('stop')).toMatchObject([{ reason: 'the market looks odd' }]);
    expect(order.indexOf('stop:true')).toBeLessThan(4);
  });

  it('that is hours old stops too, without asking, and the answer says how old it is', async () => {
    bench.type(ANNA, '/stop', { date: Math.floor(Date.now() / 1000) - 3 * 3_600 });
    bench.start();
    await bench.answered(ANNA, /Your \/stop was sent 180 minutes ago\.\n✅ Stop: proven/);
    expect(bench.trader.sent('stop')).toHaveLength(1);
    expect(bench.sent(ANNA).every(({ reply_markup: markup }) => markup === undefined)).toBe(true);
  });

  it('is taken where what was mistyped is edited into it, once for each text', async () => {
    const { simulation } = bench.simulator;
    const refusals = () => bench.texts(ANNA).filter((text) => text.includes('That is no command'));
    bench.start();
    const mistyped = simulation.type(ANNA, '/sotp');
    await bench.answered(ANNA, /That is no command/);
    simulation.edit(mistyped, '/stpo');
    simulation.edit(mistyped, '/stop');
    await until('the edited stop', () => bench.trader.sent('stop').length > 0);
    await bench.answered(ANNA, /✅ Stop: proven/);
    expect(bench.trader.sent('stop')).toMatchObject([{ by: 'anna', reason: 'no reason given' }]);
    // Telegram calls any change of a message an edit.
    simulation.edit(mistyped, '/stop');
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    expect(bench.trader.sent('stop')).toHaveLength(1);
    expect(refusals()).toHaveLength(1);
    // It counts from when it became a stop, however long ago it was mistyped.
    simulation.edit({ ...mistyped, date: mistyped.date - 3_600 }, '/stop odd prices');
    await eventually(() => expect(bench.trader.sent('stop')).toHaveLength(2));
    expect(bench.trader.sent('stop')[1]).toMatchObject({ by: 'anna', reason: 'odd prices' });
    const stopped = () => bench.texts(ANNA).filter((text) => text.includes('✅ Stop: proven'));
    await eventually(() => expect(stopped()).toHaveLength(2));
    expect(stopped().join()).not.toContain('Your /stop was');
  });

  it('with text that cannot be kept acts all the same, and its audit entry is plain', async () => {
    bench.start();
    for (const [, text] of UNFIT_TEXTS) bench.type(ANNA, `/stop ${text}`);
    await eventually(() => expect(bench.trader.sent('stop')).toHaveLength(UNFIT_TEXTS.length));
    // Stops that come together are carried out side by side.
    const plain = UNFIT_TEXTS.map(([, , text]) => text).sort();
    const given = bench.trader.sent('stop').map(({ reason }) => String(reason));
    expect(given.sort()).toEqual(plain);
    await eventually(async () => {
      const audit = await readAudit(database.pool, bench.desk.desk);
      const reasons = audit.map(({ parameters }) => (parameters as { reason: string }).reason);
      expect(reasons.sort()).toEqual(plain);
    });
  });

  it('is taken from an approver too, and refused to a viewer with the roles that it takes', async () => {
    await bench.link('ben', BEN);
    await bench.link('vera', VERA);
    bench.start();
    bench.type(VERA, '/stop');
    await bench.answered(VERA, /vera may not do this: it takes the role operator or approver/);
    expect(bench.trader.sent('stop')).toEqual([]);
    bench.type(BEN, '/stop');
    await bench.answered(BEN, /✅ Stop: proven/);
    expect(bench.trader.sent('stop')).toMatchObject([{ by: 'ben' }]);
  });

  it('is taken while Postgres is down, from a person who was known before', async () => {
    await withoutTemporal();
    bench.start();
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    await bench.stop();
    const gone = new Pool({ host: '127.0.0.1', port: 1 });
    bench.start({ pool: gone });
    bench.type(ANNA, '/stop');
    await eventually(() => expect(bench.trader.sent('stop').length).toBeGreaterThan(0));
    await bench.answered(ANNA, /Stop: proven/);
    await bench.stop();
    await gone.end();
  });

  it('is not carried out again by a bot that was killed before it could confirm the update', async () => {
    bench.start();
    bench.type(ANNA, '/stop');
    await bench.answered(ANNA, /Stop: proven/);
    await bench.stop();
    await database.pool.query('delete from telegram_bot where desk = $1', [bench.desk.desk]);
    bench.start();
    bench.type(ANNA, '/status');
    await bench.answered(ANNA, /HALTED/);
    const ids = bench.trader.sent('stop').map(({ commandId }) => commandId);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('/closeall and /resume', () => {
  it('show what they would do, and do it after a tap', async () => {
    await withoutTemporal();
    bench.start();
    bench.trader.positions = ['BTC/USDT', 'ETH/USDT'];
    bench.type(ANNA, '/closeall');
    await bench.answered(ANNA, /Close ALL positions of .* at market \(paper\)\?\nOpen: 2/);
    expect(bench.trader.sent('closeAll')).toEqual([]);
    tapLast(ANNA, 'Close all');
    await bench.answered(ANNA, /✅ Close all: proven/);
    // The same for the same tap: a bot that is killed before it could confirm it closes nothing twice.
    expect(bench.trader.sent('closeAll')).toMatchObject([
      { by: 'anna', commandId: expect.stringMatching(new RegExp(`^telegram:${bench.desk.desk}:\\d+$`)) },
    ]);
    await eventually(() => expect(bench.sent(ANNA)[0]?.reply_markup).toBeUndefined());
    // Whoever reads it later sees who confirmed what.
    expect(bench.sent(ANNA)[0]?.text).toMatch(/at market \(paper\)\?[\s\S]*\n\n→ Close all: anna$/);
  });

  it.each([
    ['for five minutes', 299_000, /✅ Close all: proven/],
    [
      'and no longer: by then the question was about another situation',
      301_000,
      /Too late: ask again with \/closeall/,
    ],
  ])('can be answered %s', async (_, laterMs, answer) => {
    const now = Date.now;
    // Stands still once it was moved, however long a busy machine takes for the answer.
    let standsMs: number | null = null;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => standsMs ?? now());
    try {
      await withoutTemporal();
      bench.start();
      bench.trader.positions = ['BTC/USDT'];
      const beforeMs = now();
      bench.type(ANNA, '/closeall');
      await bench.answered(ANNA, /Close ALL positions/);
      standsMs = (laterMs < 300_000 ? beforeMs : now()) + laterMs;
      tapLast(ANNA, 'Close all');
      await bench.answered(ANNA, answer);
      expect(bench.trader.sent('closeAll')).toHaveLength(laterMs < 300_000 ? 1 : 0);
    } finally {
      clock.mockRestore();
    }
  });

  it.each([
    ['Close all', 'closeAll'],
    ['Close all, two people to resume', 'kill'],
  ] as const)('close nothing of another desk that has the shared bot by then: %s', async (label, command) => {
    bench.start();
    bench.type(ANNA, '/closeall');
    await bench.answered(ANNA, /Close ALL positions/);
    const other = await openBotBench({ pool: database.pool, beside: bench });
    onTestFinished(() => other.close());
    await other.link('anna', ANNA);
    await bench.stop();
    other.start();
    tapLast(ANNA, label);
    await other.answered(ANNA, new RegExp(`Nothing was closed|${label}: `));
    expect(other.texts(ANNA).join()).toContain(`Nothing was closed: ${other.desk.desk} did not ask this`);
    // Who asks again sees whose positions these are.
    other.type(ANNA, '/closeall');
    await other.answered(ANNA, `Close ALL positions of ${other.desk.desk}`);
    tapLast(ANNA, label);
    await other.answered(ANNA, new RegExp(`${label}: .*\\n`));
    expect(other.texts(ANNA).join('\n\n')).toMatch(new RegExp(`${label}: .*\\n${other.desk.desk}: `));
    expect(other.trader.sent(command)).toHaveLength(1);
    expect(bench.trader.sent(command)).toEqual([]);
  });

  it('say what was confirmed, and lose their buttons, where the question is as long as Telegram takes', async () => {
    await withoutTemporal();
    const part = { strategy: 'a-strategy-with-a-long-name', side: 'long', quantity: '0.05' } as const;
    const parts = Array.from({ length: 9 }, () => ({ ...part, protection: 'confirmed' as const }));
    const positions = Array.from({ length: 20 }, (_, at) => ({ ...HELD, symbol: `C${at}/USDT`, parts }));
    const status = { ...bench.trader.status(), positions } as unknown as TraderStatus;
    bench.trader.status = () => status;
    bench.start();
    bench.type(ANNA, '/closeall');
    await bench.answered(ANNA, /Close ALL positions/);
    expect(bench.texts(ANNA)[0]).toHaveLength(4_096);
    tapLast(ANNA, 'Close all');
    await eventually(() => expect(bench.sent(ANNA)[0]?.text).toMatch(/…\n\n→ Close all: anna$/));
    expect(bench.sent(ANNA)[0]?.reply_markup).toBeUndefined();
  });

  it('kill the desk where two people are to resume it', async () => {
    await withoutTemporal();
    bench.start();
    bench.trader.positions = ['BTC/USDT'];
    bench.type(ANNA, '/closeall');
    await bench.answered(ANNA, /Close ALL positions/);
    tapLast(ANNA, 'Close all, two people to resume');
    await bench.answered(ANNA, /✅ Close all, two people to resume: proven/);
    expect(bench.trader.sent('kill')).toMatchObject([{ by: 'anna' }]);
    expect(bench.trader.sent('closeAll')).toEqual([]);
  });

  it('say at the question and after it that a desk with one approver stays killed', async () => {
    await withoutTemporal({ people: [{ name: 'anna', roles: ['operator', 'approver'] }] });
    bench.start();
    bench.type(ANNA, '/closeall');
    await bench.answered(
      ANNA,
      /Close ALL.*Two approvers must resume after a kill, .* names only anna: nobody/s,
    );
    tapLast(ANNA, 'Close all, two people to resume');
    await bench.answered(ANNA, /two people to resume: proven.*! Two approvers must resume after a kill/s);
  });

  it('hold up no end of the bot, where Telegram takes an answer only a minute later', async () => {
    const { faults } = bench.simulator.simulation;
    faults.add({ method: 'sendMessage', effect: { kind: 'tooMany', retryAfter: 60 }, times: 100 });
    bench.start();
    bench.type(ANNA, '/closeall');
    await eventually(() => expect(faults.count).toBeLessThan(100));
    await soon('the end of the bot', bench.stop());
    expect(bench.sent(ANNA)).toEqual([]);
  });

  it('do nothing on "Leave it"', async () => {
    bench.start();
    bench.type(ANNA, '/closeall');
    await bench.answered(ANNA, /Close ALL/);
    tapLast(ANNA, 'Leave it');
    await bench.answered(ANNA, /left as it is/);
    expect(bench.trader.sent('closeAll')).toEqual([]);
  });

  it('close all for an approver who has no other role', async () => {
    await bench.link('ben', BEN);
    bench.start();
    bench.type(BEN, '/closeall');
    await bench.answered(BEN, /Close ALL positions/);
    tapLast(BEN, 'Close all');
    await bench.answered(BEN, /✅ Close all: proven/);
    expect(bench.trader.sent('closeAll')).toMatchObject([{ by: 'ben' }]);
  });

  it('close all at once, however long Telegram takes for the note on the button', async () => {
    bench.start();
    bench.type(ANNA, '/closeall');
    await bench.answered(ANNA, /Close ALL positions/);
    bench.simulator.simulation.faults.add({
      method: 'answercallbackquery',
      effect: { kind: 'hangAfterAccept' },
    });
    tapLast(ANNA, 'Close all');
    await eventually(() => expect(bench.trader.sent('closeAll')).toHaveLength(1));
    await bench.answered(ANNA, /✅ Close all: proven/);
  });

  it('refuse to resume after another halt than the one that was shown', async () => {
    bench.start();
    const haltId = bench.trader.halt('person', 'person');
    bench.type(ANNA, '/resume');
    await bench.answered(ANNA, new RegExp(`Halt id ${haltId}`));
    bench.trader.halt('drawdown', 'person');
    tapLast(ANNA, 'Resume');
    await bench.answered(ANNA, /The situation has changed since/);
    expect(bench.trader.sent('arm')).toEqual([]);
    // Halted anew in the moment after it was looked at.
    const before = await bench.operations.readStatus();
    bench.type(ANNA, '/resume');
    await bench.answered(ANNA, new RegExp(`Halt id ${before.haltId}`));
    bench.trader.halt('venue', 'person');
    const look = vi.spyOn(bench.operations, 'readStatus').mockResolvedValueOnce(before);
    onTestFinished(() => look.mockRestore());
    tapLast(ANNA, 'Resume');
    await bench.answered(ANNA, /❌ Resume: .*halted anew/is);
    expect(bench.trader.sent('arm')).toEqual([]);
  });

  it('are refused to a person without the role, however the tap comes', async () => {
    await bench.link('vera', BEN);
    bench.start();
    bench.type(BEN, '/closeall');
    await bench.answered(BEN, /vera may not do this: it takes the role operator or approver/);
    bench.trader.halt('person', 'person');
    bench.type(ANNA, '/closeall');
    await bench.answered(ANNA, /Close ALL/);
    const asked = bench.sent(ANNA).findLast(({ reply_markup: markup }) => markup !== undefined);
    const data = asked?.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? '';
    const own = bench.sent(BEN)[0]?.message_id ?? 0;
    bench.simulator.simulation.sendCallback(BEN, { chatId: BEN, messageId: own }, data);
    await bench.answered(BEN, /→ vera may not do this: it takes the role operator or approver/);
    expect(bench.trader.sent('closeAll')).toEqual([]);
  });
});

describe('/status and /help', () => {
  it('say mode, reason, equity, positions with their stops, and what is halted', async () => {
    bench.trader.halt('daily-loss', 'next-day', 'risk');
    const status = {
      ...bench.trader.status(),
      ...{ dayPnl: '-310.50', drawdownPct: '4.2', entriesWorking: 3, closeAll: 'running' as const },
      positions: [
        HELD,
        { ...HELD, symbol: 'ETH/USDT', quantity: '2', unrealised: '-7.00', protection: 'missing' as const },
      ],
    };
    bench.trader.status = () => status;
    bench.start();
    bench.type(ANNA, '/status');
    await bench.answered(ANNA, /Prices/);
    expect(bench.texts(ANNA).at(-1)?.split('\n')).toEqual([
      'test: HALTED (paper)',
      'daily-loss by risk',
      'Equity: 10\u202f000.00 USDT',
      'Today: −310.50 USDT',
      'Drawdown: 4.2 %, from the peak',
      'Positions: 0, 1 NOT protected',
      'Entries resting: 3, of 0 orders',
      'Fills: 0, since the journal began',
      'Close-all: running, reading back until flat is proven',
      'Reconciliation: clean, equals venue',
      expect.stringMatching(/^Prices: up, last price \d+ s ago, NOT LIVE: simulated market, seed 7, 60x$/),
      'BTC/USDT long 0.5, open result +12.00, stop confirmed',
      'ETH/USDT long 2, open result −7.00, stop missing',
      'Halted: daily-loss by risk; trades again by itself, on its next day',
    ]);
    expect(bench.texts(ANNA).join()).toContain('\nBTC/USDT long 0.5, open result +12.00, stop confirmed\n');
    await eventually(() =>
      expect(bench.simulator.simulation.bot().commands.map(({ command }) => command)).toEqual([
        'status',
        'stop',
        'closeall',
        'resume',
        'incident',
        'profit',
        'daily',
        'trades',
        'chart',
        'help',
      ]),
    );
  });

  it('say that only a go-live lifts a halt, where real money is traded and none is in force', () => {
    bench.trader.halt('person', 'person', 'anna');
    const status = scriptedStatus({ mode: 'HALTED', halts: bench.trader.halts });
    expect(statusText({ ...status, goLive: { required: true, granted: null } })).toContain(
      '\nHalted: person by anna; trades again once people approve a go-live: fermata go-live',
    );
  });

  it('say of several halts when the desk trades again by the one that decides it', () => {
    const trader = bench.trader;
    trader.halt('person', 'person', 'anna');
    trader.halt('venue', 'auto', 'risk');
    const text = statusText(scriptedStatus({ mode: 'HALTED', halts: trader.halts }));
    expect(text.split('\n').filter((line) => line.startsWith('Halted: '))).toEqual([
      'Halted: person by anna; trades again once a person resumes it',
      'Halted: venue by risk',
    ]);
  });

  it('say what holds the next entry back where a position is held, and else why nothing is traded', () => {
    const status = scriptedStatus({
      notTrading: [{ subject: 'ema-cross', reason: 'no signal', waitsFor: 'the next one' }],
    });
    expect(status.positions).not.toHaveLength(0);
    expect(statusText(status)).toContain('\nWaiting for: ema-cross: no signal (the next one)');
    expect(statusText({ ...status, positions: [] })).toContain(
      '\nNot trading because: ema-cross: no signal (',
    );
    expect(statusText({ ...status, mode: 'HALTED' })).toContain(
      '\nNot trading because: ema-cross: no signal (',
    );
  });

  it('name the trade of each strategy below the net of the venue, each with its side', () => {
    const status = scriptedStatus({});
    const [position] = status.positions;
    const part = { ...position!.trade!, protection: 'confirmed', averagePrice: '100000' } as const;
    const parts = [
      { ...part, strategy: 'up', side: 'long', quantity: '0.002', stopPrice: '98000' },
      { ...part, strategy: 'down', side: 'short', quantity: '0.002', stopPrice: '103000' },
      { ...part, strategy: 'rest', side: 'long', quantity: '0.001', stopPrice: null, protection: 'dust' },
    ] as const;
    const held = { ...position!, quantity: '0.000', parts: [...parts] };
    const [, below = ''] = statusText({ ...status, positions: [held] }).split(`${held.symbol} long 0.000, `);
    expect(below.split('\n').slice(1, 4)).toEqual([
      '– up long 0.002, stop confirmed',
      '– down short 0.002, stop confirmed',
      '– rest long 0.001, dust, no stop can rest',
    ]);
  });

  it('say at what size it trades where that is not the desk file’s', async () => {
    bench.start();
    bench.type(ANNA, '/status');
    await bench.answered(ANNA, /ACTIVE/);
    expect(bench.texts(ANNA).join()).not.toContain('Size:');
    bench.trader.sizePct = 50;
    bench.type(ANNA, '/status');
    await bench.answered(ANNA, /\nSize: 50 %, of the full position size/);
  });

  it('say that the trader does not answer', async () => {
    bench.trader.gone = true;
    bench.start();
    bench.type(ANNA, '/status');
    await bench.answered(ANNA, /The trader does not answer/);
  });
});

describe('in a group with topics, an answer', () => {
  const GROUP = -1_001_234;

  it('comes in the topic where it was asked for, and the outcome of its buttons too', async () => {
    await withoutTemporal();
    const { simulation } = bench.simulator;
    const topic = simulation.openTopic(GROUP);
    bench.start();
    bench.trader.positions = ['BTC/USDT'];
    bench.type(ANNA, '/closeall', { chatId: GROUP, topic });
    await bench.answered(GROUP, /Close ALL positions/);
    const { message_id: messageId = 0 } = bench.sent(GROUP).at(-1) ?? {};
    simulation.tap(ANNA, { chatId: GROUP, messageId }, 'Close all');
    await bench.answered(GROUP, /✅ Close all: proven/);
    bench.type(ANNA, '/help', { chatId: GROUP });
    await bench.answered(GROUP, /You are anna/);
    expect(bench.sent(GROUP).map((message) => message.message_thread_id)).toEqual([topic, topic, undefined]);
  });

  it('comes all the same where the topic is gone by then', async () => {
    const { simulation } = bench.simulator;
    bench.type(ANNA, '/help', { chatId: GROUP, topic: simulation.openTopic(GROUP) });
    simulation.bot().topics.clear();
    bench.start();
    await bench.answered(GROUP, /You are anna/);
  });
});

describe('a menu of commands that Telegram does not take for minutes', () => {
  it('holds up no stop', async () => {
    const { faults } = bench.simulator.simulation;
    faults.add({ method: 'setMyCommands', effect: { kind: 'tooMany', retryAfter: 600 }, times: 100 });
    bench.start();
    bench.type(ANNA, '/stop');
    await bench.answered(ANNA, /✅ Stop: proven/);
    expect(bench.log.join()).toContain('Telegram did not take the menu of commands: 429');
  });
});

describe('a second program that reads the same bot', () => {
  it('is named in the log, and reading goes on when it is gone', async () => {
    bench.start();
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    const url = `${bench.simulator.address}/bot${[...bench.simulator.simulation.bots.keys()][0]}/getUpdates`;
    await fetch(`${url}?timeout=0`);
    await eventually(() => expect(bench.log.join('\n')).toContain('another program reads the updates'));
    bench.type(ANNA, '/status');
    await bench.answered(ANNA, /ACTIVE/);
    expect(bench.log.join('\n')).toContain('Telegram answers again');
  });

  const why = () => channelHealth(bench.home, bench.desk.desk, Date.now())[0];

  it('is named where it is said how alerts are, until it is gone', async () => {
    bench.start();
    await eventually(() => expect(why()).toMatchObject({ state: 'ok', why: null }));
    const url = `${bench.simulator.address}/bot${DEFAULT_TOKEN}/getUpdates`;
    await eventually(async () => {
      await fetch(`${url}?timeout=0`);
      const read = 'another program reads the updates of this bot (409): commands and buttons may go there';
      expect(why()).toMatchObject({ state: 'ok', why: expect.stringContaining(read), problem: null });
    });
    await eventually(() => expect(why()).toMatchObject({ state: 'ok', why: null }));
  });

  it('is named there, too, where it is another desk here, until that one ends', async () => {
    const never = new AbortController().signal;
    const other = await turnOfBot(bench.home, DEFAULT_TOKEN, () => undefined, never);
    bench.start();
    const read =
      'another desk of this installation reads the updates of this bot: commands and buttons go there';
    await eventually(() =>
      expect(why()).toMatchObject({ state: 'ok', why: expect.stringContaining(read), problem: null }),
    );
    other?.release();
    await eventually(() => expect(why()).toMatchObject({ state: 'ok', why: null }));
  });
});
