/** Values of options: read once, at the edge, with one message for what can't be read. */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

export function positiveNumber(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0 && value <= max)) {
      throw new InvalidArgumentError(`expected a number above 0 and up to ${max}`);
    }
    return value;
  };
}

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;

/** Orders for a simulator must not leave the machine. */
export function simulatorAddress(text: string): string {
  if (!LOOPBACK.test(text))
    throw new InvalidArgumentError('expected an address of this machine like http://127.0.0.1:9080');
  return text;
}

/** For options that may be given several times. */
export function collected<Value>(read: (text: string) => Value) {
  return (text: string, before: readonly Value[] = []): readonly Value[] => [...before, read(text)];
}
