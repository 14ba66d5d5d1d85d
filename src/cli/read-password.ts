/**
 * Passwords come from the terminal without echo, from a file, or from standard input; never from an argument.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { PASSWORD_CHARS_MAX } from '../home/people-passwords.js';
import { CliFailure, usageFailure } from './failure.js';

const BYTES_MAX = 4 * PASSWORD_CHARS_MAX + 2;
const BACKSPACES: readonly string[] = ['\u007f', '\b'];
const ENDS: readonly string[] = ['\r', '\n', '\u0004'];
const CTRL_C = '\u0003';

/** The part of a terminal or a pipe that is used here. */
interface PasswordInput extends Pick<Readable, 'iterator' | 'pause' | 'readableEncoding' | 'setEncoding'> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

interface PasswordQuestion {
  /** Printed before the cursor. */
  readonly prompt: string;
  /** Read instead of asking. */
  readonly file: string | undefined;
  /** The option that names the file. */
  readonly option?: '--password-file' | '--signing-password-file' | '--file';
  readonly input?: PasswordInput;
  readonly say?: (text: string) => void;
}

/** Rejects with `CliFailure` if there is no password, or it is too long. */
export async function readPassword({
  prompt,
  file,
  option = '--password-file',
  input = process.stdin,
  say = (text) => void process.stderr.write(text),
}: PasswordQuestion): Promise<string> {
  if (file !== undefined) return checked(fileText(file), option);
  return checked(input.isTTY === true ? await typed(input, prompt, say) : await piped(input), option);
}

function fileText(file: string): string {
  try {
    return firstLine(beginningOf(file));
  } catch {
    throw usageFailure(
      `the password file ${file} can't be read`,
      'name a file with the password in its first line',
    );
  }
}

/** As much as a password's line can hold: what follows may be of any length. */
function beginningOf(file: string): string {
  const opened = openSync(file, 'r');
  try {
    const read = Buffer.alloc(BYTES_MAX);
    let bytes = 0;
    while (bytes < BYTES_MAX && !read.subarray(0, bytes).includes('\n')) {
      const more = readSync(opened, read, bytes, BYTES_MAX - bytes, null);
      if (more === 0) break;
      bytes += more;
    }
    return read.toString('utf8', 0, bytes);
  } finally {
    closeSync(opened);
  }
}

/** What came out of a pipe behind the line that was read last: the next question takes it. */
const behind = new WeakMap<PasswordInput, string>();

async function piped(input: PasswordInput): Promise<string> {
  let text = behind.get(input) ?? '';
  if (!text.includes('\n')) {
    for await (const part of partsOf(input)) {
      text += part;
      if (text.includes('\n')) break;
      if (text.length > BYTES_MAX) throw tooLong();
    }
  }
  const end = text.indexOf('\n');
  behind.set(input, end < 0 ? '' : text.slice(end + 1));
  return firstLine(text);
}

/** Leaves the input open, which the next question reads too. A chunk may end in the middle of a character. */
function partsOf(input: PasswordInput): AsyncIterable<string> {
  if (input.readableEncoding === null) input.setEncoding('utf8');
  return input.iterator({ destroyOnReturn: false });
}

/** Raw mode: the terminal does not echo what is typed. */
async function typed(input: PasswordInput, prompt: string, say: (text: string) => void): Promise<string> {
  say(prompt);
  input.setRawMode?.(true);
  try {
    let text = '';
    for await (const part of partsOf(input)) {
      for (const key of part) {
        if (key === CTRL_C)
          throw new CliFailure('cancelled', 'nothing was changed', 'give the command again');
        if (ENDS.includes(key)) return text;
        text = BACKSPACES.includes(key) ? [...text].slice(0, -1).join('') : text + key;
        if (text.length > BYTES_MAX) throw tooLong();
      }
    }
    return text;
  } finally {
    input.setRawMode?.(false);
    input.pause();
    say('\n');
  }
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? '';

function checked(password: string, option: string): string {
  if (password.length > PASSWORD_CHARS_MAX) throw tooLong();
  if (password !== '') return password;
  throw usageFailure(
    'no password was given',
    `type it when asked, pipe it in, or name a file with ${option}`,
  );
}

const tooLong = (): CliFailure =>
  usageFailure(`a password has at most ${PASSWORD_CHARS_MAX} characters`, 'give the password alone');
