/**
 * Request parameters, read strictly: missing, empty, malformed and unread ones are refused as the venue refuses them.
 */

import { parseUnits } from '../units.js';
import { Refusal } from './refusal.js';

/** Times may come in milliseconds or microseconds: a larger number than this is in microseconds. */
const MILLISECONDS_MAX = 100_000_000_000_000;

export class Parameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #read = new Set<string>(['timestamp', 'recvWindow', 'signature', 'apiKey', 'returnRateLimits']);

  readonly #shown: (name: string) => string;

  constructor(
    values: ReadonlyMap<string, string>,
    shown?: { readonly prefix: string; readonly names: Readonly<Record<string, string>> },
  ) {
    this.#values = values;
    this.#shown = (name) => {
      const theirs = shown?.names[name];
      return shown === undefined || theirs === undefined ? name : `${shown.prefix}${theirs}`;
    };
  }

  optional(name: string): string | null {
    this.#read.add(name);
    const value = this.#values.get(name);
    if (value === undefined) return null;
    if (value === '') throw new Refusal(-1105, `Parameter '${this.#shown(name)}' was empty.`);
    return value;
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === null) {
      throw new Refusal(
        -1102,
        `Mandatory parameter '${this.#shown(name)}' was not sent, was empty/null, or malformed.`,
      );
    }
    return value;
  }

  integer(name: string): number | null {
    const text = this.optional(name);
    if (text === null) return null;
    if (!/^-?\d{1,18}$/.test(text)) {
      throw new Refusal(
        -1100,
        `Illegal characters found in parameter '${this.#shown(name)}'; legal range is '^[0-9]{1,20}$'.`,
      );
    }
    return Number(text);
  }

  /** Units of 1e-8. */
  amount(name: string): bigint | null {
    const text = this.optional(name);
    if (text === null) return null;
    if (!/^\d{1,20}(\.\d{1,20})?$/.test(text)) {
      throw new Refusal(
        -1100,
        `Illegal characters found in parameter '${this.#shown(name)}'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.`,
      );
    }
    const value = parseUnits(text);
    if (value === null) throw new Refusal(-1111, `Parameter '${this.#shown(name)}' has too much precision.`);
    return value;
  }

  /** One of these values; null if it was not sent. */
  oneOf<T extends string>(name: string, values: readonly T[], otherwise: () => Refusal): T | null {
    const text = this.optional(name);
    if (text === null) return null;
    const found = values.find((value) => value === text);
    if (found === undefined) throw otherwise();
    return found;
  }

  /** Milliseconds since 1970. */
  time(name: string): number | null {
    const value = this.integer(name);
    return value === null || value < MILLISECONDS_MAX ? value : Math.floor(value / 1000);
  }

  limit(otherwise: number, most: number): number {
    const limit = this.integer('limit') ?? otherwise;
    if (limit < 1 || limit > most) throw new Refusal(-1130, "Data sent for parameter 'limit' is not valid.");
    return limit;
  }

  /** Parameters of one order among several, without its prefix: `abovePrice` becomes `price` of the above order. */
  within(
    prefix: string,
    names: Readonly<Record<string, string>>,
    values: Readonly<Record<string, string>>,
  ): Parameters {
    const own = new Map<string, string>(Object.entries(values));
    for (const [name, theirs] of Object.entries(names)) {
      const value = this.optional(`${prefix}${theirs}`);
      if (value !== null) own.set(name, value);
    }
    return new Parameters(own, { prefix, names });
  }

  /** The parameters under the names of another request, plus those that this request implies. */
  renamed(names: Readonly<Record<string, string>>, implied: Readonly<Record<string, string>>): Parameters {
    const own = new Map<string, string>(Object.entries(implied));
    for (const [name, value] of this.#values) own.set(names[name] ?? name, value);
    return new Parameters(own);
  }

  requiredAmount(name: string): bigint {
    this.required(name);
    return this.amount(name) as bigint;
  }

  /** Refuses a parameter that this kind of order does not accept. */
  refuse(name: string): void {
    if (this.#values.has(name))
      throw new Refusal(-1106, `Parameter '${this.#shown(name)}' sent when not required.`);
  }

  /** Called after everything was read: a parameter left over is an error, as at the venue. */
  finish(): void {
    const unread = [...this.#values.keys()].filter((name) => !this.#read.has(name));
    if (unread.length > 0) {
      const sent = this.#values.size;
      throw new Refusal(
        -1104,
        `Not all sent parameters were read; read '${sent - unread.length}' parameter(s) but was sent '${sent}'.`,
      );
    }
  }
}
