import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { formatDecimal } from '../../src/domain/decimal.js';
import type { Halt, HaltCause, ResumeRule } from '../../src/domain/mode.js';
import { stopEndedNote } from '../../src/domain/order-words.js';
import type { EngineRecord, JournalEntry } from '../../src/engine/record.js';
import { readNoticeCursor, saveNoticeCursor } from '../../src/store/outbox-delivery.js';
import { followJournal, noticeOf } from '../../src/telegram/reading/journal-notices.js';
import { type TraderClient, TraderUnavailable } from '../../src/trader/client.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { scriptedStatus } from '../support/trader-status.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const desk = cryptoDesk();
/** No desk was started there: nothing is linked to. */
const NO_HOME = '/no-desk-here';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const entry = (sequence: number, record: EngineRecord): JournalEntry => ({
  incarnation: 'abc',
  sequence,
  wallMs: 0,
  record,
  chain: '',
});

const HALT: Halt = {
  haltId: 'a'.repeat(32),
  mode: 'HALTED',
  scope: { kind: 'desk' },
  cause: 'person',
  by: 'anna',
  reason: 'looks odd',
  resume: 'person',
  atWallMs: 0,
  atMarketMs: 0,
};

/** A start after which the desk trades by itself. */
const halt = (cause: 'person' | 'startup'): EngineRecord => ({
  type: 'halt',
  halt: { ...HALT, cause, resume: cause === 'startup' ? 'auto' : 'person' },
});

const fill = {
  tradeId: '1',
  clientId: 'f1',
  instrument: 0,
  side: 'buy' as const,
  quantityLots: 1_234,
  priceTicks: 6_000_050,
  fee: 0,
  liquidity: 'taker' as const,
  marketMs: 0,
  simulated: true,
};

const automatic = (cause: HaltCause, resume: ResumeRule = 'auto'): EngineRecord => {
  const reason = `${cause} was noticed`;
  return {
    type: 'halt',
    halt: { ...HALT, haltId: cause.padEnd(32, '-'), cause, by: 'fermata', reason, resume },
  };
};
const armed: EngineRecord = {
  ...{ type: 'armed', haltId: HALT.haltId, by: 'anna', reason: 'a test' },
  ...{ authority: 'person', marketMs: 0 },
};

/** The texts of what is told of these, where the trader says this as it begins to be followed. */
async function textsTold(
  name: string,
  records: readonly EngineRecord[],
  said: Partial<TraderStatus> = {},
  of = desk,
): Promise<readonly string[]> {
  const status = { ...scriptedStatus({ sequence: 0, ...said }), incarnation: 'abc' };
  const trader: TraderClient = {
    ...new ScriptedTrader('abc').client,
    call: async () => status as never,
    follow: (from, onEntry, onEnd) => {
      for (const [index, record] of records.entries())
        if (index + 1 >= from) onEntry(entry(index + 1, record));
      queueMicrotask(() => onEnd(new TraderUnavailable('the line ended')));
      return { close: () => undefined };
    },
  };
  const context = { desk: { ...of, desk: name }, pool: database.pool, trader, home: NO_HOME };
  await followJournal(context, new AbortController().signal);
  const found = await database.pool.query('select body from notice where desk = $1 order by id', [name]);
  return found.rows.map(({ body }) => body);
}

const BY_ITSELF = 'Trades again by itself, once all checks pass.';
const BY_A_PERSON =
  'Trades again once a person resumes it: the halt by anna stands, too (person: looks odd).';

describe('a rejected order', () => {
  const order = approved({ ...{ clientId: 'f1', side: 'sell', instrument: 0, strategy: 'ema-cross' } });
  const rejected = (reason: string): EngineRecord => ({
    ...{ type: 'order.state', clientId: 'f1', state: 'rejected', venueId: null, reason, marketMs: 0 },
  });
  const asks = { ...desk.notify.telegram, events: ['order' as const] };
  const titlesTold = async (name: string, records: readonly EngineRecord[]) => {
    await textsTold(name, records, {}, { ...desk, notify: { telegram: asks } });
    const found = await database.pool.query(
      "select title, body from notice where desk = $1 and title like '%Rejected%' order by id",
      [name],
    );
    return found.rows;
  };

  it('is named by what was asked for, with the reason', async () => {
    const intended: EngineRecord = { type: 'order.intended', order, marketMs: 0 };
    const quantity = formatDecimal(order.quantityLots, desk.instruments[0]!.lotSize);
    expect(await titlesTold('rejects', [intended, rejected('201 no margin')])).toEqual([
      {
        title: expect.stringMatching(
          new RegExp(`^rejects: Order Rejected - sell ${quantity} BTC/USDT.* \\(entry\\)$`),
        ),
        body: '201 no margin\nOrder f1.',
      },
    ]);
  });

  it('is looked up where nobody here saw it asked for, and has its id where nobody knows it', async () => {
    await database.pool.query(
      `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, reason, simulated,
         created_market, created, updated)
       values ('rejects-late', 'f1', 'NQ/USD', 'sell', 'limit', 'protective', 'slob', 'intended', 2, '', false, now(), now(), now())`,
    );
    const reason = 'NOT_SENT: Not sent: too little margin';
    expect(await titlesTold('rejects-late', [rejected(reason)])).toEqual([
      {
        title: 'rejects-late: Order Rejected - sell 2 NQ/USD (protective)',
        body: 'It was not sent: too little margin\nOrder f1.',
      },
    ]);
    expect(await titlesTold('rejects-unknown', [rejected('why')])).toEqual([
      { title: 'rejects-unknown: Order Rejected - f1', body: 'why' },
    ]);
  });
});

describe('when a halted desk trades again', () => {
  it('is what the strictest of the halts that stand says, not what the newest does', async () => {
    const silent = automatic('heartbeat-operations');
    const told = await textsTold('strictest', [silent, halt('person'), silent, armed, silent]);
    expect(told.filter((text) => text.startsWith('heartbeat'))).toEqual([
      expect.stringContaining(BY_ITSELF),
      expect.stringContaining(BY_A_PERSON),
      expect.stringContaining(BY_ITSELF),
    ]);
    const nextDay = automatic('daily-loss', 'next-day');
    expect((await textsTold('as-strict', [halt('person'), nextDay, halt('person')])).at(-1)).toBe(
      'looks odd\nCause: person, by anna. Trades again once a person resumes it.',
    );
  });

  it('is known to a reader that was restarted since, also of entries that it has yet to read', async () => {
    const silent = automatic('heartbeat-operations');
    const before = [halt('person'), halt('startup')];
    await textsTold('reader-restarted', before, { sequence: before.length });
    const all = [...before, silent, armed, silent];
    expect(await textsTold('reader-restarted', all, { sequence: 2, halts: [HALT] })).toEqual([
      expect.stringContaining(BY_A_PERSON),
      'Trading resumed by anna: a test',
      expect.stringContaining(BY_ITSELF),
    ]);
    // Lifted and stopped again, all before it was read.
    const later = [...all, halt('person'), armed, automatic('venue'), halt('person'), silent];
    const told = await textsTold('reader-restarted', later, { sequence: later.length, halts: [HALT] });
    expect(told.slice(3).map((text) => text.split('. ').at(-1))).toEqual([
      'Trades again once a person resumes it.',
      'Trading resumed by anna: a test',
      BY_A_PERSON,
      'Trades again once a person resumes it.',
      BY_A_PERSON,
    ]);
  });
});

describe('what of the journal is told', () => {
  it('is each halt but those of an orderly start and end', () => {
    expect(noticeOf(desk, entry(3, halt('person')))).toMatchObject({
      event: 'halt',
      severity: 'critical',
      title: 'crypto-bot: HALTED',
      text: 'looks odd\nCause: person, by anna. Trades again once a person resumes it.',
      fingerprint: 'journal:abc:3',
    });
    expect(noticeOf(desk, entry(3, halt('startup')))).toBeNull();
    // Also where the account could not be read: then nothing differs.
    const unread: Halt = { ...HALT, cause: 'reconciliation' };
    expect(noticeOf(desk, entry(3, { type: 'halt', halt: unread }))?.title).toContain('Books not proven');
  });

  it('is a start after which only people resume, with the command: critical unless the desk had ended in order', async () => {
    const started = (resume: ResumeRule): EngineRecord => automatic('startup', resume);
    const ended = automatic('shutdown', 'person');
    const told = (name: string, records: readonly EngineRecord[], said: Partial<TraderStatus> = {}) =>
      textsTold(name, records, said);
    const text =
      'startup was noticed\nCause: startup, by fermata. Trades again once a person resumes it.\n' +
      'Once you have looked at it: fermata resume --reason TEXT';
    expect(await told('crashed', [started('person'), armed, started('person')])).toEqual([
      text,
      'Trading resumed by anna: a test',
      text,
    ]);
    expect(await told('by-itself', [started('auto'), started('next-day'), ended])).toEqual([]);
    // Until then no person's word lifts it.
    const noGoLive = { goLive: { required: true, granted: null } };
    expect(await told('no-go-live', [started('two-people')], noGoLive)).toEqual([]);
    await told('in-order', [started('person'), armed, ended, started('person')]);
    const { rows } = await database.pool.query(
      `select severity from notice where desk in ('crashed', 'in-order') and title like '%HALTED' order by id`,
    );
    expect(rows.map(({ severity }) => severity)).toEqual(['critical', 'critical', 'critical', 'warning']);
  });

  it('is told with the time at which it happened, however late it is read', () => {
    const atNight = Date.UTC(2026, 10, 20, 2, 11, 9);
    const read = noticeOf(desk, { ...entry(3, halt('person')), wallMs: atNight });
    expect(read).toMatchObject({ occurredMs: atNight });
  });

  it('says of positions that are still open what has to go with them', async () => {
    const left: EngineRecord = {
      ...{ type: 'flat.escalated', haltId: HALT.haltId, symbols: ['BTC/USDT'], reason: 'no answer' },
      marketMs: 0,
    } as EngineRecord;
    const [told] = await textsTold('left-open', [left]);
    expect(told).toMatch(/^Still open: BTC\/USDT\. no answer\nClose them .*cancel their stops and targets/);
  });

  it('is each fill in the decimals of its instrument', async () => {
    await textsTold('fills', [{ type: 'fill', fill }]);
    const { rows } = await database.pool.query(`select event, title from notice where desk = 'fills'`);
    const title = expect.stringMatching(/^fills: Order Filled - buy 0\.01234 BTC\/USDT at 60\s000\.50$/);
    expect(rows).toEqual([{ event: 'fill', title }]);
  });
});

describe('the journal of another account', () => {
  /** One connection to a trader with this journal. Resolves with the entry that it was read from. */
  async function told(
    name: string,
    incarnation: string,
    entries: readonly JournalEntry[],
    said: { readonly starting?: boolean } = {},
  ): Promise<number> {
    const scripted = new ScriptedTrader(incarnation);
    const status = { ...scripted.status(), ...said, sequence: entries.at(-1)?.sequence ?? 0 };
    let asked = -1;
    const trader: TraderClient = {
      ...scripted.client,
      call: async () => status as never,
      follow: (from, onEntry, onEnd) => {
        asked = from;
        for (const next of entries.filter(({ sequence }) => sequence >= from)) onEntry(next);
        queueMicrotask(() => onEnd(new TraderUnavailable('the line ended')));
        return { close: () => undefined };
      },
    };
    await followJournal(
      { desk: { ...desk, desk: name }, pool: database.pool, trader, home: NO_HOME },
      new AbortController().signal,
    );
    return asked;
  }
  async function toldOf(name: string): Promise<readonly string[]> {
    const found = await database.pool.query('select fingerprint from notice where desk = $1 order by id', [
      name,
    ]);
    return found.rows.map(({ fingerprint }) => fingerprint);
  }
  const at = (incarnation: string, sequence: number, wallMs: number, cause = 'person'): JournalEntry => ({
    ...entry(sequence, halt(cause as 'person')),
    incarnation,
    wallMs,
  });
  const long = Date.now() - 3_600_000;
  const soon = Date.now() + 3_600_000;

  it('is told since anything was read, and each goes on where it was left', async () => {
    const [first, other] = [[at('one', 1, long)], [at('two', 1, long), at('two', 2, soon)]];
    await told('two-accounts', 'one', first);
    await told('two-accounts', 'two', other);
    const back = await told('two-accounts', 'one', [...first, at('one', 2, soon)]);
    expect(back).toBe(2);
    expect(await toldOf('two-accounts')).toEqual(['journal:two:2', 'journal:one:2']);
  });

  it('is read once the trader has started, and knows what is in the way', async () => {
    const given = [at('starts', 1, long), at('starts', 2, soon)];
    expect(await told('starting', 'starts', given, { starting: true })).toBe(-1);
    expect(await told('starting', 'starts', [...given, at('starts', 3, soon)])).toBe(3);
  });

  it('is news from then on however long it is: of a restored one nothing is told again', async () => {
    const length = 6_000;
    const before = Array.from({ length }, (_, index) =>
      at('restored', index + 1, long, index % 1_000 === 999 ? 'person' : 'startup'),
    );
    await told('restored', 'kept-aside', [at('kept-aside', 1, long)]);
    let connections = 0;
    const restored = [...before, at('restored', length + 1, soon)];
    while ((await told('restored', 'restored', restored)) <= length) connections += 1;
    expect(connections).toBeGreaterThan(2);
    expect(await toldOf('restored')).toEqual([`journal:restored:${length + 1}`]);
    // By a clock that was put back: what comes now is news, whatever its date.
    await told('restored', 'restored', [...restored, at('restored', length + 2, long)]);
    expect(await toldOf('restored')).toContain(`journal:restored:${length + 2}`);
  });
});

describe('the journal of a desk with real money', () => {
  const grant = {
    ...{ release: '1', attempt: 1, step: 0, incarnation: 'abc', configHash: 'c', fileConfigHash: 'c' },
    ...{ haltId: null, size: { maxPositionSizePct: 1, maxConcurrentPositions: 1 }, approvedBy: ['anna'] },
  };
  const given = { type: 'golive.granted', grant, by: 'anna', reason: 'a test', marketMs: 0 } as const;
  const ended = { type: 'golive.voided', by: 'anna', reason: 'a test', marketMs: 0 } as const;

  const textsOf = (name: string, records: readonly EngineRecord[]) =>
    textsTold(name, records, { goLive: { required: true, granted: null } });

  it('tells that a stop was ended at the venue, which the desk itself puts right, and no other warning of the journal', () => {
    const noted = (text: string): EngineRecord => ({
      ...{ type: 'note', level: 'warn', text, strategy: null, symbol: 'BTC/USDT', marketMs: 0 },
    });
    const text = stopEndedNote('BTC/USDT', 'another one is sent');
    expect(noticeOf(desk, entry(5, noted(text)))).toMatchObject({
      ...{ event: 'warning', severity: 'warning', title: 'crypto-bot: a stop was cancelled', text },
    });
    expect(noticeOf(desk, entry(5, noted('BTC/USDT: something else')))).toBeNull();
  });

  it('tells of a go-live that ended at a start, whose halt wakes nobody; any other end halts the desk', async () => {
    const reason = 'the desk file was changed since';
    const changed = { ...ended, by: 'fermata', reason } as const;
    expect(
      await textsOf('file-changed', [given, changed, halt('startup'), given, ended, halt('person')]),
    ).toEqual([
      `${reason}. Nothing is entered; positions keep their stops. Trades again once people approve a go-live: fermata go-live.`,
      expect.stringContaining('looks odd'),
    ]);
    expect(noticeOf(desk, entry(2, changed))).toMatchObject({
      ...{ event: 'halt', severity: 'critical', about: 'go-live-ended' },
      title: 'crypto-bot: the go-live ended',
    });
  });

  it('says that a go-live lifts its halts while none is in force, and a person while one is', async () => {
    const stopped = halt('person');
    expect(await textsOf('real-money', [stopped, given, stopped, ended, stopped])).toEqual([
      expect.stringContaining('Trades again once people approve a go-live: fermata go-live.'),
      expect.stringContaining('Trades again once a person resumes it.'),
      expect.stringContaining('Trades again once people approve a go-live: fermata go-live.'),
    ]);
  });
});

describe('the journal', () => {
  it('is taken in parts where it comes faster than it is read, and none of it is left out', async () => {
    const fast = { ...desk, desk: 'comes-fast' };
    const all = Array.from({ length: 5_000 }, (_, index) =>
      entry(index + 1, halt(index === 4_999 ? 'person' : 'startup')),
    );
    const asked: number[] = [];
    const trader: TraderClient = {
      ...new ScriptedTrader('abc').client,
      follow: (from, onEntry, onEnd) => {
        asked.push(from);
        for (const next of all.filter(({ sequence }) => sequence >= from)) onEntry(next);
        queueMicrotask(() => onEnd(new TraderUnavailable('the line ended')));
        return { close: () => undefined };
      },
    };
    const context = { desk: fast, pool: database.pool, trader, home: NO_HOME };
    for (let part = 0; part < 3; part += 1) await followJournal(context, new AbortController().signal);
    expect(asked[1]! - asked[0]!).toBeLessThanOrEqual(2_001);
    expect(asked[2]).toBeGreaterThan(asked[1]!);
    expect(await readNoticeCursor(database.pool, fast.desk, 'abc')).toMatchObject({ sequence: 5_000 });
  });

  it('is told from where it was read last, and its past is not news', async () => {
    const scripted = new ScriptedTrader('abc');
    const asked: number[] = [];
    let give: (next: JournalEntry) => void = () => undefined;
    const trader: TraderClient = {
      ...scripted.client,
      follow: (from, onEntry) => {
        asked.push(from);
        give = onEntry;
        return { close: () => undefined };
      },
    };
    const context = { desk, pool: database.pool, trader, home: NO_HOME };
    for (const sequence of [0, 1]) {
      const stopping = new AbortController();
      const following = followJournal(context, stopping.signal);
      await eventually(() => expect(asked).toHaveLength(sequence + 1));
      const next = asked[sequence] ?? 0;
      give(entry(next, halt('person')));
      await eventually(async () => {
        expect(await readNoticeCursor(database.pool, desk.desk, 'abc')).toMatchObject({ sequence: next });
      });
      stopping.abort();
      await following;
    }
    expect(asked[1]).toBe((asked[0] ?? 0) + 1);
    const told = await database.pool.query('select fingerprint from notice where desk = $1', [desk.desk]);
    expect(told.rows).toEqual(asked.map((sequence) => ({ fingerprint: `journal:abc:${sequence}` })));
  });

  it('names the instruments of the time of an entry, whatever the desk file says by now', async () => {
    const [btc, eth] = desk.instruments;
    const now = { ...desk, desk: 'edited', instruments: [eth!] };
    const config = (sequence: number, instruments: unknown): JournalEntry =>
      entry(sequence, {
        ...{ type: 'config', configHash: 'x', desk: 'edited', symbols: [], marketMs: 0 },
        ...{ startingCash: '0' as never, instruments: instruments as never },
      });
    const first = config(1, [{ ...btc, id: 0 }]);
    const { pool } = database;
    await pool.query(
      `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
       values ('edited', 'abc', 1, now(), 'config', $1, '')`,
      [JSON.stringify(first.record)],
    );
    await pool.query(`insert into ledger_cursor (desk, incarnation, sequence, chain, account)
      values ('edited', 'abc', 3, '', 'paper')`);
    await saveNoticeCursor(pool, 'edited', {
      incarnation: 'abc',
      sequence: 2,
      past: { sequence: 0, untilMs: 0 },
    });
    const filled = (sequence: number) => entry(sequence, { type: 'fill', fill });
    const unread = [filled(3), config(4, [{ ...eth, id: 0 }]), filled(5)];
    const trader: TraderClient = {
      ...new ScriptedTrader('abc').client,
      follow: (_, onEntry, onEnd) => {
        for (const next of unread) onEntry(next);
        queueMicrotask(() => onEnd(new TraderUnavailable('the line ended')));
        return { close: () => undefined };
      },
    };
    await followJournal({ desk: now, pool, trader, home: NO_HOME }, new AbortController().signal);
    const told = await pool.query(`select title from notice where desk = 'edited' order by id`);
    expect(told.rows.map(({ title }) => title)).toEqual([
      expect.stringContaining('buy 0.01234 BTC/USDT at '),
      expect.stringContaining('buy 0.1234 ETH/USDT at '),
    ]);
  });
});
