import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeEnvironment } from '../../src/desk/environment-variable.js';
import { keyReference, keyRows } from '../../src/desk/key-reference.js';
import { newDeskText } from '../../src/desk/new-desk.js';
import { deskJsonSchema, deskJsonSchemaText } from '../../src/desk/schema-problems.js';
import { closestName } from '../../src/desk/typed-names.js';
import { ENVIRONMENT } from '../../src/venue/environment.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';

const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const CRYPTO = text('desks/crypto-bot/desk.yaml');

describe('the shipped crypto desk', () => {
  it('has the values of its runbook', () => {
    const { desk } = parseDesk('crypto-bot.yaml', CRYPTO);
    expect(desk).toMatchObject({
      desk: 'crypto-bot',
      mode: 'paper',
      venue: { name: 'binance', testnet: true },
      risk: { maxPositionSizePct: 3, maxConcurrentPositions: 3, stopLossPct: 5, dailyLossLimitPct: 3 },
      resume: { fault: 'auto', dailyLoss: 'next-day', drawdown: 'person', person: 'person' },
      api: { port: 8000 },
    });
    expect(desk.instruments.map(({ symbol }) => symbol)).toEqual(['BTC/USDT', 'ETH/USDT']);
  });
});

describe('the configuration hash', () => {
  const hashOf = (changed: string): string => parseDesk('x', changed).configHash;

  it('does not change with comments, order or a default that is written out', () => {
    const reordered = CRYPTO.replace('  seed: 7\n  speed: 60', '  speed: 60 # other order\n  seed: 7');
    const withDefault = CRYPTO.replace('  - symbol: BTC/USDT\n', '  - symbol: BTC/USDT\n    kind: spot\n');
    expect(hashOf(reordered)).toBe(hashOf(CRYPTO));
    expect(hashOf(withDefault)).toBe(hashOf(CRYPTO));
  });

  it('changes with a limit', () => {
    expect(hashOf(CRYPTO.replace('stopLossPct: 5.0', 'stopLossPct: 5.1'))).not.toBe(hashOf(CRYPTO));
  });
});

describe('a desk file that is read again', () => {
  const read = (changed: string) => parseDesk('again.yaml', changed);

  it('is checked once, and costs its further readers next to nothing', () => {
    const spentOn = (work: () => unknown): number => {
      const { user } = process.cpuUsage();
      work();
      return process.cpuUsage().user - user;
    };
    read(CRYPTO);
    const [anew, again] = [0, 0].map((_, which) =>
      Array.from({ length: 5 }, (__, time) => spentOn(() => read(`${CRYPTO}# ${which === 0 ? time : ''}\n`))),
    );
    expect(Math.min(...(again ?? []))).toBeLessThan(Math.min(...(anew ?? [])) / 2);
  });

  it('is each reader’s own', () => {
    const [first, second] = [read(CRYPTO).desk, read(CRYPTO).desk];
    (first.instruments as unknown[]).length = 0;
    (second.risk as { stopLossPct: number }).stopLossPct = 99;
    expect(read(CRYPTO).desk).toMatchObject({ risk: { stopLossPct: 5 } });
    expect(read(CRYPTO).desk.instruments).toHaveLength(2);
  });

  it('is read anew once it was changed on the disk, and its problems have their lines', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-again-'));
    const file = join(folder, 'desk.yaml');
    try {
      writeFileSync(file, CRYPTO);
      expect(loadDesk(file).desk.risk.stopLossPct).toBe(5);
      writeFileSync(file, CRYPTO.replace('stopLossPct: 5.0', 'stopLossPct: 4.0'));
      expect(loadDesk(file).desk.risk.stopLossPct).toBe(4);
      const wrong = CRYPTO.replace('stopLossPct: 5.0', 'stopLossPct: much');
      const at = wrong.slice(0, wrong.indexOf('stopLossPct')).split('\n').length;
      for (const _ of ['first', 'again']) {
        writeFileSync(file, wrong);
        expect(() => loadDesk(file)).toThrow(
          expect.objectContaining({ problems: [expect.objectContaining({ line: at })] }),
        );
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('generated files', () => {
  it('the schema for editors says what the loader checks', () => {
    expect(text('desks/schema.json'), 'run: npm run generate').toBe(deskJsonSchemaText());
  });

  it('the key reference names every key with type, default and meaning', () => {
    const document = text('docs/DESK_FILE.md');
    expect(document, 'run: npm run generate').toContain(keyReference());
    const rows = keyRows(deskJsonSchema(), '');
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows) {
      expect(document).toContain(`| \`${row.key}\` |`);
      expect(row.meaning, row.key).not.toBe('');
    }
  });
});

describe('the closest name', () => {
  it.each([
    ['stpo', 'stop'],
    ['tick_size', 'tickSize'],
    ['closeall', 'close-all'],
    ['stauts', 'status'],
    ['stat', 'stats'],
  ])('of %s is %s', (wrong, right) => {
    expect(closestName(wrong, ['stop', 'tickSize', 'close-all', 'stats', 'status'])).toBe(right);
  });

  it('is none where nothing is near', () => {
    expect(closestName('banana', ['stop', 'status'])).toBeNull();
  });
});

describe('an environment file', () => {
  it('gives what a desk file can hold', () => {
    const { values, problems } = takeEnvironment(
      ENVIRONMENT,
      'BINANCE_TESTNET=false\nSYMBOLS=["ETH/USDT"]\nSTOP_LOSS_PCT=4.5\nDAILY_LOSS_LIMIT_PCT=2\nMAX_POSITION_SIZE_PCT=1.5\nMAX_CONCURRENT_POSITIONS=2\n',
    );
    expect(problems).toEqual([]);
    const made = newDeskText(CRYPTO, { name: 'mine', ...values });
    const { desk } = parseDesk('mine.yaml', made.kind === 'text' ? made.text : '');
    expect(desk).toMatchObject({
      desk: 'mine',
      venue: { testnet: false },
      risk: { stopLossPct: 4.5, dailyLossLimitPct: 2, maxPositionSizePct: 1.5, maxConcurrentPositions: 2 },
    });
    expect(desk.instruments.map(({ symbol }) => symbol)).toEqual(['ETH/USDT']);
    expect(desk.strategies[0]?.symbols).toEqual(['ETH/USDT']);
  });

  it.each(['BTCUSDT,ETHUSDT', 'BTC/USDT, ETH/USDT', 'btc-usdt,eth_usdt', '["BTCUSDT","ETH/USDT"]'])(
    'takes symbols as they are written elsewhere: SYMBOLS=%s',
    (given) => {
      const { values, problems } = takeEnvironment(ENVIRONMENT, `SYMBOLS=${given}\n`);
      expect(problems).toEqual([]);
      expect(values.symbols).toEqual(['BTC/USDT', 'ETH/USDT']);
    },
  );

  it('keeps its secrets, and says where they go', () => {
    const taken = takeEnvironment(
      ENVIRONMENT,
      'DASHBOARD_PASSWORD=hunter2hunter2\nBINANCE_SECRET_KEY="sk-very-secret"\n',
    );
    expect(taken.values).toEqual({});
    expect(taken.notes.join('\n')).toMatch(/DASHBOARD_PASSWORD: stays in the environment/);
    expect(JSON.stringify(taken)).not.toMatch(/hunter2|very-secret/);
  });

  it('never makes a desk trade real money', () => {
    const taken = takeEnvironment(ENVIRONMENT, 'TRADING_MODE=live\n');
    expect(taken.values).toEqual({});
    expect(taken.notes[0]).toMatch(/live was not taken over/);
  });

  it.each([
    ['SYMBOLS=BTC', 'SYMBOLS: expected symbols with commas'],
    ['SYMBOLS=BTC/USDT,,', 'SYMBOLS: expected symbols with commas'],
    ['SYMBOLS=["BTC/USDT"', 'SYMBOLS: expected symbols with commas'],
    ['STOP_LOSS_PCT=five', 'STOP_LOSS_PCT: expected a percentage'],
    ['MAX_CONCURRENT_POSITIONS=0', 'MAX_CONCURRENT_POSITIONS: expected a whole number'],
    ['BINANCE_TESTNET=yes', 'BINANCE_TESTNET: expected true or false'],
  ])('with %s is refused', (line, problem) => {
    expect(takeEnvironment(ENVIRONMENT, line).problems[0]).toContain(problem);
  });

  it('begins a file of one’s own that names the schema once, and with real money speaks of no paper money', () => {
    const made = newDeskText(CRYPTO, { name: 'mine', mode: 'live', live: { approvers: ['bert'] } });
    const [header = ''] = (made.kind === 'text' ? made.text : '').split('\ndesk: mine');
    expect(header.match(/yaml-language-server/g)).toHaveLength(1);
    expect(header).toContain('The desk mine.');
    expect(header).toContain('those marked "derived" are ours');
    expect(header).not.toMatch(/paper/);
  });

  it('has one header if the file that it comes from was written here, too', () => {
    const again = (template: string, name: string): string => {
      const made = newDeskText(template, { name });
      return made.kind === 'text' ? made.text : '';
    };
    const third = again(again(again(CRYPTO, 'crypto-bot'), 'second'), 'third');
    expect(third).toBe(again(CRYPTO, 'third'));
    // As earlier versions stacked them.
    const stacked = again(CRYPTO, 'one').replace(
      '\n\n',
      '\n\n# The desk two. Every key: docs/DESK_FILE.md\n\n',
    );
    expect(again(stacked, 'third')).toBe(third);
  });

  it.each([
    [9000, '  port: 9000 # http://localhost:9000\n'],
    [0, '  port: 0 # any free one; the first screen names it\n'],
  ])('names the port %i that was asked for, in its comment too', (port, line) => {
    const made = newDeskText(CRYPTO, { name: 'mine', port });
    expect(made.kind === 'text' ? made.text : '').toContain(line);
  });

  it('has its paper account in the currency that all are quoted in', () => {
    const sizes = { tickSize: '0.1', lotSize: '0.0001', minNotional: '5' };
    const textOf = (...symbols: readonly string[]) => {
      const instruments = symbols.map((symbol) => ({ symbol, ...sizes }));
      const made = newDeskText(CRYPTO, { name: 'mine', symbols, instruments });
      return made.kind === 'text' ? made.text : '';
    };
    const { desk } = parseDesk('desks/mine/desk.yaml', textOf('BTC/EUR', 'ETH/EUR'));
    expect(desk.paper.currency).toBe('EUR');
    expect(() => parseDesk('desks/mine/desk.yaml', textOf('BTC/EUR', 'ETH/USD'))).toThrow(/quoted in USDT/);
  });

  it('asks for the step sizes of a symbol that is not known', () => {
    expect(newDeskText(CRYPTO, { name: 'mine', symbols: ['SOL/USDT', 'BTC/USDT'] })).toEqual({
      kind: 'unknownSymbols',
      symbols: ['SOL/USDT'],
    });
  });
});
