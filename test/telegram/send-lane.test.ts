/** Looking for a message whose answer was lost, among what else the bot has sent. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bot, InputFile } from 'grammy';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import { SendLane, SentMessages } from '../../src/telegram/sending/send-lane.js';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let simulator: TelegramSimulator;
let bot: Bot;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-lane-'));
  simulator = await startTelegramSimulator();
  bot = new Bot(DEFAULT_TOKEN, { client: { apiRoot: simulator.address } });
  simulator.simulation.bot().ensureChat(7);
});
afterEach(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Of one process: each knows what it has seen, and all of them what the bot has sent. */
const startLane = () =>
  new SendLane(bot.api, () => performance.now(), new SentMessages(join(folder, 'bot.sent')));

it('goes past a picture, which has no text, and finds the message behind it', async () => {
  const { message_id: before } = await bot.api.sendMessage(7, 'the newest that is known');
  await bot.api.sendPhoto(7, new InputFile(Buffer.from(PIXEL, 'base64'), 'chart.png'));
  const lane = startLane();
  const message = { chatId: '7', text: 'HALTED', buttons: [] };
  expect(await lane.find(message, before)).toBeNull();
  const { message_id: id } = await bot.api.sendMessage(7, 'HALTED');
  expect(await lane.find(message, before)).toEqual({ kind: 'sent', messageId: id });
});

it('overwrites no message that the bot sent before a restart or for another desk', async () => {
  const { message_id: before } = await bot.api.sendMessage(7, 'the newest that is known');
  const answered = await startLane().send({ chatId: '7', text: 'What is held: nothing', buttons: [] });
  const ofAnother = await startLane().send({ chatId: '7', text: 'slob: stopped', buttons: [] });
  expect([answered.kind, ofAnother.kind]).toEqual(['sent', 'sent']);
  expect(await startLane().find({ chatId: '7', text: 'HALTED', buttons: [] }, before)).toBeNull();
  const texts = simulator.simulation
    .bot()
    .sentTo(7)
    .map(({ text }) => text);
  expect(texts.slice(-2)).toEqual(['What is held: nothing', 'slob: stopped']);
});

it('recognises what it sent before a restart by its text, and only behind the message known then', async () => {
  const alert = { chatId: '7', text: 'HALTED at 12:00', buttons: [] };
  const { message_id: before } = await bot.api.sendMessage(7, 'the newest that is known');
  const first = await startLane().send(alert);
  const { message_id: between } = await bot.api.sendMessage(7, 'of a person');
  const second = await startLane().send(alert);
  expect(await startLane().find(alert, before)).toEqual(first);
  expect(await startLane().find(alert, between)).toEqual(second);
  expect(await startLane().find({ ...alert, chatId: '8' }, before)).toBeNull();
});

it('looks for nothing where no message is known behind which it could be', async () => {
  const { message_id: old } = await bot.api.sendMessage(7, 'of long ago');
  const lane = startLane();
  expect(await lane.find({ chatId: '7', text: 'HALTED', buttons: [] }, 0)).toBeNull();
  const texts = simulator.simulation
    .bot()
    .sentTo(7)
    .map(({ message_id: id, text }) => [id, text]);
  expect(texts).toContainEqual([old, 'of long ago']);
});

it('keeps a bounded record of what was sent, and in memory what cannot be written', () => {
  const file = join(folder, 'bounded.sent');
  const sent = new SentMessages(file);
  for (let id = 1; id <= 10_000; id += 1) sent.add('account', id, 'ab'.repeat(8));
  const kept = new SentMessages(file).after('account', 0);
  expect([kept.has(10_000), kept.has(9_000), kept.has(1)]).toEqual([true, true, false]);
  expect(new SentMessages(file).after('account', 9_999).size).toBe(1);
  expect(new SentMessages(file).after('-1001', 0).size).toBe(0);
  mkdirSync(join(folder, 'folder.sent'));
  const unwritable = new SentMessages(join(folder, 'folder.sent'));
  unwritable.add('account', 1, 'ab');
  expect(unwritable.after('account', 0).get(1)).toBe('ab');
});

it('cuts what Telegram would refuse as too long, and never what the text ends with', async () => {
  const lane = startLane();
  // Longer as people read it: its amounts get separators.
  const amounts = '1000000.00 '.repeat(372);
  const sent = await lane.send({ chatId: '7', text: amounts, ending: '\n→ done', buttons: [] });
  const textOf = (chatId: number) => simulator.simulation.bot().sentTo(chatId).at(-1)?.text ?? '';
  expect(textOf(7)).toMatch(/^1\u202f000\u202f000\.00 [\s\S]*…\n→ done$/);
  const { messageId } = sent as { messageId: number };
  const edited = {
    chatId: '7',
    text: '🙂'.repeat(2_048),
    ending: `\n→ rejected: ${'x'.repeat(5_000)}`,
    buttons: [],
  };
  expect(await lane.edit(edited, messageId)).toMatchObject({ kind: 'sent' });
  expect(textOf(7)).toMatch(/^(🙂)+…\n→ rejected: x+…$/u);
  // Half a character is refused, too.
  expect(textOf(7)).not.toMatch(/\p{Surrogate}/u);
});

it('sends a picture into its topic, with as much of its caption as Telegram takes', async () => {
  const topic = simulator.simulation.openTopic(-1_007);
  const png = Buffer.from(PIXEL, 'base64');
  const picture = { png, name: 'chart.png', caption: '🙂'.repeat(600), chatId: '-1007', topicId: topic };
  expect(await startLane().sendPicture(picture)).toMatchObject({ kind: 'sent' });
  const [shown] = simulator.simulation.bot().sentTo(-1_007);
  expect(shown).toMatchObject({ message_thread_id: topic, text: `${'🙂'.repeat(511)}…` });
});
