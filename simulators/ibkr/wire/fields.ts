/** The layout of messages: one table of fields each, read and written by the two functions at the end. */

interface Gate {
  /** First server version that has the field. */
  readonly since?: number;
  /** First server version that no longer has the field. */
  readonly until?: number;
  /** Present only if earlier fields say so. */
  readonly when?: (before: Values) => boolean;
  /** Written if the sender gives no value, in its form on the wire. */
  readonly otherwise?: string;
  /** The only numbers allowed in the field. */
  readonly oneOf?: readonly number[];
}

type Kind = 'int' | 'dec' | 'str' | 'bool';

interface Plain extends Gate {
  readonly name: string;
  readonly type: Kind;
}

/** A count, then these fields as many times. */
interface Repeated extends Gate {
  readonly name: string;
  readonly each: readonly Field[];
}

export type Field = Plain | Repeated;

type Value = number | string | boolean | null | readonly Values[];
export interface Values {
  readonly [name: string]: Value;
}

/** Numbers and prices that were not given are null; prices and quantities are decimal text, never floats. */
type ValueOf<F> = F extends { each: infer E extends readonly Field[] }
  ? readonly ValuesOf<E>[]
  : F extends { type: 'int' }
    ? number | null
    : F extends { type: 'dec' }
      ? string | null
      : F extends { type: 'bool' }
        ? boolean
        : string;

export type ValuesOf<Fields extends readonly Field[]> = {
  readonly [F in Fields[number] as F['name']]: ValueOf<F>;
};

type Given<Fields extends readonly Field[]> = {
  readonly [F in Exclude<Fields[number], { otherwise: string }> as F['name']]: ValueOf<F>;
} & { readonly [F in Extract<Fields[number], { otherwise: string }> as F['name']]?: ValueOf<F> };

export interface Message<Fields extends readonly Field[] = readonly Field[]> {
  readonly id: number;
  readonly name: string;
  readonly fields: Fields;
}

export function message<const Fields extends readonly Field[]>(
  id: number,
  name: string,
  fields: Fields,
): Message<Fields> {
  return { id, name, fields };
}

type Made<Type extends Kind, Name extends string, G extends Gate> = {
  readonly name: Name;
  readonly type: Type;
} & G;
const plain =
  <Type extends Kind>(type: Type) =>
  <const Name extends string, const G extends Gate = Record<never, never>>(name: Name, gate?: G) =>
    ({ name, type, ...gate }) as unknown as Made<Type, NoInfer<Name>, NoInfer<G>>;

export const int = plain('int');
export const dec = plain('dec');
export const str = plain('str');
export const bool = plain('bool');

export function each<
  const Name extends string,
  const Fields extends readonly Field[],
  const G extends Gate = Record<never, never>,
>(name: Name, fields: Fields, gate?: G) {
  return { name, each: fields, ...gate } as unknown as {
    readonly name: Name;
    readonly each: Fields;
  } & NoInfer<G>;
}

/** Only if that field has a text. */
export const given =
  (name: string) =>
  (before: Values): boolean =>
    before[name] !== '';

/** Only if that field has one of these values. */
export const equals =
  (name: string, ...wanted: readonly Value[]) =>
  (before: Values): boolean =>
    wanted.includes(before[name] ?? null);

/** The message's own version number. Clients differ in a few; the server reads them alike. */
export function version<const Numbers extends readonly [number, ...number[]]>(...numbers: Numbers) {
  return int('version', { oneOf: numbers, otherwise: String(numbers[0]) });
}

/** What a client sent does not fit its message's table; the text names the field. */
export class Malformed extends Error {}

const INT_MAX = 2_147_483_647;
/** The protocol's form of a price or sum that does not exist. */
export const NO_AMOUNT = '1.7976931348623157E308';

const holds = (field: Field, serverVersion: number, before: Values): boolean =>
  serverVersion >= (field.since ?? 0) &&
  serverVersion < (field.until ?? Number.POSITIVE_INFINITY) &&
  (field.when?.(before) ?? true);

/**
 * `fields`: without the message's id. Throws Malformed if there is one too few, one too many, or one of the wrong
 * type.
 */
export function readMessage<Fields extends readonly Field[]>(
  table: Message<Fields>,
  serverVersion: number,
  fields: readonly string[],
): ValuesOf<Fields> {
  const rest = [...fields];
  const values = readFields(table.fields, serverVersion, rest);
  if (rest.length > 0) throw new Malformed(`${table.name}: ${rest.length} more than its fields`);
  return values as ValuesOf<Fields>;
}

function readFields(table: readonly Field[], serverVersion: number, rest: string[]): Values {
  const values: Record<string, Value> = {};
  for (const field of table) {
    if (!holds(field, serverVersion, values)) {
      values[field.name] ??= readValue(field, '');
      continue;
    }
    const text = rest.shift();
    if (text === undefined) throw new Malformed(`no field ${field.name}`);
    if ('each' in field) {
      const count = readValue({ name: field.name, type: 'int' }, text) as number | null;
      values[field.name] = Array.from({ length: count ?? 0 }, () =>
        readFields(field.each, serverVersion, rest),
      );
    } else {
      values[field.name] = readValue(field, text);
    }
  }
  return values;
}

function readValue(field: Field, text: string): Value {
  if ('each' in field) return [];
  if (field.type === 'str') return text;
  if (field.type === 'bool') {
    if (!/^[01]?$/.test(text)) throw new Malformed(`${field.name}: ${text} is neither 0 nor 1`);
    return text === '1';
  }
  if (text === '') return null;
  const value = field.type === 'int' ? readInt(field.name, text) : readDecimal(field.name, text);
  if (field.oneOf !== undefined && !field.oneOf.includes(value as number))
    throw new Malformed(`${field.name}: ${text} is none of ${field.oneOf.join(', ')}`);
  return value;
}

function readInt(name: string, text: string): number | null {
  const value = Number(text);
  if (!/^-?\d{1,10}$/.test(text) || Math.abs(value) > INT_MAX)
    throw new Malformed(`${name}: ${text} is no whole number`);
  return value === INT_MAX ? null : value;
}

/** Clients write floats: 1e-05, 1.5E7, 15234.250. Here each becomes plain decimal text. */
function readDecimal(name: string, text: string): string | null {
  const match = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match ?? [];
  if (match === null || whole + fraction === '') throw new Malformed(`${name}: ${text} is no number`);
  if (Number(text) === Number.MAX_VALUE) return null;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const before = digits
    .slice(0, Math.max(point, 0))
    .padEnd(Math.max(point, 0), '0')
    .replace(/^0+(?=\d)/, '');
  const after = digits
    .slice(Math.max(point, 0))
    .padStart(Math.max(digits.length - point, 0), '0')
    .replace(/0+$/, '');
  const plainText = `${before === '' ? '0' : before}${after === '' ? '' : `.${after}`}`;
  return plainText === '0' ? '0' : `${sign}${plainText}`;
}

/**
 * The fields of a frame, the message's id first. A missing value, or one that no field takes, is the caller's error.
 */
export function writeMessage<Fields extends readonly Field[]>(
  table: Message<Fields>,
  serverVersion: number,
  values: Given<Fields>,
): string[] {
  return [String(table.id), ...writeFields(table.name, table.fields, serverVersion, values as Values)];
}

function writeFields(name: string, table: readonly Field[], serverVersion: number, given: Values): string[] {
  const unknown = Object.keys(given).find((key) => !table.some((field) => field.name === key));
  if (unknown !== undefined) throw new TypeError(`${name} has no field ${unknown}`);
  const written: string[] = [];
  const values: Record<string, Value> = {};
  for (const field of table) {
    if (!holds(field, serverVersion, values)) continue;
    const value = given[field.name];
    if (value === undefined && field.otherwise === undefined)
      throw new TypeError(`${name} needs its field ${field.name}`);
    if ('each' in field) {
      const list = (value ?? []) as readonly Values[];
      values[field.name] = list;
      written.push(String(list.length));
      for (const one of list) written.push(...writeFields(name, field.each, serverVersion, one));
    } else {
      const text = value === undefined ? (field.otherwise ?? '') : writeValue(field, value);
      values[field.name] = readValue(field, text);
      written.push(text);
    }
  }
  return written;
}

function writeValue(field: Plain, value: Value): string {
  if (value === null) return '';
  if (field.type === 'bool') return value === true ? '1' : '0';
  if (field.type === 'str') return escaped(value as string);
  return String(value);
}

/** Text is sent as ASCII: é as \u00e9. A NUL would end the field. */
function escaped(text: string): string {
  return text.replace(
    /[\0\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
