/**
 * The possible values of a setting (a limit or a strategy's parameter), with their checks and wording in one place.
 */
import { unfitCharacter } from './plain-text.js';

/** As written in the desk file; a time of day is text such as 09:30. */
export type DeclaredValue = number | string | boolean;

export interface NumberRange {
  /** Left out: a number. */
  readonly type?: 'number' | undefined;
  readonly whole: boolean;
  readonly min: number;
  readonly max: number;
}

export interface ChoiceRange {
  readonly type: 'choice';
  readonly choices: readonly string[];
}

export interface TextRange {
  readonly type: 'text';
  /** In characters. */
  readonly maxLength: number;
}

interface PlainRange {
  /** `time`: a time of day, HH:MM. */
  readonly type: 'boolean' | 'time';
}

export type ValueRange = NumberRange | ChoiceRange | TextRange | PlainRange;

/** Maximum length of a text, in characters. */
export const SETTING_TEXT_MAX = 200;

const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;

export function isWithin(range: ValueRange, value: unknown): boolean {
  switch (range.type) {
    case 'choice':
      return range.choices.some((choice) => choice === value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'time':
      return typeof value === 'string' && TIME_OF_DAY.test(value);
    case 'text':
      return typeof value === 'string' && value.length <= range.maxLength && unfitCharacter(value) === null;
    default:
      return (
        typeof value === 'number' &&
        value >= range.min &&
        value <= range.max &&
        (!range.whole || Number.isInteger(value))
      );
  }
}

/** The words that follow "expected": `a whole number from 2 to 500`. */
export function rangeText(range: ValueRange): string {
  switch (range.type) {
    case 'choice':
      return `one of ${range.choices.join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'time':
      return 'a time of day such as "09:30"';
    case 'text':
      return `text of at most ${range.maxLength} characters, without control and direction characters`;
    default:
      return `a ${range.whole ? 'whole number' : 'number'} from ${range.min} to ${range.max}`;
  }
}

/** Text is quoted so that it can't be mistaken for the words around it. */
export const valueText = (value: DeclaredValue): string =>
  typeof value === 'string' ? JSON.stringify(value) : String(value);
