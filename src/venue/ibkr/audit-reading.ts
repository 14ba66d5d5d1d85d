/**
 * The account as the auditor reads it: under its own client id, which sends nothing that could affect an
 * order, with its own few messages of the TWS protocol, without the adapter and its library.
 */
import { connect, type Socket } from 'node:net';
import { STEP_PLACES_MAX } from '../../domain/book-steps.js';
import type { Instrument } from '../../domain/instrument.js';
import { parseMoney, parseUnits } from '../../domain/money.js';
import { isOwned } from '../../domain/value.js';
import type { BookReading } from '../book-reading.js';
import { brokersName } from './names.js';
import type { GatewayAddress } from './settings.js';

interface AccountToRead {
  readonly address: GatewayAddress;
  readonly clientId: number;
  /** Null: the login's only account. */
  readonly account: string | null;
  readonly instruments: readonly Instrument[];
}

/** Messages are read by the layout of this protocol version only; newer Gateways speak it too. */
export const VERSION = 177;
const ANSWER_MS = 5_000;
/** Left out if there never was any. */
const ACCRUED = 'AccruedCash';
const LENGTH_BYTES = 4;
const FRAME_MAX = 0xffffff;
const REQUEST = '1';

/** Message numbers: those sent, and those received. */
const SENDS = { startApi: '71', positions: '61', summary: '62' };
const TELLS = {
  error: '4',
  nextId: '9',
  accounts: '15',
  position: '61',
  positionEnd: '62',
  summary: '63',
  summaryEnd: '64',
};

interface Told {
  accounts: readonly string[];
  /** By account and contract: one that changes meanwhile is sent again, and the last one counts. */
  readonly positions: Map<string, readonly string[]>;
  readonly ledger: Map<string, string>;
}

/**
 * Each call of the result makes a new reading over its own connection. Rejects if the Gateway does not answer as it
 * should.
 */
export function accountReading(account: AccountToRead): () => Promise<BookReading> {
  return async () => bookOf(await readOver(account), account);
}

function readOver({ address, clientId, instruments }: AccountToRead): Promise<Told> {
  const currency = instruments[0]?.quote ?? '';
  const told: Told = { accounts: [], positions: new Map(), ledger: new Map() };
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port });
    const fail = (why: string) => {
      reject(new Error(`${why} (IB Gateway at ${address.host}:${address.port})`));
      socket.destroy();
    };
    socket.setTimeout(ANSWER_MS, () => fail(`no answer within ${ANSWER_MS} ms`));
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('the connection was ended'));
    socket.once('connect', () => {
      socket.write('API\0', 'latin1');
      socket.write(framed(`v${VERSION}..${VERSION}`));
    });
    let greeted = false;
    const open = new Set([TELLS.positionEnd, TELLS.summaryEnd]);
    onFrames(socket, fail, (fields) => {
      if (!greeted) {
        greeted = true;
        send(socket, [SENDS.startApi, '2', String(clientId), '']);
        return;
      }
      const [kind = '', , ...rest] = fields;
      if (kind === TELLS.error && isFatal(rest)) fail(`${rest[1]} ${rest[2]}`);
      if (kind === TELLS.accounts) told.accounts = (rest[0] ?? '').split(',').filter(Boolean);
      if (kind === TELLS.nextId) {
        send(socket, [SENDS.positions, '1']);
        send(socket, [SENDS.summary, '1', REQUEST, 'All', `$LEDGER:${currency}`]);
      }
      if (kind === TELLS.position) told.positions.set(`${rest[0]} ${rest[1]}`, rest);
      if (kind === TELLS.summary) told.ledger.set(`${rest[1]} ${rest[2]}`, rest[3] ?? '');
      if (open.delete(kind) && open.size === 0) {
        resolve(told);
        socket.destroy();
      }
    });
  });
}

/**
 * An error about this reading or the client id, or that the broker can't be reached. Notices about data farms don't
 * concern the account.
 */
function isFatal([id, code = '']: readonly string[]): boolean {
  return id === REQUEST || ['326', '1100', '2110', '320', '321'].includes(code);
}

function bookOf(told: Told, { account, instruments }: AccountToRead): BookReading {
  const chosen = account ?? told.accounts[0];
  if (
    chosen === undefined ||
    (account === null && told.accounts.length > 1) ||
    !told.accounts.includes(chosen)
  )
    throw new Error(
      `IBKR_ACCOUNT: expected one of ${told.accounts.join(', ')}, found ${account ?? 'none named'}`,
    );
  const positions = positionsOf(told, chosen, instruments);
  const amount = (tag: string): number => {
    const text = told.ledger.get(`${chosen} ${tag}`);
    if (text === undefined) throw new Error(`the account tells no ${tag}`);
    try {
      return parseMoney(text);
    } catch {
      throw new Error(`${tag}: expected an amount, found ${text.slice(0, 40)}`);
    }
  };
  // A month's unposted interest is not cash yet.
  const accrued = told.ledger.has(`${chosen} ${ACCRUED}`) ? amount(ACCRUED) : 0;
  const equity = amount('NetLiquidationByCurrency') - accrued;
  if (instruments.every(isOwned)) return { cash: amount('CashBalance'), positions, equity };
  // The cost of opening a future stays in its average price until it is closed: until then cash can't be calculated.
  return { cash: positions.size === 0 ? equity : null, positions, equity };
}

/**
 * Signed lots by symbol. Throws for a position that the desk doesn't trade, for two contracts of one
 * instrument and for a fraction of a lot: none of them may be ignored.
 */
function positionsOf(
  told: Told,
  chosen: string,
  instruments: readonly Instrument[],
): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  const names = new Map<string, string>();
  for (const position of told.positions.values()) {
    const [whose] = position;
    const quantity = Number(position.at(-2));
    if (whose !== chosen || quantity === 0) continue;
    const name = `${position.at(-2)} ${position[LOCAL_SYMBOL]}`;
    const instrument = instrumentOf(position, instruments);
    if (instrument === undefined || !Number.isFinite(quantity))
      throw new Error(`the account holds ${name}, which this desk does not trade`);
    const { symbol: traded, lotSize } = instrument;
    const other = names.get(traded);
    if (other !== undefined)
      throw new Error(`the account holds several contracts of ${traded} (${other}, ${name})`);
    const lots = quantity / Number(lotSize);
    if (!Number.isSafeInteger(lots))
      throw new Error(`the account holds ${name}, which is no whole number of ${lotSize}`);
    names.set(traded, name);
    positions.set(traded, lots);
  }
  return positions;
}

const LOCAL_SYMBOL = 10;

/** Undefined: no instrument of the desk. */
function instrumentOf(
  position: readonly string[],
  instruments: readonly Instrument[],
): Instrument | undefined {
  const [, , symbol, secType, expiry = '', , , told, , currency, localSymbol, tradingClass] = position;
  const named = instruments.filter((instrument) => {
    const { kind, quote, contractMonth } = instrument;
    const name = brokersName(instrument);
    return (
      name.symbol === symbol &&
      (name.tradingClass ?? tradingClass) === tradingClass &&
      quote === currency &&
      secType === SECURITY[kind] &&
      (contractMonth === undefined || monthOf(localSymbol, expiry) === contractMonth)
    );
  });
  if (secType !== SECURITY.future) return named[0];
  // Of several futures under one symbol the multiplier tells which it is.
  const theirs = parseUnits(told || '1', STEP_PLACES_MAX);
  const quotedIn = (parts: bigint) =>
    named.find(({ multiplier = '1' }) => parseUnits(multiplier, STEP_PLACES_MAX) * parts === theirs);
  return MAGNIFIERS.map(quotedIn).find((instrument) => instrument !== undefined);
}

/**
 * In how many parts of the currency prices may be quoted: the broker's multiplier is so many times the desk file's.
 * A position does not tell which it is (its `priceMagnifier`).
 */
const MAGNIFIERS = [1n, 10n, 100n, 1_000n, 10_000n];

const MONTH_LETTERS = 'FGHJKMNQUVXZ';
const NAMED_MONTH = /([FGHJKMNQUVXZ])(\d{1,2})$/;

/**
 * The month that a future is named after (CLZ6: 202612): some products stop trading in another one. If the
 * name has none, the month of its last trade.
 */
function monthOf(localSymbol: string | undefined, expiry: string): string {
  const [, letter = '', digits = ''] = NAMED_MONTH.exec(localSymbol ?? '') ?? [];
  const lastTrade = Number(expiry.slice(0, 4));
  const year = [lastTrade, lastTrade + 1, lastTrade - 1].find((one) => String(one).endsWith(digits));
  if (letter === '' || year === undefined) return expiry.slice(0, 6);
  return `${year}${String(MONTH_LETTERS.indexOf(letter) + 1).padStart(2, '0')}`;
}

const SECURITY: Readonly<Partial<Record<Instrument['kind'], string>>> = { future: 'FUT', stock: 'STK' };

const send = (socket: Socket, fields: readonly string[]): boolean =>
  socket.write(framed(fields.map((field) => `${field}\0`).join('')));

export function framed(text: string): Buffer {
  const body = Buffer.from(text, 'latin1');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

export function onFrames(
  socket: Socket,
  fail: (why: string) => void,
  heard: (fields: readonly string[]) => void,
): void {
  let kept = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    while (kept.length >= LENGTH_BYTES && !socket.destroyed) {
      const length = kept.readInt32BE(0);
      if (length < 1 || length > FRAME_MAX) {
        fail(`a frame of ${length} bytes`);
        return;
      }
      if (kept.length < LENGTH_BYTES + length) return;
      const body = kept.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
      kept = kept.subarray(LENGTH_BYTES + length);
      heard(body.toString('utf8').split('\0').slice(0, -1));
    }
  });
}
