/** Looking for a message whose answer was lost, among what else the bot has sent. */
import { Bot, InputFile } from 'grammy';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import { SendLane } from '../../src/telegram/sending/send-lane.js';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let simulator: TelegramSimulator;
let bot: Bot;
beforeEach(async () => {
  simulator = await startTelegramSimulator();
  bot = new Bot(DEFAULT_TOKEN, { client: { apiRoot: simulator.address } });
  simulator.simulation.bot().ensureChat(7);
});
afterEach(() => simulator.close());

it('goes past a picture, which has no text, and finds the message behind it', async () => {
  const { message_id: before } = await bot.api.sendMessage(7, 'the newest that is known');
  await bot.api.sendPhoto(7, new InputFile(Buffer.from(PIXEL, 'base64'), 'chart.png'));
  const lane = new SendLane(bot.api, () => performance.now());
  const message = { chatId: '7', text: 'HALTED', buttons: [] };
  expect(await lane.find(message, before)).toBeNull();
  const { message_id: id } = await bot.api.sendMessage(7, 'HALTED');
  expect(await lane.find(message, before)).toEqual({ kind: 'sent', messageId: id });
});
