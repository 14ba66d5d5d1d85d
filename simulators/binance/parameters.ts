/** Request parameters, read strictly: missing, empty, malformed and unread ones are refused as the venue refuses them. */
import { Refusal } from './refusal.js';
import { parseUnits } from './units.js';

export class Parameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #read = new Set<string>(['timestamp', 'recvWindow', 'signature', 'apiKey', 'returnRateLimits']);

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  optional(name: string): string | null {
    this.#read.add(name);
    const value = this.#values.get(name);
    if (value === undefined) return null;
    if (value === '') throw new Refusal(-1105, `Parameter '${name}' was empty.`);
    return value;
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === null) {
      throw new Refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
    }
    return value;
  }

  integer(name: string): number | null {
    const text = this.optional(name);
    if (text === null) return null;
    if (!/^-?\d{1,18}$/.test(text)) {
      throw new Refusal(
        -1100,
        `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`,
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
        `Illegal characters found in parameter '${name}'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.`,
      );
    }
    const value = parseUnits(text);
    if (value === null) throw new Refusal(-1111, `Parameter '${name}' has too much precision.`);
    return value;
  }

  requiredAmount(name: string): bigint {
    this.required(name);
    return this.amount(name) as bigint;
  }

  /** A parameter that this kind of order does not take. */
  refuse(name: string): void {
    if (this.#values.has(name)) throw new Refusal(-1106, `Parameter '${name}' sent when not required.`);
  }

  /** After everything was read: what is left over is an error, as at the venue. */
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
