/**
 * The account as the auditor reads it: under its own client id, which sends nothing that could affect an
 * order, with its own few messages of the TWS protocol, without the adapter and its library.
 */
import { connect, type Socket } from 'node:net';
import type { Instrument } from '../../domain/instrument.js';
import { parseMoney } from '../../domain/money.js';
import { isOwned } from '../../domain/value.js';
import type { BookReading } from '../port.js';
import { positionsOf } from './broker-names.js';
import type { GatewayAddress } from './settings.js';

export interface AccountToRead {
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
/** A connection that nobody reads over is not kept: another auditor may want the client id. */
const UNUSED_MS = 15_000;

/** Message numbers: those sent, and those received. */
const SENDS = { startApi: '71', positions: '61', endPositions: '64', summary: '62', endSummary: '63' };
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
  readonly accounts: readonly string[];
  /** By account and contract: one that changes meanwhile is sent again, and the last one counts. */
  readonly positions: Map<string, readonly string[]>;
  readonly ledger: Map<string, string>;
}

/** A reading under way. */
interface Asked {
  readonly told: Told;
  /** Of the summary; positions carry none. */
  readonly request: string;
  readonly currency: string;
  /** What has not been told completely yet. */
  readonly open: Set<string>;
  readonly resolve: (told: Told) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Stays between readings: the auditor makes twenty a minute. Whatever is wrong with it ends it, and the next
 * reading makes a new one.
 */
export class AccountConnection {
  #socket: Socket | null = null;
  #accounts: readonly string[] = [];
  #isReady = false;
  #asked: Asked | null = null;
  #requests = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly to: Pick<AccountToRead, 'address' | 'clientId'>,
    private readonly unusedMs = UNUSED_MS,
  ) {}

  async read(account: Pick<AccountToRead, 'account' | 'instruments'>): Promise<BookReading> {
    const told = this.#last.then(() => this.#ask(account.instruments[0]?.quote ?? ''));
    this.#last = told.catch(() => undefined);
    return bookOf(await told, account);
  }

  end(): void {
    this.#fail('the connection was ended');
  }

  #ask(currency: string): Promise<Told> {
    return new Promise((resolve, reject) => {
      this.#requests += 1;
      const told = { accounts: [], positions: new Map(), ledger: new Map() };
      const open = new Set([TELLS.positionEnd, TELLS.summaryEnd]);
      this.#asked = { told, request: String(this.#requests), currency, open, resolve, reject };
      if (this.#socket === null) this.#connect();
      this.#socket?.ref().setTimeout(ANSWER_MS);
      if (this.#isReady) this.#request();
    });
  }

  #connect(): void {
    const { address, clientId } = this.to;
    const socket = connect({ host: address.host, port: address.port });
    this.#socket = socket;
    const fail = (why: string): void => {
      if (this.#socket === socket) this.#fail(why);
    };
    socket.on('timeout', () => fail(`no answer within ${ANSWER_MS} ms`));
    socket.on('error', (error) => fail(error.message));
    socket.once('close', () => fail('the connection was ended'));
    socket.once('connect', () => {
      socket.write('API\0', 'latin1');
      socket.write(framed(`v${VERSION}..${VERSION}`));
    });
    let greeted = false;
    onFrames(socket, fail, (fields) => {
      if (greeted && this.#socket === socket) this.#hear(fields);
      else if (!greeted) send(socket, [SENDS.startApi, '2', String(clientId), '']);
      greeted = true;
    });
  }

  #request(): void {
    if (this.#socket === null || this.#asked === null) return;
    const { request, currency } = this.#asked;
    send(this.#socket, [SENDS.positions, '1']);
    send(this.#socket, [SENDS.summary, '1', request, 'All', `$LEDGER:${currency}`]);
  }

  #hear([kind = '', , ...rest]: readonly string[]): void {
    const asked = this.#asked;
    if (kind === TELLS.error && isFatal(rest, asked)) {
      this.#fail(`${rest[1]} ${rest[2]}`);
      return;
    }
    if (kind === TELLS.accounts) this.#accounts = (rest[0] ?? '').split(',').filter(Boolean);
    if (kind === TELLS.nextId && !this.#isReady) {
      this.#isReady = true;
      this.#request();
    }
    if (asked === null) return;
    if (kind === TELLS.position) asked.told.positions.set(`${rest[0]} ${rest[1]}`, rest);
    if (kind === TELLS.summary && rest[0] === asked.request)
      asked.told.ledger.set(`${rest[1]} ${rest[2]}`, rest[3] ?? '');
    if (kind === TELLS.summaryEnd && rest[0] !== asked.request) return;
    if (asked.open.delete(kind) && asked.open.size === 0) this.#answered(asked);
  }

  /** Nothing more is told until the next reading, and nothing waits for the connection. */
  #answered({ told, request, resolve }: Asked): void {
    const socket = this.#socket;
    this.#asked = null;
    if (socket !== null) {
      send(socket, [SENDS.endPositions, '1']);
      send(socket, [SENDS.endSummary, '1', request]);
      socket.unref().setTimeout(this.unusedMs);
    }
    resolve({ ...told, accounts: this.#accounts });
  }

  #fail(why: string): void {
    const [socket, asked] = [this.#socket, this.#asked];
    this.#socket = null;
    this.#asked = null;
    this.#isReady = false;
    socket?.destroy();
    const { host, port } = this.to.address;
    asked?.reject(new Error(`${why} (IB Gateway at ${host}:${port})`));
  }
}

/**
 * An error about this reading or the client id, or that the broker can't be reached, which a new connection is told
 * again. Notices about data farms don't concern the account.
 */
function isFatal([id, code = '']: readonly string[], asked: Asked | null): boolean {
  return id === asked?.request || ['326', '1100', '2110', '320', '321'].includes(code);
}

function bookOf(
  told: Told,
  { account, instruments }: Pick<AccountToRead, 'account' | 'instruments'>,
): BookReading {
  const chosen = account ?? told.accounts[0];
  if (
    chosen === undefined ||
    (account === null && told.accounts.length > 1) ||
    !told.accounts.includes(chosen)
  )
    throw new Error(
      `IBKR_ACCOUNT: expected one of ${told.accounts.join(', ')}, found ${account ?? 'none named'}`,
    );
  const positions = positionsOf(told.positions.values(), chosen, instruments);
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
