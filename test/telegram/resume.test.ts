/** /resume to the end: through the bot, the resumption procedure and its checks, to a trader that trades again. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { ANNA, type BotBench, openBotBench } from './support/bot-bench.js';

let bench: Bench;
let desk: BenchDesk;
let bot: BotBench;
beforeAll(async () => {
  bench = await openBench();
  desk = await bench.desk();
  const { temporal, database } = bench;
  bot = await openBotBench({ pool: database.pool, temporal, deskName: desk.name, trader: desk.trader });
  await bot.link('anna', ANNA);
  bot.start();
});
afterAll(async () => {
  await bot?.close();
  await bench?.close();
});

it('arms the desk with the halt that was shown, once the person has confirmed it', async () => {
  const said = () =>
    bot
      .sent(ANNA)
      .map(({ text }) => text)
      .join('\n---\n');
  const haltId = desk.trader.halt('person', 'person');
  bot.simulator.simulation.type(ANNA, '/resume');
  await eventually(() => expect(said()).toContain(`Halt id ${haltId}`));
  expect(desk.trader.sent('arm')).toEqual([]);
  const asked = bot.sent(ANNA).findLast(({ reply_markup: markup }) => markup !== undefined);
  bot.simulator.simulation.tap(ANNA, { chatId: ANNA, messageId: asked?.message_id ?? 0 }, 'Resume');
  await eventually(() => expect(said()).toMatch(/✅ Resume: proven/));
  expect(desk.trader.mode).toBe('ACTIVE');
  expect(desk.trader.sent('arm')).toMatchObject([
    { haltId, decisions: [{ person: 'anna', via: 'telegram', subject: haltId }] },
  ]);
});
