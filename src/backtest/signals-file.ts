/** Signals for a backtest: a file with one line of JSON for each, in the form of `POST /api/signals`. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { moment } from '../desk/schema-values.js';
import { signalIdSchema, signalRequestOf, signalSchema, signalSourceSchema } from '../desk/sent-schemas.js';
import { messageOf } from '../domain/message-of.js';
import type { Command } from '../engine/event.js';
import { fieldProblem } from '../trader/control/params.js';

export interface TimedSignal {
  /** Market time at which it arrives. */
  readonly atMs: number;
  readonly command: Extract<Command, { readonly name: 'signal' | 'withdrawSignal' }>;
  /** Its place in the file, for messages. */
  readonly file: string;
  readonly line: number;
}

export class SignalsFileError extends Error {
  override readonly name = 'SignalsFileError';
  constructor(
    message: string,
    readonly doThis: string,
  ) {
    super(message);
  }
}

/** `at`: when it arrives. Left out: at `issuedAt`, which is required here. */
const sentSchema = signalSchema.extend({ issuedAt: moment, at: moment.optional() });
const withdrawnSchema = z.strictObject({
  source: signalSourceSchema,
  id: signalIdSchema,
  at: moment,
  withdraw: z.literal(true),
});

/** By time of arrival; signals of the same moment stay in file order. Throws `SignalsFileError`. */
export function readSignals(path: string): readonly TimedSignal[] {
  const file = basename(path);
  const signals = textOf(path)
    .split('\n')
    .flatMap((text, index) => (text.trim() === '' ? [] : [readLine(text, file, index + 1)]));
  return signals.sort((one, other) => one.atMs - other.atMs);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SignalsFileError(`${path} can't be read (${messageOf(error)})`, 'name a file that is there');
  }
}

function readLine(text: string, file: string, line: number): TimedSignal {
  const value = parsed(text, file, line);
  if (typeof value === 'object' && value !== null && 'withdraw' in value) {
    const { source, id, at } = checked(withdrawnSchema, value, file, line);
    return { atMs: Date.parse(at), command: { name: 'withdrawSignal', source, id }, file, line };
  }
  const { at, ...signal } = checked(sentSchema, value, file, line);
  const atMs = Date.parse(at ?? signal.issuedAt);
  return { atMs, command: { name: 'signal', signal: signalRequestOf(signal) }, file, line };
}

function parsed(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong(file, line, `expected one JSON object in each line: ${messageOf(error)}`);
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, file: string, line: number): T {
  const problem = fieldProblem(schema, value);
  if (problem !== null) throw wrong(file, line, problem);
  return schema.parse(value);
}

const wrong = (file: string, line: number, problem: string): SignalsFileError =>
  new SignalsFileError(
    `${file}:${line}: ${problem}`,
    'correct that line; docs/BACKTEST.md has an example of each kind',
  );
