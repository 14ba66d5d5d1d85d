/** /incident: from the chat to an incident that lasts, and the answer's button. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { runAddressAt } from '../../src/home/started-desks.js';
import { eventually } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { ANNA, BEN, type BotBench, openBotBench, STRANGER } from './support/bot-bench.js';

const VERA = 503;
let bench: Bench;
let desk: BenchDesk;
let bot: BotBench;
beforeAll(async () => {
  bench = await openBench();
  desk = await bench.desk({ serve: ['operations'] });
  const { temporal, database } = bench;
  bot = await openBotBench({ pool: database.pool, temporal, deskName: desk.name, trader: desk.trader });
  await bot.link('anna', ANNA);
  await bot.link('ben', BEN);
  await bot.link('vera', VERA);
  bot.start();
});
afterAll(async () => {
  await bot?.close();
  await bench?.close();
});

const reported = () => bot.operations.listIncidents({});

describe('/incident', () => {
  it('opens one with what was seen, and its answer has the button that says "I have it"', async () => {
    bot.type(BEN, '/incident Withdrawals are slow\nthe third one waits\nfor an hour');
    await bot.answered(BEN, /✅ The incident "Withdrawals are slow" is open\./);
    const open = await eventually(async () => {
      const [found] = await reported();
      if (!found) throw new Error('not in Postgres yet');
      return found;
    });
    expect(open).toMatchObject({
      kind: 'reported',
      title: 'Withdrawals are slow',
      detail: 'the third one waits for an hour',
      state: 'open',
    });
    const shown = bot.sent(BEN).findLast(({ reply_markup: markup }) => markup !== undefined);
    bot.simulator.simulation.tap(BEN, { chatId: BEN, messageId: shown?.message_id ?? 0 }, 'I have it');
    await eventually(async () =>
      expect(await reported()).toMatchObject([{ id: open.id, acknowledgedBy: 'ben' }]),
    );
    // The note of the first tap may have been lost.
    const { simulation } = bot.simulator;
    const place = { chatId: BEN, messageId: shown?.message_id ?? 0 };
    const noteOf = (callback: string) =>
      eventually(() => {
        const said = simulation.bot().callbacks.get(callback)?.answer;
        if (said === null || said === undefined) throw new Error('not answered yet');
        return said;
      });
    const data = shown?.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? '';
    expect(await noteOf(simulation.sendCallback(BEN, place, data))).toBe(
      '✅ ben has it: Withdrawals are slow.',
    );
    expect(await noteOf(simulation.sendCallback(ANNA, place, data))).toBe(
      '❌ The answer does not count: ben has acknowledged it already.',
    );
  });

  it('with the same title again belongs to the one that lasts', async () => {
    bot.type(ANNA, '/incident withdrawals are SLOW!');
    await bot.answered(ANNA, /✅ Added to the incident "Withdrawals are slow" that lasts\./);
    expect(await reported()).toHaveLength(1);
  });

  it('is answered with where its run is read, where a UI of Temporal’s is behind our sign-in', async () => {
    const { run } = homePaths(bot.home);
    const runtime = {
      web: { host: '127.0.0.1', port: 8000 },
      temporal: { uiAddress: 'http://127.0.0.1:8233' },
    };
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'runtime.json'), JSON.stringify(runtime));
    bot.type(BEN, '/incident Fills come late');
    await bot.answered(BEN, /✅ The incident "Fills come late" is open\./);
    const opened = await eventually(async () => {
      const found = (await reported()).find(({ title }) => title === 'Fills come late');
      if (!found) throw new Error('not in Postgres yet');
      return found;
    });
    const said = bot.texts(BEN).find((text) => text.includes('"Fills come late"'));
    expect(said).toContain(`\nIts run: ${runAddressAt(bot.home, opened.workflowId)}`);
    expect(said).toContain(encodeURIComponent(opened.workflowId));
    rmSync(join(run, 'runtime.json'));
  });

  it('that lay waiting says so in what was seen', async () => {
    bot.type(ANNA, '/incident Биржа молчит', { date: Math.floor(Date.now() / 1000) - 7_200 });
    await bot.answered(ANNA, /✅ The incident "Биржа молчит" is open\./);
    await eventually(async () =>
      expect((await reported()).find(({ title }) => title === 'Биржа молчит')?.detail).toBe(
        'sent 120 minutes ago',
      ),
    );
  });

  it.each([
    ['/incident', /needs a title with letters or digits\. Nothing was opened\.\nWrite it so: \/incident/],
    ['/incident !!!', /needs a title with letters or digits/],
    [`/incident ${'x'.repeat(121)}`, /Title: expected at most 120 characters, found 121\..*\nWrite it so/],
    [`/incident Title\n${'x'.repeat(501)}`, /Detail: expected at most 500 characters, found 501\./],
    [
      '/incident a\u0007b',
      /title: expected text without control .*U\+0007\. Nothing was done: write it again/,
    ],
  ])('%j is answered with how to write it', async (text, what) => {
    const before = await reported();
    bot.type(ANNA, text);
    await bot.answered(ANNA, what);
    expect(await reported()).toHaveLength(before.length);
  });

  it('is refused to a viewer, and a stranger is not even answered', async () => {
    const before = await reported();
    bot.type(STRANGER, '/incident Let me in');
    bot.type(VERA, '/incident Let me in');
    await bot.answered(VERA, /vera may not do this: it takes the role operator or approver/);
    expect(bot.sent(STRANGER)).toEqual([]);
    expect(await reported()).toHaveLength(before.length);
  });
});
