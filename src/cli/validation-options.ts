/** The options of `validate` as one request. */
import { InvalidArgumentError } from 'commander';
import { scopeOf } from '../backtest/scope.js';
import type { LoadedDesk } from '../desk/load.js';
import { newRequest } from '../validation/new-request.js';
import type { ValidationRequest } from '../validation/request.js';
import { usageFailure } from './failure.js';
import { marketChoice } from './market-choice.js';
import type { PeriodOptions, PeriodToTrade } from './stored-minutes.js';

export interface ValidateOptions extends PeriodOptions {
  readonly minTrades?: number;
  readonly minWinRate?: number;
  readonly minSharpe?: number;
  readonly maxDrawdown?: number;
  readonly id?: string;
  readonly as?: string;
  readonly json?: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION_MS_MAX = 366 * 86_400_000;

/** `90m`, `48h` or `7d` in milliseconds. */
export function durationValue(text: string): number {
  const [, count, unit] = /^(\d{1,6}(?:\.\d{1,3})?)([mhd])$/.exec(text) ?? [];
  const ms = Math.round(Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN));
  if (!(ms >= 60_000 && ms <= DURATION_MS_MAX)) {
    throw new InvalidArgumentError('expected minutes, hours or days up to a year, such as 90m, 48h or 7d');
  }
  return ms;
}

/** A number with or without a decimal point, possibly negative. */
export function boundValue(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`expected a number from ${min} to ${max}`);
    return value;
  };
}

export function idValue(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError('expected 1 to 64 lower case letters, digits and dashes');
  }
  return text;
}

/** Throws a usage failure if the options contradict each other, the desk or the disk. */
export function validationRequest(
  options: ValidateOptions,
  loaded: LoadedDesk,
  stored: PeriodToTrade | null,
  requestedBy: string,
  nowMs: number,
): ValidationRequest {
  const { desk } = loaded;
  const durationMs = stored?.durationMs ?? options.duration;
  if (durationMs === undefined) {
    throw usageFailure(
      '--duration is missing',
      'write how much market time is to be traded, such as --duration 48h, or --from DATE --to DATE of stored minutes',
    );
  }
  const market = marketChoice(stored === null ? options : { ...options, data: stored.data }, desk);
  if (scopeOf(desk, market).desk.strategies.length === 0) {
    throw usageFailure(
      'no strategy of the desk trades what the data is of',
      'name its symbol: --data SYMBOL=FILE',
    );
  }
  return newRequest(
    loaded,
    {
      id: options.id,
      durationMs,
      ...(stored === null ? {} : { beginMs: stored.beginMs }),
      market,
      criteria: {
        minTrades: options.minTrades,
        minWinRatePct: options.minWinRate,
        minSharpe: options.minSharpe,
        maxDrawdownPct: options.maxDrawdown,
      },
      requestedBy,
    },
    nowMs,
  );
}
