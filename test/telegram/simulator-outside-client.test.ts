/** The simulator with a client that nobody here wrote, unmodified but for the address: `telegraf`. */
import { Telegraf, type TelegramError } from 'telegraf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';

const CHAT = 7;

let simulator: TelegramSimulator;
let bot: Telegraf;
beforeEach(async () => {
  simulator = await startTelegramSimulator();
  bot = new Telegraf(DEFAULT_TOKEN, { telegram: { apiRoot: simulator.address } });
  simulator.simulation.bot().ensureChat(CHAT);
});
afterEach(() => simulator.close());

async function refusal(asked: Promise<unknown>): Promise<string> {
  const error = await asked.then(
    () => null,
    (failure: TelegramError) => failure,
  );
  return error === null ? 'taken' : `${error.response.error_code} ${error.response.description}`;
}

describe('the Telegram simulator with a client of others', () => {
  it('formats what it is sent, and says at which byte it can not', async () => {
    const { telegram } = bot;
    const bold = await telegram.sendMessage(CHAT, '*stopped*, 2\\.5 %', { parse_mode: 'MarkdownV2' });
    expect(bold).toMatchObject({
      text: 'stopped, 2.5 %',
      entities: [{ type: 'bold', offset: 0, length: 7 }],
    });
    const html = await telegram.sendMessage(CHAT, '<code>BTC</code> &lt; 5', { parse_mode: 'HTML' });
    expect(html).toMatchObject({ text: 'BTC < 5', entities: [{ type: 'code', offset: 0, length: 3 }] });
    expect(await refusal(telegram.sendMessage(CHAT, 'ü *open', { parse_mode: 'MarkdownV2' }))).toBe(
      "400 Bad Request: can't parse entities: Can't find end of Bold entity at byte offset 3",
    );
    expect(await refusal(telegram.sendMessage(CHAT, 'lost 2.5', { parse_mode: 'MarkdownV2' }))).toBe(
      "400 Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    );
  });

  it('hears by polling, and by nothing else while a webhook is set', async () => {
    const heard: string[] = [];
    bot.command('status', async (context) => {
      heard.push(context.message.text);
      await context.reply('armed');
    });
    const polling = bot.launch();
    const said = () =>
      simulator.simulation
        .bot()
        .sentTo(CHAT)
        .map(({ text }) => text);
    await expect.poll(() => bot.botInfo !== undefined).toBe(true);
    simulator.simulation.type(CHAT, '/status');
    await expect.poll(() => heard).toEqual(['/status']);
    await expect.poll(said).toContain('armed');
    bot.stop();
    await polling;
    await bot.telegram.setWebhook('https://desk.example/hook');
    expect(await bot.telegram.getWebhookInfo()).toMatchObject({ url: 'https://desk.example/hook' });
    expect(await refusal(bot.telegram.getUpdates(0, 10, 0, undefined))).toBe(
      "409 Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
    await bot.telegram.deleteWebhook({ drop_pending_updates: true });
    expect(await bot.telegram.getUpdates(0, 10, 0, undefined)).toEqual([]);
  });

  it('uploads a document, with words below it', async () => {
    const report = { source: Buffer.from('seed,result\n1,held\n'), filename: 'report.csv' };
    const sent = await bot.telegram.sendDocument(CHAT, report, {
      caption: '<b>today</b>',
      parse_mode: 'HTML',
    });
    expect(sent).toMatchObject({
      document: { file_name: 'report.csv', file_size: 19 },
      caption: 'today',
      caption_entities: [{ type: 'bold', offset: 0, length: 5 }],
    });
    const nowhere = bot.telegram.sendDocument(8, report);
    expect(await refusal(nowhere)).toBe('400 Bad Request: chat not found');
  });
});
