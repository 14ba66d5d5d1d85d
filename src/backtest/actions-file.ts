/** Splits and dividends for a backtest: a file of comma-separated lines, `date,symbol,kind,value`. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { dividendSchema } from '../desk/corporate-action-schema.js';
import type { Desk } from '../desk/schema.js';
import { DAY_MS, dayOfText } from '../domain/civil-date.js';
import { type CorporateAction, parseSplit, SPLIT_PART_MAX } from '../domain/corporate-action.js';
import { messageOf } from '../domain/message-of.js';
import { utcOfLocal } from '../domain/trading-day.js';
import { buildCalendars } from '../trader/engine-config.js';

export interface TimedAction {
  /** Market time: the beginning of its date in the zone of the instrument's trading hours. */
  readonly atMs: number;
  readonly action: CorporateAction;
  /** Its place in the file, for messages. */
  readonly file: string;
  readonly line: number;
}

export class ActionsFileError extends Error {
  override readonly name = 'ActionsFileError';
  readonly doThis = 'correct that line; docs/BACKTEST.md has an example of each kind';
}

const HEADER = 'date,symbol,kind,value';

/** In the order of their time; those of one moment in the order of the file. Throws `ActionsFileError`. */
export function readActions(path: string, desk: Pick<Desk, 'instruments'>): readonly TimedAction[] {
  const file = basename(path);
  const calendars = buildCalendars(desk);
  const seen = new Map<string, number>();
  const actions = textOf(path)
    .split(/\r?\n/)
    .flatMap((text, index) => (text.trim() === '' ? [] : [{ text: text.trim(), line: index + 1 }]))
    .filter(({ text, line }) => line > 1 || text !== HEADER)
    .map(({ text, line }) => {
      const wrong = (problem: string): ActionsFileError =>
        new ActionsFileError(`${file}:${line}: ${problem}`);
      const cells = text.split(',').map((cell) => cell.trim());
      const [date = '', symbol = '', kind = '', value = ''] = cells;
      if (cells.length !== 4) throw wrong(`expected four values, ${HEADER}; found ${cells.length}`);
      const day = dayOfText(date);
      if (day === null) throw wrong(`date: expected a day such as 2020-08-31, found ${date}`);
      const at = desk.instruments.findIndex((known) => known.symbol === symbol);
      if (desk.instruments[at]?.kind !== 'stock')
        throw wrong(`symbol: expected a stock of the desk file (kind: stock), found ${symbol}`);
      const before = seen.get(text);
      if (before !== undefined) throw wrong(`the same as line ${before}`);
      seen.set(text, line);
      const calendar = calendars[at];
      const atMs = utcOfLocal(day * DAY_MS, (utcMs) => (calendar?.localMs(utcMs) ?? utcMs) - utcMs);
      return { atMs, action: actionOf(symbol, kind, value, wrong), file, line };
    });
  return actions.sort((one, other) => one.atMs - other.atMs);
}

function actionOf(
  symbol: string,
  kind: string,
  value: string,
  wrong: (problem: string) => ActionsFileError,
): CorporateAction {
  if (kind === 'split') {
    const ratio = parseSplit(value);
    if (ratio === null)
      throw wrong(
        `value: expected new shares for old ones, 4:1 or 1:10, each up to ${SPLIT_PART_MAX}; found ${value}`,
      );
    return { kind, symbol, ...ratio };
  }
  if (kind !== 'dividend') throw wrong(`kind: expected split or dividend, found ${kind}`);
  if (!dividendSchema.shape.perShare.safeParse(value).success)
    throw wrong(`value: expected an amount above 0 for each share, such as 0.82; found ${value}`);
  return { kind, symbol, perShare: value };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ActionsFileError(`${path} can't be read (${messageOf(error)})`);
  }
}
