import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { liveDeskText } from '../go-live/support/live-desk.js';
import { COMMAND, commandsInOneProcess, runCommand } from './run-command.js';
import { CRYPTO_DESK, writeRuntime } from './trader-double.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-cli-'));
  writeFileSync(join(folder, 'live.yaml'), liveDeskText());
  const one = readFileSync(CRYPTO_DESK, 'utf8').replace(
    'symbols: [BTC/USDT, ETH/USDT]',
    'symbols: [BTC/USDT]',
  );
  writeFileSync(join(folder, 'one.yaml'), one);
  writeFileSync(join(folder, 'bad.csv'), 'when,how much\nnow,a lot\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const answerOf = commandsInOneProcess();
const DEPOSIT = ['cash', 'explain', 'deposit', '10'] as const;

describe.concurrent('a command that is not understood', () => {
  it.each([
    [['stpo', '--reason', 'x'], 'there is no command stpo', 'do this:   fermata stop'],
    [['halt'], 'there is no command halt', 'do this:   fermata stop'],
    [
      ['kill'],
      'there is no command kill',
      'fermata stop, which keeps positions, or: fermata close-all --kill',
    ],
    [['flatten', 'BTC/USDT'], 'there is no command flatten', 'do this:   fermata close-all'],
    [['explain'], 'there is no command explain', 'do this:   fermata status'],
    [[...DEPOSIT], '--reason <text> is missing', 'fermata help cash explain'],
    [[...DEPOSIT, '--reason', '  '], '--reason: expected a few words, at most 500', 'help cash explain'],
    [[...DEPOSIT, '--reason', 'x'.repeat(501)], 'characters, these are 501', 'help cash explain'],
    [[...DEPOSIT, '--reason'], '--reason: expected a value; found nothing', 'help cash explain'],
    [['size', '0'], '<percent>: expected a whole number from 1 to 100; found 0', 'fermata help size'],
    [
      ['restore', '--latest', '--to-scratch', '--db-only'],
      '--to-scratch and --db-only were both given',
      'leave one of them out',
    ],
    // The help on what has commands of its own has their options.
    [['position', 'close', '--why', 'x'], "unknown option '--why'", 'see: fermata help position close'],
    [
      ['incident', 'resolve', '9', '--reason', 'x'],
      "unknown option '--reason'",
      'fermata help incident resolve',
    ],
    [
      ['journal', '--from', 'x'],
      '--from: expected a whole number from 1 on; found x',
      'fermata help journal',
    ],
    // Whoever names something wants less than everything closed.
    [
      ['close-all', 'BTC/USDT'],
      'close-all: expected only options; found 1 argument',
      'for one position: fermata position close SYMBOL',
    ],
    [['desk', 'check', 'a', 'b'], 'desk check: expected 1 argument; found 2 arguments', 'help desk check'],
    [['size', 'x'.repeat(200)], `from 1 to 100; found ${'x'.repeat(80)}…`, 'fermata help size'],
    [['init', '--balance', '1.123456789'], 'with 15 digits before the point and 8 after it', 'help init'],
    [['init', '--name', 'mine', '--live'], 'two people decide about real money', '--approver NAME'],
    [['go-live', '--status', '--reason', 'x'], 'takes no reason', 'leave --reason or --status out'],
    [['journal', '--from', '3', '--last', '2'], 'both --from and --last are given', 'give one of them'],
    [
      ['signal', 'send', 'buy', 'BTC/USDT', '--source', 'T V', '--id', '1', '--valid-seconds', '9'],
      '--source: expected 1 to 40 lower case letters, digits, dots, dashes and underscores, a letter or digit first; found T V',
      'fermata help signal send',
    ],
    [
      ['signal', 'send', 'buy', 'BTC/USDT', '--source', 'tv', '--id', '1', '--issued-at', 'yesterday'],
      '--issued-at: expected a time with its zone, for example 2026-01-05T10:00:00Z; found yesterday',
      'fermata help signal send',
    ],
    [['signal', 'withdraw', 'tv', '-'], '<id>: expected 1 to 80 letters', 'fermata help signal withdraw'],
    [['incidents', 'a', 'b'], 'incidents: expected 1 argument; found 2 arguments', 'fermata help incidents'],
    [['status', '--watch', '0'], '--watch: expected a whole number from 1 to 3600; found 0', 'help status'],
    [
      ['coins', 'BTC/USDT', 'mine', '--reason', 'x'],
      '<owner>: expected one of desk, foreign, move; found mine',
      'fermata coins BTC/USDT desk|foreign|move',
    ],
    [
      ['coins', 'BTC/USDT', 'desk', '--reason', 'x'],
      '--cost <price> is missing',
      'where they are the desk’s',
    ],
    [['coins', 'BTC/USDT', 'desk'], '--reason <text> and --cost <price> are missing', 'fermata coins'],
    [['size'], '<percent> is missing', 'fermata help size'],
    [['cash', 'explain', 'deposit'], '<amount> and --reason <text> are missing', 'help cash explain'],
    [
      ['signal', 'send', 'buy', '--stop', '1'],
      '<symbol>, --source <name>, --id <id> and --valid-seconds <n> are missing',
      'fermata help signal',
    ],
    [['coins', 'BTC/USDT', 'foreign'], '--reason <text> is missing', 'fermata coins BTC/USDT'],
    [['--bogus'], "unknown option '--bogus'", 'see: fermata --help'],
    [['task', 'done', 'first', '--note', 'x'], '<id>: expected the number of a task; found first', 'tasks'],
    [['task', 'done', '1', '--note', ''], '--note: expected a few words', 'fermata help task'],
    [['person', 'add', 'anna', '--role', 'king'], '--role: expected one of viewer, operator', 'help person'],
    [['go-live', '--reason', ''], '--reason: expected a few words', 'fermata help go-live'],
    [
      ['rollback', '--timestamp', 'yesterday'],
      '--timestamp: expected at least a day in UTC (2026-05-12, 2026-05-12T02:30); found yesterday',
      'take one first: fermata backup --verify',
    ],
    [['go-live', '--status', '--revoke'], '--status and --revoke contradict', 'leave one of them out'],
    [['init', '--balance', 'much'], '--balance: expected an amount above 0', 'fermata help init'],
    [['init', '--symbol', 'BTC'], '--symbol: expected two currencies, such as BTC/USDT', 'fermata help init'],
    [['up', '--data', ''], '--data: expected FILE or SYMBOL=FILE; found nothing', 'fermata help up'],
    [['up', '--data', '.'], 'is no file', 'docs/DATA.md'],
    [['up', '--data', 'DOGE/USDT=.'], 'does not trade DOGE/USDT', 'with one of: BTC/USDT, ETH/USDT'],
    [['close-all', '--reason', 'x', '--tiemout', '3'], "unknown option '--tiemout'", 'write --timeout'],
    [['size', 'half', '--reason', 'x'], '<percent>: expected a whole number', 'found half'],
    [['run'], '<routine> is missing', 'fermata help run'],
    [['go-live'], '--reason <text> is missing', 'do this:   fermata go-live --reason TEXT'],
    [['go-live', '--reason'], '--reason: expected a few words', 'fermata help go-live'],
    [['desk'], 'a command is missing', 'fermata help desk'],
    [['desk', 'check'], 'expected one desk, found none', 'fermata desk check NAME'],
    [['desk', 'check', 'a', '--desk', 'b'], 'expected one desk, found a and b', 'fermata desk check NAME'],
    [
      ['backtest', '--desk', 'one.yaml', '--strategy', 'ema-cross', '--data', 'ETH/USDT=bad.csv'],
      'strategy ema-cross does not trade ETH/USDT',
      'with one of: BTC/USDT',
    ],
    [['up', '--speed', 'fast'], 'expected max, realtime, or a number', 'fermata help up'],
    [
      ['up', '--market', 'moon'],
      '--market: expected one of auto, live, simulated; found moon',
      'fermata help up',
    ],
    [['up', '--data', 'absent.csv.gz'], 'there is no file', 'docs/DATA.md'],
    [['up', '--data', 'bad.csv'], 'bad.csv, row 1: expected a header', 'docs/DATA.md says'],
    [
      ['export', 'everything'],
      '<what>: expected one of trades, orders, equity, audit, lots; found everything',
      'export',
    ],
    [
      ['trading-journal', '--note', 'late', '--date', '2026-02-30'],
      '--date: expected a day like 2026-10-01; found 2026-02-30',
      'trading-journal',
    ],
    [
      ['export', 'trades', '--from', 'monday'],
      '--from: expected a day like 2026-10-01',
      'fermata help export',
    ],
    [
      ['up', '--desk', 'slob', '--market', 'simulated'],
      'trades the broker’s paper account, and prices were to be simulated',
      'start it without --data and --market, or remove venue.account',
    ],
    [['up', '--exit-at-end'], '--exit-at-end needs a recording', 'add --data FILE'],
    [
      ['up', '--simulated-venue', 'binance=http://10.0.0.1:9080'],
      '--simulated-venue: expected ADDRESS or NAME=ADDRESS, with an address of this machine like http://127.0.0.1:9080',
      'fermata help up',
    ],
    [
      ['up', '--simulated-venue', 'backup=http://127.0.0.1:9080'],
      '--simulated-venue: expected one of binance, kucoin, kraken before the =; found backup',
      'desk crypto-bot knows binance, kucoin, kraken: write --simulated-venue binance=ADDRESS',
    ],
    [
      ['up', '--simulated-venue', 'kraken=127.0.0.1:4002'],
      '--simulated-venue: the simulator of kraken has an address like http://127.0.0.1:9080; found 127.0.0.1:4002',
      'write --simulated-venue kraken=http://127.0.0.1:9080',
    ],
    [
      ['up', '--simulated-venue', 'http://127.0.0.1:1', '--simulated-venue', 'binance=http://127.0.0.1:2'],
      '--simulated-venue: binance was given twice',
      'name one address for binance',
    ],
    [
      ['up', '--desk', 'live.yaml', '--simulated-venue', 'kraken=http://127.0.0.1:9080'],
      '--simulated-venue: expected one of binance before the =; found kraken',
      'its prices come from where its orders go',
    ],
    [
      ['preflight', '--desk', 'crypto-bot', '--simulated-venue', 'kraken=http://127.0.0.1:9080'],
      '--simulated-venue: expected one of binance before the =; found kraken',
      'this command asks no venue but the one where orders would go',
    ],
    [
      ['journal', '--last', '0'],
      '--last: expected a whole number from 1 to 100000; found 0',
      'fermata help journal',
    ],
    [['init', '--yes', '--name', 'No Good'], 'is no name for a desk', 'lower case letters'],
  ])('%j exits 2 and says what to write', async (args, message, doThis) => {
    const { code, out, err } = await answerOf(folder, args);
    expect(err).toContain(message);
    expect(err).toMatch(/kept safe: nothing was started or changed/);
    expect(err).toContain(doThis);
    expect(err).not.toMatch(/\n\s+at /);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe.concurrent('a command that fails', () => {
  it.each([
    [['status'], 'no desk runs with FERMATA_HOME'],
    [['stop', '--reason', 'x'], 'no desk runs with FERMATA_HOME'],
    [['incidents', '-mA3nT3V44zelbew', '--all'], 'no desk runs with FERMATA_HOME'],
    [['incident', 'ack', '-mA3nT3V44zelbew'], 'no desk runs with FERMATA_HOME'],
    [['go-live', '--revoke'], 'no desk runs with FERMATA_HOME'],
    [['size', '50'], 'no desk runs with FERMATA_HOME'],
    [['down'], 'no desk runs with FERMATA_HOME'],
    [['logs'], 'there is no log'],
    [['paper', 'reset'], 'has no paper account here'],
    [['journal'], 'no desk was ever started with FERMATA_HOME'],
    [['journal', '--desk', 'nope'], '--desk: expected a desk that was started with FERMATA_HOME'],
    [['up', '--desk', ''], 'expected one of the desks crypto-bot, slob; found nothing'],
    [['up', '--desk', 'crypto-bott'], 'no desk of the name crypto-bott'],
    [['desk', 'check', 'absent.yaml'], 'found no such file'],
    [['up', '--desk', '\u001b[2J\u0007'], 'no desk of the name \ufffd[2J\ufffd'],
    [
      ['init', '--twin-of', 'nope', '--yes'],
      '✗ --twin-of: expected one of the desks crypto-bot, slob; found "nope"\n',
    ],
  ])('%j exits 1 with what happened, what was kept safe and what to do', async (args, message) => {
    const { code, err } = await answerOf(folder, args);
    expect(err).toContain(message);
    expect(err).toMatch(/^✗ .+\n(.*\n)* {2}kept safe: .+\n {2}do this: {3}.+\n$/);
    expect(code).toBe(1);
  });

  it('tells a script the same on standard output', async () => {
    const { code, out, err } = await answerOf(folder, ['desk', 'check', 'absent.yaml', '--json']);
    const { error } = JSON.parse(out) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ keptSafe: 'nothing was started or changed' });
    expect(error.problems).toHaveLength(1);
    expect({ code, err }).toEqual({ code: 1, err: '' });
  });
});

describe.concurrent('help', () => {
  it('names every command with its summary', async () => {
    const { code, out } = await runCommand(folder, ['--help']);
    for (const { name } of COMMANDS) {
      expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
    expect(code).toBe(0);
  });

  // A file of the system that takes nothing, as a full disk.
  it.runIf(existsSync('/dev/full'))('fails where what it says could not be written whole', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawnSync(process.execPath, [COMMAND, 'help'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    expect([child.status, String(child.stderr)]).toEqual([1, expect.stringContaining('ENOSPC')]);
  });

  // A bound on a file's size is met as a disk that becomes full: a part of the text is written, without an error.
  it('fails where only the beginning of it could be written', () => {
    const into = join(folder, 'beginning.txt');
    const typed = [COMMAND, 'desk', 'check', 'crypto-bot', '--json'];
    const script = 'into=$1; shift; ulimit -f 1; exec "$@" > "$into"';
    const child = spawnSync('sh', ['-c', script, 'sh', into, process.execPath, ...typed], {
      encoding: 'utf8',
    });
    expect([child.status, child.stderr]).toEqual([
      1,
      expect.stringContaining('could not be written whole: EFBIG'),
    ]);
    const [begun, whole] = [readFileSync(into, 'utf8'), spawnSync(process.execPath, typed)];
    expect(String(whole.stdout).startsWith(begun)).toBe(true);
    expect(begun.length).toBeGreaterThan(0);
  });

  it.each(['corporate-action', 'journal'])('of %s fits a terminal of 80 columns', async (command) => {
    const { out } = await answerOf(folder, ['help', command]);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('of a command names its options', async () => {
    const { code, out } = await answerOf(folder, ['help', 'up']);
    expect(out).toContain('--exit-at-end');
    expect(code).toBe(0);
  });
});

describe.concurrent('fermata desk check', () => {
  it('exits 0 for the desk that ships, and says what it is', async () => {
    const { code, out } = await answerOf(folder, ['desk', 'check', 'crypto-bot', '--json']);
    expect(JSON.parse(out)).toMatchObject({ desk: 'crypto-bot', mode: 'paper', problems: [] });
    expect(code).toBe(0);
  });

  it('names a venue that nobody knows, which paper takes by any name', async () => {
    const text = readFileSync(CRYPTO_DESK, 'utf8').replace('name: binance', 'name: binanec');
    writeFileSync(join(folder, 'misspelt.yaml'), text);
    const { code, out } = await answerOf(folder, ['desk', 'check', 'misspelt.yaml']);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining(
        '! venue.name: no venue of the name binanec is known; is binance meant?\n',
      ),
    });
  });

  it('takes the desk as other commands do, and says of a misspelt one how to check the one that is near', async () => {
    const named = await answerOf(folder, ['desk', 'check', '--desk', 'crypto-bot', '--json']);
    expect(JSON.parse(named.out)).toMatchObject({ desk: 'crypto-bot' });
    const { err } = await answerOf(folder, ['desk', 'check', 'cripto-bot']);
    expect(err).toContain('do this:   fermata desk check crypto-bot');
  });
});

describe.concurrent('fermata doctor', () => {
  it('says for each thing what it found, what it expected and what to do', async () => {
    // A venue without an address, so none to compare the clock with: this test stays on this machine.
    const shipped = readFileSync(CRYPTO_DESK, 'utf8');
    const place = join(folder, 'doctor');
    mkdirSync(join(place, 'desks'), { recursive: true });
    writeFileSync(
      join(place, 'desks/here.yaml'),
      shipped.replace('feeds: [binance, kucoin, kraken]', 'feeds: [okx]'),
    );
    const { code, out, err } = await runCommand(place, ['doctor', '--json', '--desk', 'here']);
    const diagnosis = JSON.parse(out) as { verdict: string; findings: Record<string, unknown>[] };
    expect(diagnosis.findings.map((finding) => finding.name)).toEqual([
      'Node',
      'Memory',
      'Disk',
      'FERMATA_HOME',
      'Desk',
      'Ports',
      'Temporal',
      'Postgres',
      'pg_dump',
      'Clock',
    ]);
    for (const finding of diagnosis.findings) {
      expect(finding).toEqual({
        name: expect.any(String),
        verdict: expect.stringMatching(/^(pass|warn|fail|not_run)$/),
        observed: expect.stringMatching(/./),
        expected: expect.stringMatching(/./),
        doThis: finding.verdict === 'pass' ? null : expect.stringMatching(/./),
      });
    }
    expect(code).toBe(diagnosis.verdict === 'fail' ? 1 : 0);
    // A desk that is a single file, as before: said by each command that is given its name, and a warning here.
    const asFolder = /mkdir \S+desks\/here && mv \S+desks\/here\.yaml \S+desks\/here\/desk\.yaml/;
    expect(err).toMatch(asFolder);
    const desk = diagnosis.findings.find(({ name }) => name === 'Desk');
    expect(desk).toMatchObject({ verdict: 'warn', doThis: expect.stringMatching(asFolder) });

    // A server of somebody else's that a profile names, as `fermata up` reads it; and one that nothing names.
    const profile = join(place, 'temporal.toml');
    writeFileSync(profile, '[profile.default]\naddress = "127.0.0.1:1"\n');
    const temporalOf = async (env: NodeJS.ProcessEnv) => {
      const args = ['doctor', '--json', '--desk', 'here'];
      const { out: said } = await answerOf(place, args, { FERMATA_TEMPORAL: 'external', ...env });
      const { findings } = JSON.parse(said) as typeof diagnosis;
      return findings.find(({ name }) => name === 'Temporal');
    };
    const [ofProfile, ofNothing] = await Promise.all([
      temporalOf({ TEMPORAL_CONFIG_FILE: profile }),
      temporalOf({}),
    ]);
    expect(ofProfile).toMatchObject({ verdict: 'fail', observed: '127.0.0.1:1 does not answer' });
    expect(ofNothing).toMatchObject({
      verdict: 'fail',
      observed: 'neither TEMPORAL_ADDRESS nor a profile names a server',
      doThis: expect.stringContaining('TEMPORAL_ADDRESS=host:port'),
    });
  });
});

it('compares the clock with the simulator that the desk trades on, not with a public venue', async () => {
  const simulator = createServer((_request, response) => {
    response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString()).end();
  });
  await new Promise<void>((resolve) => void simulator.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void simulator.close());
  const { port } = simulator.address() as AddressInfo;
  const place = join(folder, 'doctor-of-simulator');
  const runtime = writeRuntime(join(place, 'home'));
  const file = join(homePaths(runtime.home).run, 'runtime.json');
  const clockWith = async (own: Partial<Runtime>) => {
    writeFileSync(file, JSON.stringify({ ...runtime, ...own }));
    const { out } = await runCommand(place, ['doctor', '--json']);
    const { findings } = JSON.parse(out) as { findings: Record<string, unknown>[] };
    return findings.find(({ name }) => name === 'Clock');
  };
  const at = `http://127.0.0.1:${port}`;
  for (const own of [{ simulatedFeeds: { binance: at } }, { simulatedVenue: at }])
    expect(await clockWith(own)).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^3\d{3}\.\d s apart, from the simulator$/),
    });
  expect(await clockWith({ simulatedVenue: 'http://127.0.0.1:1' })).toMatchObject({
    verdict: 'not_run',
    observed: 'no simulator of the desk tells the time: http://127.0.0.1:1',
  });
});

describe('fermata init --from .env', () => {
  const SECRETS = ['hunter2-hunter2', 'binance-key-123', 'binance-secret-456', 'telegram-token-789'];

  it('writes what the environment has, and no secret anywhere', async () => {
    const place = join(folder, 'own');
    mkdirSync(place);
    writeFileSync(
      join(place, '.env'),
      [
        'TRADING_MODE=live',
        'BINANCE_TESTNET=true',
        'SYMBOLS=["ETH/USDT"]',
        'STOP_LOSS_PCT=4.0',
        'MAX_CONCURRENT_POSITIONS=2',
        `DASHBOARD_PASSWORD=${SECRETS[0]}`,
        `BINANCE_API_KEY=${SECRETS[1]}`,
        `BINANCE_SECRET_KEY="${SECRETS[2]}"`,
        `export TELEGRAM_BOT_TOKEN='${SECRETS[3]}'`,
        '',
      ].join('\n'),
    );
    const { code, out, err } = await answerOf(place, ['init', '--from', '.env', '--name', 'mine']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/DASHBOARD_PASSWORD: stays in the environment/);
    const { desk } = loadDesk(join(place, 'desks/mine/desk.yaml'));
    expect(desk).toMatchObject({
      desk: 'mine',
      mode: 'paper',
      risk: { stopLossPct: 4, maxConcurrentPositions: 2 },
    });
    const written = readdirSync(join(place, 'desks'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(written.length).toBeGreaterThan(1);
    for (const secret of SECRETS) {
      expect([out, err, ...written].join('\n')).not.toContain(secret);
    }
  });

  it('does not overwrite a desk file', async () => {
    const before = readFileSync(join(folder, 'own/desks/mine/desk.yaml'), 'utf8');
    const { code, err } = await answerOf(join(folder, 'own'), ['init', '--yes', '--name', 'mine']);
    expect(err).toMatch(/exists already\n {2}kept safe: it was not touched/);
    expect(code).toBe(1);
    expect(readFileSync(join(folder, 'own/desks/mine/desk.yaml'), 'utf8')).toBe(before);
  });

  it('asks for step sizes that nobody gave, and takes them', async () => {
    const args = ['init', '--yes', '--name', 'sol', '--symbol', 'SOL/USDT'];
    const refused = await answerOf(folder, args);
    expect(refused.err).toContain('--instrument SOL/USDT,TICK,LOT,MIN');
    expect(refused.code).toBe(2);
    for (const steps of ['0,0.001,5', '0.01,-1,5', 'a,0.001,5'])
      expect((await answerOf(folder, [...args, '--instrument', `SOL/USDT,${steps}`])).err).toMatch(
        /^✗ --instrument: expected a (tick|lot) above 0/,
      );
    const taken = await answerOf(folder, [...args, '--instrument', 'SOL/USDT,0.01,0.001,5']);
    expect(taken.code).toBe(0);
    expect(loadDesk(join(folder, 'desks/sol/desk.yaml')).desk.instruments).toMatchObject([
      { symbol: 'SOL/USDT', lotSize: '0.001', spread: '0.01' },
    ]);
  });

  it('writes nothing where a value can’t be used', async () => {
    writeFileSync(join(folder, 'bad.env'), 'STOP_LOSS_PCT=lots\n');
    const { code, err } = await answerOf(folder, ['init', '--from', 'bad.env', '--name', 'bad']);
    expect(err).toContain('STOP_LOSS_PCT: expected a percentage above 0 and up to 100; found "lots"');
    expect(code).toBe(1);
    expect(readdirSync(join(folder, 'desks'))).not.toContain('bad');
  });
});
