/** What Telegram parses, limits and refuses, with grammY and plain forms against the simulator. */
import { Bot, GrammyError, InputFile } from 'grammy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';

let simulator: TelegramSimulator;
let bot: Bot;
let nowMs = 0;

beforeEach(async () => {
  nowMs = Date.now();
  simulator = await startTelegramSimulator({ nowMs: () => nowMs });
  bot = new Bot(DEFAULT_TOKEN, { client: { apiRoot: simulator.address } });
  simulator.simulation.bot().ensureChat(7);
});
afterEach(() => simulator.close());

async function refused(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (failure: unknown) => failure,
  );
  return error instanceof GrammyError ? `${error.error_code} ${error.description}` : String(error);
}

type Mode = 'HTML' | 'MarkdownV2' | 'Markdown';
const send = (text: string, mode: Mode) => bot.api.sendMessage(7, text, { parse_mode: mode });

describe('formatting that is right', () => {
  it.each<[Mode, string, string, string[]]>([
    ['HTML', 'a <b>b<i>c</i></b> &lt;&amp;', 'a bc <&', ['bold 2 2', 'italic 3 1']],
    ['HTML', '<pre><code class="language-ts">x</code></pre>', 'x', ['pre 0 1 ts']],
    [
      'HTML',
      '<a href="https://example.org/?a=1&amp;b=2">x</a>',
      'x',
      ['text_link 0 1 https://example.org/?a=1&b=2'],
    ],
    ['HTML', '<tg-spoiler>👍</tg-spoiler>!', '👍!', ['spoiler 0 2']],
    ['HTML', '<blockquote expandable>q</blockquote>', 'q', ['expandable_blockquote 0 1']],
    ['HTML', '  <b> x </b>  ', 'x', ['bold 0 1']],
    [
      'MarkdownV2',
      '*b _i_* \\- `c*` ||s||',
      'b i - c* s',
      ['bold 0 3', 'italic 2 1', 'code 6 2', 'spoiler 9 1'],
    ],
    ['MarkdownV2', '__u _i_ __', 'u i', ['underline 0 3', 'italic 2 1']],
    ['MarkdownV2', '```ts\nlet x\\`\n```', 'let x`', ['pre 0 6 ts']],
    ['MarkdownV2', '[x](https://example.org/\\))', 'x', ['text_link 0 1 https://example.org/)']],
    ['MarkdownV2', '>one\n>two\nthree', 'one\ntwo\nthree', ['blockquote 0 7']],
    ['MarkdownV2', '~s~ [p](tg://user?id=7)', 's p', ['strikethrough 0 1', 'text_mention 2 1 7']],
    [
      'Markdown',
      '*b* _i_ \\_ [x](https://example.org/)',
      'b i _ x',
      ['bold 0 1', 'italic 2 1', 'text_link 6 1 https://example.org/'],
    ],
  ])('%s: %s', async (mode, text, shown, entities) => {
    const message = await send(text, mode);
    expect(message.text).toBe(shown);
    expect(
      (message.entities ?? []).map((entity) => {
        const { type, offset, length, ...more } = { url: '', language: '', user: null, ...entity } as Record<
          string,
          unknown
        >;
        const extra = more.url || more.language || (more.user as { id: number } | null)?.id || '';
        return `${type} ${offset} ${length} ${extra}`.trim();
      }),
    ).toEqual(entities);
  });
});

describe('formatting that is wrong', () => {
  it.each<[Mode, string, string]>([
    ['HTML', 'ü <b>x', 'Can\'t find end tag corresponding to start tag "b"'],
    ['HTML', 'ü <x>y</x>', 'Unsupported start tag "x" at byte offset 3'],
    ['HTML', 'ü <b>x</i>', 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'],
    ['HTML', '1 < 2', 'Unsupported start tag "" at byte offset 2'],
    ['HTML', 'x</b>', 'Unexpected end tag at byte offset 1'],
    ['HTML', 'ü <b', 'Unclosed start tag at byte offset 3'],
    ['HTML', '<b>x</b', 'Unclosed end tag at byte offset 4'],
    ['HTML', '<span>x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
    ['MarkdownV2', 'Version 1.0', "Character '.' is reserved and must be escaped with the preceding '\\'"],
    ['MarkdownV2', 'a-b', "Character '-' is reserved and must be escaped with the preceding '\\'"],
    ['MarkdownV2', '🏟 🏟_abacaba', "Can't find end of Italic entity at byte offset 9"],
    ['MarkdownV2', '🏟 🏟_abac * asd ', "Can't find end of Bold entity at byte offset 15"],
    ['MarkdownV2', '🏟 🏟`', "Can't find end of Code entity at byte offset 9"],
    ['MarkdownV2', '🏟 🏟```a ', "Can't find end of PreCode entity at byte offset 9"],
    ['MarkdownV2', '🏟 🏟||test\\|', "Can't find end of Spoiler entity at byte offset 9"],
    ['MarkdownV2', '[telegram\\.org](asd', "Can't find end of a URL at byte offset 16"],
    ['Markdown', 'ü *x', "Can't find end of the entity starting at byte offset 3"],
  ])('%s: %s', async (mode, text, problem) => {
    expect(await refused(send(text, mode))).toBe(`400 Bad Request: can't parse entities: ${problem}`);
    expect(simulator.simulation.bot().sentTo(7)).toEqual([]);
  });

  it('refuses an unknown mode, and parses before it looks for the chat', async () => {
    const other = { parse_mode: 'BBCode' as 'HTML' };
    expect(await refused(bot.api.sendMessage(7, 'x', other))).toBe('400 Bad Request: unsupported parse_mode');
    expect(await refused(bot.api.sendMessage(99, '<b>x', { parse_mode: 'HTML' }))).toContain(
      "can't parse entities",
    );
  });

  it('takes entities that come beside the text, and refuses what they can’t be', async () => {
    const { entities } = await bot.api.sendMessage(7, 'see here', {
      entities: [
        { type: 'text_link', offset: 4, length: 4, url: 'https://example.org' },
        { type: 'url', offset: 0, length: 3 },
      ],
    });
    expect(entities).toEqual([{ type: 'text_link', offset: 4, length: 4, url: 'https://example.org/' }]);
    const wrong = { entities: [{ type: 'text_link' as const, offset: 0, length: 1, url: 'localhost' }] };
    expect(await refused(bot.api.sendMessage(7, 'x', wrong))).toBe(
      "400 Bad Request: entity URL 'localhost' is invalid: Wrong HTTP URL",
    );
  });

  it('knows a message whose formatting alone is new as modified', async () => {
    const { message_id: id } = await bot.api.sendMessage(7, 'x');
    expect(await refused(bot.api.editMessageText(7, id, 'x'))).toContain('message is not modified');
    expect(await bot.api.editMessageText(7, id, '<b>x</b>', { parse_mode: 'HTML' })).toMatchObject({
      entities: [{ type: 'bold', offset: 0, length: 1 }],
    });
  });
});

describe('the limit of messages', () => {
  it('lets a burst through, then says with 429 when to come again, and takes the message then', async () => {
    for (let count = 0; count < 30; count += 1) await bot.api.sendMessage(7, 'x');
    const error = await bot.api.sendMessage(7, 'x').catch((failure: GrammyError) => failure);
    expect(error).toMatchObject({ error_code: 429, parameters: { retry_after: 1 } });
    expect(simulator.simulation.bot().sentTo(7)).toHaveLength(30);
    nowMs += 1000;
    expect(await bot.api.sendMessage(7, 'later')).toMatchObject({ text: 'later' });
  });

  it('is twenty a minute in a group', async () => {
    simulator.simulation.bot().ensureChat(-100_123);
    for (let count = 0; count < 20; count += 1) await bot.api.sendMessage(-100_123, 'x');
    const error = await bot.api.sendMessage(-100_123, 'x').catch((failure: GrammyError) => failure);
    expect(error).toMatchObject({ error_code: 429, parameters: { retry_after: 3 } });
    expect(await bot.api.sendMessage(7, 'elsewhere')).toMatchObject({ text: 'elsewhere' });
  });
});

describe('in a group', () => {
  const GROUP = -100_124;
  const NAME = 'fermata_1000000001_bot';
  const heard = async (text: string, options: { replyTo?: number } = {}): Promise<boolean> => {
    const { message_id: id } = simulator.simulation.type(7, text, { chatId: GROUP, ...options });
    const offset = (await bot.api.getUpdates({ offset: -1 })).at(-1)?.update_id;
    const updates = offset === undefined ? [] : await bot.api.getUpdates({ offset });
    return updates.some(({ message }) => message?.chat.id === GROUP && message.message_id === id);
  };

  it('a bot in privacy mode gets commands, replies and what names it; an administrator gets all', async () => {
    expect(await bot.api.getMe()).toMatchObject({ can_read_all_group_messages: false, username: NAME });
    expect(await heard('stop')).toBe(false);
    expect(await heard('/stop@another_bot')).toBe(false);
    expect(await heard('/stop')).toBe(true);
    expect(await heard(`/stop@${NAME} odd prices`)).toBe(true);
    expect(await heard(`stop, @${NAME}`)).toBe(true);
    const { message_id: replyTo } = await bot.api.sendMessage(GROUP, 'HALTED');
    expect(await heard('stop', { replyTo })).toBe(true);
    simulator.simulation.administer(GROUP, true);
    expect(await heard('stop')).toBe(true);
    simulator.simulation.administer(GROUP, false);
    expect(await heard('stop')).toBe(false);
    simulator.simulation.bot().readsAllOfGroups = true;
    expect(await heard('stop')).toBe(true);
  });
});

describe('a webhook', () => {
  it('keeps polls away with 409 until it is deleted, and drops what waits where it is asked to', async () => {
    simulator.simulation.type(7, 'one');
    expect(await refused(bot.api.setWebhook('http://example.org'))).toBe(
      '400 Bad Request: bad webhook: An HTTPS URL must be provided for webhook',
    );
    await bot.api.setWebhook('https://example.org/hook');
    expect(await bot.api.getWebhookInfo()).toMatchObject({
      url: 'https://example.org/hook',
      pending_update_count: 1,
    });
    expect(await refused(bot.api.getUpdates())).toBe(
      "409 Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
    await bot.api.deleteWebhook();
    expect(await bot.api.getUpdates()).toHaveLength(1);
    await bot.api.deleteWebhook({ drop_pending_updates: true });
    expect(await bot.api.getUpdates()).toEqual([]);
  });

  it('ends a poll that waits when it is set', async () => {
    const polling = refused(bot.api.getUpdates({ timeout: 10 }));
    await expect.poll(() => simulator.simulation.requests.at(-1)?.method).toBe('getupdates');
    await bot.api.setWebhook('https://example.org/hook');
    expect(await polling).toBe('409 Conflict: terminated by setWebhook request');
  });
});

describe('files', () => {
  /** One white pixel. */
  const pixel = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=',
    'base64',
  );

  it('are sent as documents with a formatted caption, and again by their id', async () => {
    const sent = await bot.api.sendDocument(
      7,
      new InputFile(Buffer.from([0, 255, 13, 10, 13, 10, 7]), 'report.csv'),
      {
        caption: '*day*',
        parse_mode: 'MarkdownV2',
      },
    );
    expect(sent).toMatchObject({
      document: { file_name: 'report.csv', file_size: 7 },
      caption: 'day',
      caption_entities: [{ type: 'bold', offset: 0, length: 3 }],
    });
    expect(sent).not.toHaveProperty('text');
    const again = await bot.api.sendDocument(7, sent.document.file_id);
    expect(again.document).toEqual(sent.document);
    expect(await refused(bot.api.editMessageText(7, sent.message_id, 'x'))).toContain('there is no text');
  });

  it('are photos only where they are pictures', async () => {
    const photo = await bot.api.sendPhoto(7, new InputFile(pixel, 'x.png'));
    expect(photo.photo).toMatchObject([{ width: 1, height: 1, file_size: pixel.length }]);
    const text = new InputFile(Buffer.from('no picture'), 'x.png');
    expect(await refused(bot.api.sendPhoto(7, text))).toBe('400 Bad Request: IMAGE_PROCESS_FAILED');
  });

  it('are refused where they are empty, unknown, elsewhere, or their caption is too long', async () => {
    const empty = new InputFile(Buffer.alloc(0), 'x');
    expect(await refused(bot.api.sendDocument(7, empty))).toBe('400 Bad Request: file must be non-empty');
    expect(await refused(bot.api.sendDocument(7, 'nobody-sent-it'))).toContain('wrong file identifier');
    expect(await refused(bot.api.sendPhoto(7, 'https://example.org/x.png'))).toContain(
      'failed to get HTTP URL content',
    );
    const long = bot.api.sendDocument(7, new InputFile(pixel, 'x'), { caption: 'x'.repeat(1025) });
    expect(await refused(long)).toBe('400 Bad Request: message caption is too long');
  });
});

it('describes a chat with every field that a full description has', async () => {
  expect(await bot.api.getChat(7)).toMatchObject({
    id: 7,
    type: 'private',
    accent_color_id: expect.any(Number),
    max_reaction_count: expect.any(Number),
    accepted_gift_types: { unlimited_gifts: false },
  });
  expect(await bot.api.getMe()).toMatchObject({ can_connect_to_business: false, has_main_web_app: false });
});
