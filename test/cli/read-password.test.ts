/** Where passwords come from that nobody types: a file or a pipe, of which the first line counts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPassword } from '../../src/cli/read-password.js';

const NOTES = `what this password is for\n`.repeat(1_000);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-password-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fromFile = (text: string): Promise<string> => {
  const file = join(folder, 'password');
  writeFileSync(file, text);
  return readPassword({ prompt: '', file });
};
const fromPipe = (text: string): Promise<string> =>
  readPassword({ prompt: '', file: undefined, input: Readable.from([text]) });

describe.each([
  ['a file', fromFile],
  ['a pipe', fromPipe],
])('a password in %s', (_where, read) => {
  it('is its first line, however much comes behind it', async () => {
    expect(await read(`correct horse battery\r\n${NOTES}`)).toBe('correct horse battery');
    expect(await read('ü'.repeat(1024))).toBe('ü'.repeat(1024));
  });

  it('is refused where there is none, or its line is too long', async () => {
    await expect(read(`\n${NOTES}`)).rejects.toThrow('no password was given');
    await expect(read('x'.repeat(1025))).rejects.toThrow('a password has at most 1024 characters');
    await expect(read('x'.repeat(100_000))).rejects.toThrow('a password has at most 1024 characters');
  });
});

describe.each([
  ['a pipe', false],
  ['a terminal', true],
])('a password from %s', (_where, isTTY) => {
  it('is whole where a chunk ends in the middle of a character', async () => {
    const bytes = Buffer.from('grüße 🔑x\n');
    const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
    const input = Object.assign(Readable.from(chunks, { objectMode: true }), { isTTY });
    const say = () => undefined;
    expect(await readPassword({ prompt: '', file: undefined, input, say })).toBe('grüße 🔑x');
  });
});

it('a backspace takes back one character, however many units it has', async () => {
  const input = Object.assign(Readable.from(['key🔑\u007fs\r']), { isTTY: true });
  expect(await readPassword({ prompt: '', file: undefined, input, say: () => undefined })).toBe('keys');
});

it.each([
  ['a sign-in password', {}, '--password-file'],
  ['a signing password', { option: '--signing-password-file' }, '--signing-password-file'],
  ['a secret that is replaced', { option: '--file' }, '--file'],
] as const)(
  '%s that is missing is asked for by the option that its command has',
  async (_what, more, option) => {
    const asked = readPassword({ prompt: '', file: undefined, input: Readable.from(['\n']), ...more });
    await expect(asked).rejects.toMatchObject({ doThis: expect.stringMatching(new RegExp(` ${option}$`)) });
  },
);

describe('several passwords, one after the other', () => {
  const reader = (input: Readable) => () =>
    readPassword({ prompt: '', file: undefined, input, say: () => undefined });

  it('are typed at one terminal, each without echo; what comes behind one is not the next', async () => {
    const raw: boolean[] = [];
    const terminal = { isTTY: true, setRawMode: (on: boolean) => void raw.push(on) };
    const input = Object.assign(new PassThrough(), terminal);
    const next = reader(input);
    for (const typed of ['first', 'second', 'third']) {
      const reading = next();
      input.write(`${typed}\r\n`);
      expect(await reading).toBe(typed);
    }
    expect(raw).toEqual([true, false, true, false, true, false]);
    const cancelled = next();
    input.write('fou\u0003');
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(raw.at(-1)).toBe(false);
  });

  it('are the lines of one pipe, however they are cut into chunks', async () => {
    const text = Buffer.from('grüße\nsecond 🔑\r\nthird');
    const bytes = Array.from(text, (byte) => Buffer.from([byte]));
    for (const chunks of [[text], [text.subarray(0, 3), text.subarray(3)], bytes]) {
      const next = reader(Readable.from(chunks));
      for (const line of ['grüße', 'second 🔑', 'third']) expect(await next()).toBe(line);
      await expect(next()).rejects.toThrow('no password was given');
    }
  });
});

it('a folder is no file that can be read', async () => {
  await expect(readPassword({ prompt: '', file: folder })).rejects.toThrow("can't be read");
});
