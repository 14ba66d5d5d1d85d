import { Bot, GrammyError, HttpError } from 'grammy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';

let simulator: TelegramSimulator;
let bot: Bot;
beforeEach(async () => {
  simulator = await startTelegramSimulator();
  bot = new Bot(DEFAULT_TOKEN, { client: { apiRoot: simulator.address } });
  simulator.simulation.bot().ensureChat(7);
});
afterEach(() => simulator.close());

const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => null,
    (failure: unknown) => failure,
  );
  if (error instanceof GrammyError) return `${error.error_code} ${error.description}`;
  return error instanceof HttpError ? 'no answer' : String(error);
};

describe('the Telegram simulator', () => {
  it('holds a poll open until something happens, and delivers it once it is confirmed no more', async () => {
    const startedMs = performance.now();
    const polling = bot.api.getUpdates({ timeout: 10 });
    setTimeout(() => simulator.simulation.type(7, '/status'), 150);
    const [update] = await polling;
    expect(performance.now() - startedMs).toBeGreaterThan(100);
    expect(update?.message).toMatchObject({
      text: '/status',
      chat: { id: 7, type: 'private' },
      from: { id: 7 },
    });
    expect(await bot.api.getUpdates()).toHaveLength(1);
    expect(await bot.api.getUpdates({ offset: (update?.update_id ?? 0) + 1 })).toEqual([]);
  });

  it('ends the first of two pollers with 409', async () => {
    const first = refusal(bot.api.getUpdates({ timeout: 10 }));
    await expect
      .poll(() => simulator.simulation.requests.some(({ method }) => method === 'getupdates'))
      .toBe(true);
    const second = bot.api.getUpdates({ timeout: 1 });
    expect(await first).toMatch(/^409 Conflict/);
    expect(await second).toEqual([]);
  });

  it('refuses what the real one refuses', async () => {
    const long = 'x'.repeat(4_097);
    expect(await refusal(bot.api.sendMessage(7, ' '))).toBe('400 Bad Request: message text is empty');
    expect(await refusal(bot.api.sendMessage(7, long))).toBe('400 Bad Request: message is too long');
    expect(await refusal(bot.api.sendMessage(8, 'x'))).toBe('400 Bad Request: chat not found');
    expect(await refusal(bot.api.sendMessage(7, '<b>x', { parse_mode: 'HTML' }))).toContain(
      "can't parse entities",
    );
    const wide = { inline_keyboard: [[{ text: 'x', callback_data: 'ü'.repeat(33) }]] };
    expect(await refusal(bot.api.sendMessage(7, 'x', { reply_markup: wide }))).toContain(
      'BUTTON_DATA_INVALID',
    );
    expect(await refusal(bot.api.answerCallbackQuery('99'))).toContain('query is too old');
    const { message_id: id } = await bot.api.sendMessage(7, 'x');
    expect(await refusal(bot.api.editMessageText(7, id, 'x'))).toContain('message is not modified');
    expect(await refusal(bot.api.editMessageText(7, id + 1, 'x'))).toContain('message to edit not found');
    simulator.simulation.type(7, 'hello');
    expect(await refusal(bot.api.editMessageText(7, id + 1, 'x'))).toContain("message can't be edited");
    simulator.simulation.block(7, true);
    expect(await refusal(bot.api.sendMessage(7, 'x'))).toBe('403 Forbidden: bot was blocked by the user');
    const other = new Bot('42:unknown_token_of_somebody', { client: { apiRoot: simulator.address } });
    expect(await refusal(other.api.getMe())).toBe('401 Unauthorized');
  });

  it('fails as it is told to, and says with 429 when to come again', async () => {
    simulator.simulation.faults.add({ method: 'sendMessage', effect: { kind: 'tooMany', retryAfter: 3 } });
    const error = await bot.api.sendMessage(7, 'x').catch((failure: GrammyError) => failure);
    expect(error).toMatchObject({ error_code: 429, parameters: { retry_after: 3 } });
    simulator.simulation.faults.add({ method: 'sendMessage', effect: { kind: 'dropAfterAccept' } });
    expect(await refusal(bot.api.sendMessage(7, 'arrived'))).toBe('no answer');
    expect(simulator.simulation.bot().sentTo(7)).toMatchObject([{ text: 'arrived' }]);
    simulator.simulation.setAway(true);
    expect(await refusal(bot.api.getMe())).toBe('no answer');
  });

  it('reads JSON, urlencoded and multipart bodies and query strings', async () => {
    const url = `${simulator.address}/bot${DEFAULT_TOKEN}/sendMessage`;
    const markup = JSON.stringify({ inline_keyboard: [[{ text: 'Yes', callback_data: 'y' }]] });
    const form = new FormData();
    form.set('chat_id', '7');
    form.set('text', 'form\r\nüber zwei Zeilen');
    form.set('reply_markup', markup);
    const bodies = [
      { body: new URLSearchParams({ chat_id: '7', text: 'urlencoded', reply_markup: markup }) },
      { body: form },
      { body: JSON.stringify({ chat_id: 7, text: 'json' }), headers: { 'content-type': 'application/json' } },
    ];
    for (const { body, headers } of bodies) {
      const answer = await fetch(url, { method: 'POST', body, ...(headers ? { headers } : {}) });
      expect(await answer.json()).toMatchObject({ ok: true, result: { chat: { id: 7 } } });
    }
    expect(await (await fetch(`${url}?chat_id=7&text=query`)).json()).toMatchObject({ ok: true });
    const sent = simulator.simulation.bot().sentTo(7);
    expect(sent.map(({ text }) => text)).toEqual(['urlencoded', 'form\r\nüber zwei Zeilen', 'json', 'query']);
    expect(sent[1]?.reply_markup?.inline_keyboard).toEqual([[{ text: 'Yes', callback_data: 'y' }]]);
  });

  it('lets a test type and tap over its control endpoint', async () => {
    const post = async (path: string, body: object) =>
      (
        await fetch(`${simulator.address}/_simulator/${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        })
      ).json();
    const reply_markup = { inline_keyboard: [[{ text: 'Yes', callback_data: 'y' }]] };
    const { message_id: message } = await bot.api.sendMessage(7, 'Sure?', { reply_markup });
    await post('type', { user: 7, text: 'hi' });
    await post('tap', { user: 7, chat: 7, message, label: 'Yes' });
    const updates = await bot.api.getUpdates();
    expect(updates).toMatchObject([
      { message: { text: 'hi' } },
      { callback_query: { data: 'y', from: { id: 7 } } },
    ]);
    await bot.api.answerCallbackQuery(updates[1]?.callback_query?.id ?? '', { text: 'done' });
    expect(await post('tap', { user: 7, chat: 7, message, label: 'No' })).toMatchObject({
      problem: expect.stringContaining('shows no button'),
    });
  });
});
