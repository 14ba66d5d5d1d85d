/**
 * What a bot's environment file says that a desk file can hold. Secrets are recognised by name and left where they
 * are: their values are neither returned nor quoted in any message.
 */
import { parseEnv } from 'node:util';
import type { NewDesk } from './new-desk.js';

export interface TakenEnvironment {
  readonly values: Partial<NewDesk>;
  /** What was not taken over, and where it goes instead. */
  readonly notes: readonly string[];
  /** Values that can't be used: the whole file is then refused. */
  readonly problems: readonly string[];
}

const SECRETS: Readonly<Record<string, string>> = {
  DASHBOARD_PASSWORD: 'stays in the environment: `fermata up` takes it from there at the first start',
  BINANCE_API_KEY: 'stays in the environment: a paper desk reads no key',
  BINANCE_SECRET_KEY: 'stays in the environment: a paper desk reads no key',
  BINANCE_API_SECRET: 'stays in the environment: a paper desk reads no key',
  TELEGRAM_BOT_TOKEN: 'stays in the environment: no desk file holds a token',
  TELEGRAM_CHAT_ID: 'stays in the environment',
};

type Reader = (text: string) => Partial<NewDesk> | string;

/** A reader answers with values, or with what it expected. */
const READERS: Readonly<Record<string, Reader>> = {
  TRADING_MODE: (text) => (text === 'paper' || text === 'live' ? {} : 'paper or live'),
  BINANCE_TESTNET: (text) =>
    text === 'true' || text === 'false' ? { testnet: text === 'true' } : 'true or false',
  SYMBOLS: symbolList,
  STOP_LOSS_PCT: (text) => percentOf(text, (stopLossPct) => ({ stopLossPct })),
  DAILY_LOSS_LIMIT_PCT: (text) => percentOf(text, (dailyLossLimitPct) => ({ dailyLossLimitPct })),
  MAX_POSITION_SIZE_PCT: (text) => percentOf(text, (maxPositionSizePct) => ({ maxPositionSizePct })),
  MAX_CONCURRENT_POSITIONS: (text) =>
    /^[1-9]\d{0,2}$/.test(text) ? { maxConcurrentPositions: Number(text) } : 'a whole number from 1 to 999',
};

/** `text` is the content of a `.env` file: one NAME=VALUE a line. */
export function takeEnvironment(text: string): TakenEnvironment {
  let values: Partial<NewDesk> = {};
  const notes: string[] = [];
  const problems: string[] = [];
  for (const [name, raw] of Object.entries(parseEnv(text))) {
    const value = (raw ?? '').trim();
    const reader = READERS[name];
    if (reader === undefined) {
      notes.push(`${name}: ${SECRETS[name] ?? 'has no place in a desk file and was left out'}`);
      continue;
    }
    const taken = reader(value);
    if (typeof taken === 'string') {
      problems.push(`${name}: expected ${taken}; found "${value.slice(0, 60)}"`);
      continue;
    }
    values = { ...values, ...taken };
    if (name === 'TRADING_MODE' && value === 'live') {
      notes.push('TRADING_MODE: live was not taken over; every desk begins on paper');
    }
  }
  return { values, notes, problems };
}

function percentOf(text: string, build: (percent: number) => Partial<NewDesk>): Partial<NewDesk> | string {
  const percent = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  return percent > 0 && percent <= 100 ? build(percent) : 'a percentage above 0 and up to 100';
}

function symbolList(text: string): Partial<NewDesk> | string {
  const expected = 'a JSON list of symbols, for example ["BTC/USDT","ETH/USDT"]';
  try {
    const list: unknown = JSON.parse(text);
    const isList = Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === 'string');
    return isList ? { symbols: list as string[] } : expected;
  } catch {
    return expected;
  }
}
