/** /resume to the end: through the bot, the resumption procedure and its checks, to a trader that trades again. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { ANNA, BEN, type BotBench, openBotBench } from './support/bot-bench.js';

let bench: Bench;
let desk: BenchDesk;
let bot: BotBench;
beforeAll(async () => {
  bench = await openBench();
  desk = await bench.desk();
  const { temporal, database } = bench;
  bot = await openBotBench({ pool: database.pool, temporal, deskName: desk.name, trader: desk.trader });
  await bot.link('anna', ANNA);
  await bot.link('ben', BEN);
  bot.start();
});
afterAll(async () => {
  await bot?.close();
  await bench?.close();
});

const said = (user = ANNA) =>
  bot
    .sent(user)
    .map(({ text }) => text)
    .join('\n---\n');

function tapLast(label: string, user = ANNA): void {
  const asked = bot.sent(user).findLast(({ reply_markup: markup }) => markup !== undefined);
  bot.simulator.simulation.tap(user, { chatId: user, messageId: asked?.message_id ?? 0 }, label);
}

it('arms the desk with the halt that was shown, once the person has confirmed it', async () => {
  const haltId = desk.trader.halt('person', 'person');
  desk.trader.sizePct = 60;
  onTestFinished(() => {
    desk.trader.sizePct = 100;
  });
  bot.simulator.simulation.type(ANNA, '/resume');
  await eventually(() => expect(said()).toContain(`Halt id ${haltId}`));
  expect(said()).toContain('Position size 60 % of the full size, as it is now');
  expect(desk.trader.sent('arm')).toEqual([]);
  tapLast('Resume');
  await eventually(() => expect(said()).toMatch(/✅ Resume: proven/));
  expect(desk.trader).toMatchObject({ mode: 'ACTIVE', sizePct: 60 });
  expect(desk.trader.sent('arm')).toMatchObject([
    { haltId, decisions: [{ person: 'anna', via: 'telegram', subject: haltId }] },
  ]);
});

it('goes on at the smaller size that was asked for, and asks for the reason that a tap does not bring', async () => {
  const haltId = desk.trader.halt('drawdown', 'person');
  bot.simulator.simulation.type(ANNA, '/resume 40%');
  await eventually(() => expect(said()).toContain('Position size 40 % of the full size; now it is 100 %'));
  tapLast('Resume at 40 %');
  await eventually(() =>
    expect(desk.trader.sent('arm').at(-1)).toMatchObject({
      haltId,
      decisions: [{ person: 'anna', sizePct: 40, subject: haltId }],
    }),
  );
  await eventually(() => expect(said()).toMatch(/no reason was given: task \d+ asks for it/));
});

it('tells that the decision counts on while a check fails, and not that it was refused', async () => {
  desk.trader.halt('person', 'person');
  desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: '9 s old', expected: 'fresh' }));
  bot.simulator.simulation.type(ANNA, '/resume 30%');
  await eventually(() => expect(said()).toContain('Position size 30 % of the full size'));
  tapLast('Resume at 30 %');
  await eventually(() =>
    expect(said()).toMatch(/⏳ Resume: not yet\. .*Market data fresh.*The decision counts until /),
  );
  desk.checks.clear();
  await eventually(() => expect(desk.trader.mode).toBe('ACTIVE'));
});

it('shows the second person the size that the first one wants, and says afterwards which one counts', async () => {
  const now = desk.trader.sizePct;
  desk.trader.halt('kill', 'two-people');
  bot.simulator.simulation.type(ANNA, '/resume 20%');
  await eventually(() => expect(said()).toContain('Position size 20 % of the full size'));
  tapLast('Resume at 20 %');
  await eventually(() => expect(said()).toContain('waits for 1 more of two people'));
  bot.simulator.simulation.type(BEN, '/resume');
  await eventually(() =>
    expect(said(BEN)).toContain(`Position size ${now} % of the full size, as it is now`),
  );
  expect(said(BEN)).toMatch(
    /anna has decided to resume at 20 % of the full position size, which counts until .+ UTC\. The smallest counts\./,
  );
  tapLast('Resume', BEN);
  await eventually(() =>
    expect(said(BEN)).toContain('at 20 % of its position size: the smallest that somebody decided on counts'),
  );
});

it.each(['0', '101 %', '12.5', 'half', '50 % now'])(
  'answers /resume %s with how to write it',
  async (size) => {
    desk.trader.halt('person', 'person');
    bot.simulator.simulation.type(ANNA, `/resume ${size}`);
    await eventually(() =>
      expect(said()).toContain(
        `Position size: expected a whole number from 1 to 100, percent of the full size, found "${size}". Write it so: /resume 50%. Nothing was changed.`,
      ),
    );
  },
);
