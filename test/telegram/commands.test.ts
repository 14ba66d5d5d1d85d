import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAudit } from '../../src/store/audit.js';
import { createLinkCode, unlinkPerson } from '../../src/store/people.js';
import { newToken } from '../../src/store/token-hash.js';
import type { PositionStatus } from '../../src/trader/status/position-status.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ALERTS_CHAT, ANNA, BEN, type BotBench, openBotBench, STRANGER } from './support/bot-bench.js';

let database: TestDatabase;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
  await bench.link('anna', ANNA);
});
afterEach(() => bench.close());

const texts = (chat: number): string[] => bench.sent(chat).map(({ text }) => text);
const answered = (chat: number, what: string | RegExp) =>
  eventually(() => expect(texts(chat).join('\n---\n')).toMatch(what));
const type = (user: number, text: string, options = {}) =>
  bench.simulator.simulation.type(user, text, options);

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
  strategy: 'ema-cross',
};

describe('/stop', () => {
  it('acts at once, without asking, and tells what is proven', async () => {
    bench.start();
    bench.trader.entriesWorking = 2;
    type(ANNA, '/stop');
    await eventually(() => expect(bench.trader.sent('stop')).toHaveLength(1));
    expect(bench.trader.sent('stop')).toMatchObject([{ by: 'anna', reason: '/stop on Telegram' }]);
    await answered(ANNA, /✅ Stop: proven/);
  });

  it('sent while the bot was down is honoured when it comes back, before all else', async () => {
    for (let number = 0; number < 5; number += 1) type(ANNA, '/status');
    type(ANNA, '/stop the market looks odd', { date: Math.floor(Date.now() / 1000) - 1_800 });
    bench.start();
    await eventually(() => expect(bench.trader.sent('stop')).toHaveLength(1));
    const order = bench.trader.received.map(({ method, params }) => `${method}:${'by' in params}`);
    expect(bench.trader.sent('stop')).toMatchObject([{ reason: 'the market looks odd' }]);
    expect(order.indexOf('stop:true')).toBeLessThan(4);
  });

  it('that is hours old stops too, without asking, and the answer says how old it is', async () => {
    type(ANNA, '/stop', { date: Math.floor(Date.now() / 1000) - 3 * 3_600 });
    bench.start();
    await answered(ANNA, /Your \/stop was sent 180 minutes ago\.\n✅ Stop: proven/);
    expect(bench.trader.sent('stop')).toHaveLength(1);
    expect(bench.sent(ANNA).every(({ reply_markup: markup }) => markup === undefined)).toBe(true);
  });

  it('is taken from an approver too, and refused to a viewer with the roles that it takes', async () => {
    await bench.link('ben', BEN);
    await bench.link('vera', VERA);
    bench.start();
    type(VERA, '/stop');
    await answered(VERA, /vera may not do this: it takes the role operator or approver/);
    expect(bench.trader.sent('stop')).toEqual([]);
    type(BEN, '/stop');
    await answered(BEN, /✅ Stop: proven/);
    expect(bench.trader.sent('stop')).toMatchObject([{ by: 'ben' }]);
  });

  it('is taken while Postgres is down, from a person who was known before', async () => {
    bench.start();
    type(ANNA, '/help');
    await answered(ANNA, /You are anna/);
    await bench.stop();
    const gone = new Pool({ host: '127.0.0.1', port: 1 });
    bench.start(gone);
    type(ANNA, '/stop');
    await eventually(() => expect(bench.trader.sent('stop').length).toBeGreaterThan(0));
    await answered(ANNA, /Stop: proven/);
    await bench.stop();
    await gone.end();
  });

  it('is not carried out again by a bot that was killed before it could confirm the update', async () => {
    bench.start();
    type(ANNA, '/stop');
    await answered(ANNA, /Stop: proven/);
    await bench.stop();
    await database.pool.query('delete from telegram_bot where desk = $1', [bench.desk.desk]);
    bench.start();
    type(ANNA, '/status');
    await answered(ANNA, /HALTED/);
    const ids = bench.trader.sent('stop').map(({ commandId }) => commandId);
    expect(new Set(ids).size).toBe(1);
  });
});

describe('/closeall and /resume', () => {
  it('show what they would do, and do it after a tap', async () => {
    bench.start();
    bench.trader.positions = ['BTC/USDT', 'ETH/USDT'];
    type(ANNA, '/closeall');
    await answered(ANNA, /Close ALL positions of .* at market \(paper\)\?\nOpen: 2/);
    expect(bench.trader.sent('closeAll')).toEqual([]);
    tapLast(ANNA, 'Close all');
    await answered(ANNA, /✅ Close all: proven/);
    expect(bench.trader.sent('closeAll')).toMatchObject([{ by: 'anna' }]);
    await eventually(() => expect(bench.sent(ANNA)[0]?.reply_markup).toBeUndefined());
  });

  it('do nothing on "Leave it"', async () => {
    bench.start();
    type(ANNA, '/closeall');
    await answered(ANNA, /Close ALL/);
    tapLast(ANNA, 'Leave it');
    await answered(ANNA, /left as it is/);
    expect(bench.trader.sent('closeAll')).toEqual([]);
  });

  it('close all for an approver who has no other role', async () => {
    await bench.link('ben', BEN);
    bench.start();
    type(BEN, '/closeall');
    await answered(BEN, /Close ALL positions/);
    tapLast(BEN, 'Close all');
    await answered(BEN, /✅ Close all: proven/);
    expect(bench.trader.sent('closeAll')).toMatchObject([{ by: 'ben' }]);
  });

  it('refuse to resume after another halt than the one that was shown', async () => {
    bench.start();
    const haltId = bench.trader.halt('person', 'person');
    type(ANNA, '/resume');
    await answered(ANNA, new RegExp(`Halt id ${haltId}`));
    bench.trader.halt('drawdown', 'person');
    tapLast(ANNA, 'Resume');
    await answered(ANNA, /The situation has changed since/);
    expect(bench.trader.sent('arm')).toEqual([]);
  });

  it('are refused to a person without the role, however the tap comes', async () => {
    await bench.link('vera', BEN);
    bench.start();
    type(BEN, '/closeall');
    await answered(BEN, /vera may not do this: it takes the role operator or approver/);
    bench.trader.halt('person', 'person');
    type(ANNA, '/closeall');
    await answered(ANNA, /Close ALL/);
    const asked = bench.sent(ANNA).findLast(({ reply_markup: markup }) => markup !== undefined);
    const data = asked?.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? '';
    const own = bench.sent(BEN)[0]?.message_id ?? 0;
    bench.simulator.simulation.sendCallback(BEN, { chatId: BEN, messageId: own }, data);
    await answered(BEN, /→ vera may not do this: it takes the role operator or approver/);
    expect(bench.trader.sent('closeAll')).toEqual([]);
  });
});

describe('a stranger', () => {
  it('is answered with nothing, changes nothing and is recorded', async () => {
    bench.start();
    for (const text of ['/stop', '/status', '/closeall', 'hello', `/start ${newToken()}`])
      type(STRANGER, text);
    const message = { chatId: STRANGER, messageId: 1 };
    type(ANNA, '/help');
    await answered(ANNA, /You are anna/);
    bench.simulator.simulation.sendCallback(STRANGER, message, 'c:closeall:-:abc');
    await eventually(async () => {
      const audit = await readAudit(database.pool, bench.desk.desk);
      expect(audit.filter(({ action }) => action === 'telegram.stranger')).toMatchObject([
        { person: `telegram:${STRANGER}`, via: 'telegram', outcome: 'ignored' },
      ]);
    });
    expect(texts(STRANGER)).toEqual([]);
    expect(bench.trader.sent('stop')).toEqual([]);
  });

  it('is also who was known until a moment ago, and was unlinked', async () => {
    bench.start();
    type(ANNA, '/help');
    await answered(ANNA, /You are anna/);
    await unlinkPerson(database.pool, bench.desk.desk, 'anna');
    type(ANNA, '/closeall');
    await eventually(async () => {
      const audit = await readAudit(database.pool, bench.desk.desk);
      expect(audit.map(({ action }) => action)).toContain('telegram.stranger');
    });
    expect(texts(ANNA)).toHaveLength(1);
  });

  it('in the chat of the alerts is told how to be linked, and nothing else', async () => {
    bench.start();
    type(STRANGER, '/stop', { chatId: ALERTS_CHAT });
    await answered(ALERTS_CHAT, /fermata telegram link NAME/);
    expect(bench.trader.sent('stop')).toEqual([]);
  });
});

describe('a one-time code', () => {
  it('links an account to a person, once, and only in a private chat', async () => {
    const code = newToken();
    await createLinkCode(database.pool, bench.desk.desk, 'ben', code, 5);
    bench.start();
    type(STRANGER, `/start ${code}`, { chatId: -1_001_234 });
    type(BEN, `/start ${code}`);
    await answered(BEN, /You are ben on .* \(roles: approver\)/);
    type(STRANGER, `/start ${code}`);
    type(STRANGER, '/status');
    type(BEN, '/status');
    await answered(BEN, /ACTIVE/);
    expect(texts(STRANGER)).toEqual([]);
    const audit = await readAudit(database.pool, bench.desk.desk);
    expect(audit.map(({ action, person }) => `${action}:${person}`)).toContain('telegram.link:ben');
    expect(JSON.stringify(audit)).not.toContain(code);
  });

  it('that is too old links nobody', async () => {
    const code = newToken();
    await createLinkCode(database.pool, bench.desk.desk, 'ben', code, 0);
    bench.start();
    type(BEN, `/start ${code}`);
    type(ANNA, '/help');
    await answered(ANNA, /You are anna/);
    expect(texts(BEN)).toEqual([]);
  });
});

describe('/status and /help', () => {
  it('say mode, reason, equity, positions with their stops, and what is halted', async () => {
    bench.trader.halt('daily-loss', 'next-day', 'risk');
    bench.trader.held = [HELD];
    bench.start();
    type(ANNA, '/status');
    await answered(
      ANNA,
      /HALTED \(paper\)\ndaily-loss by risk\nEquity 10000 USDT[\s\S]*trades again by: next-day/,
    );
    expect(texts(ANNA).join()).toContain(
      '\n1 positions:\nBTC/USDT long 0.5, open result 12.00, stop confirmed\n',
    );
    expect(bench.simulator.simulation.bot().commands.map(({ command }) => command)).toEqual([
      'status',
      'stop',
      'closeall',
      'resume',
      'incident',
      'help',
    ]);
  });

  it('say at what size it trades where that is not the desk file’s', async () => {
    bench.start();
    type(ANNA, '/status');
    await answered(ANNA, /ACTIVE/);
    expect(texts(ANNA).join()).not.toContain('Size:');
    bench.trader.sizePct = 50;
    type(ANNA, '/status');
    await answered(ANNA, /\nSize: 50 % of the desk file’s position size\n/);
  });

  it('say that the trader does not answer', async () => {
    bench.trader.gone = true;
    bench.start();
    type(ANNA, '/status');
    await answered(ANNA, /The trader does not answer/);
  });
});

describe('a second program that reads the same bot', () => {
  it('is named in the log, and reading goes on when it is gone', async () => {
    bench.start();
    type(ANNA, '/help');
    await answered(ANNA, /You are anna/);
    const url = `${bench.simulator.address}/bot${[...bench.simulator.simulation.bots.keys()][0]}/getUpdates`;
    await fetch(`${url}?timeout=0`);
    await eventually(() => expect(bench.log.join('\n')).toContain('another program reads the updates'));
    type(ANNA, '/status');
    await answered(ANNA, /ACTIVE/);
    expect(bench.log.join('\n')).toContain('Telegram answers again');
  });
});
