import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { WaitingEntryStatus } from '../../src/contracts/trader-status.js';
import { NO_REASON } from '../../src/domain/plain-text.js';
import { keepChannelHealth } from '../../src/home/channel-health.js';
import { type FileLock, tryLockFile } from '../../src/home/file-lock.js';
import { homePaths, type Runtime, SECRET_FILES } from '../../src/home/runtime.js';
import { claimHome } from '../../src/supervisor/start/claim-home.js';
import { ControlRefusal } from '../../src/trader/control/control-refusal.js';
import { until } from '../support/eventually.js';
import { createTestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { UNFIT_TEXTS } from '../support/unfit-text.js';
import { commandsInOneProcess, runCommand } from './run-command.js';
import {
  type Answers,
  CRYPTO_DESK,
  startTraderDouble,
  type TraderDouble,
  traderStatus,
  writeRuntime,
} from './trader-double.js';

/** Most wait for servers that are away. */
const answerOf = commandsInOneProcess(3);
const HALT_ID = 'ab'.repeat(16);
/** A busy machine takes longer than the seconds that a person is kept waiting where nothing is said. */
const PATIENT = ['--timeout', '120'];
const TAKEN = { commandId: 'x', ok: true, detail: 'halted', haltId: HALT_ID, mode: 'HALTED' };

interface Here {
  readonly folder: string;
  /** Ends with the test. */
  begin(...of: Parameters<typeof startTraderDouble>): Promise<TraderDouble>;
}

/** A folder and traders of the test's own: each mostly waits for servers that are away, so they run beside each other. */
const inFolder =
  <Given extends unknown[]>(test: (here: Here, ...given: Given) => Promise<void>) =>
  async (...given: Given): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-act-'));
    const traders: TraderDouble[] = [];
    const begin: Here['begin'] = async (...of) => {
      const trader = await startTraderDouble(...of);
      traders.push(trader);
      return trader;
    };
    try {
      await test({ folder, begin }, ...given);
    } finally {
      await Promise.all(traders.map((trader) => trader.close()));
      rmSync(folder, { recursive: true, force: true });
    }
  };

/** A trader that is halted once it was told to stop, with `entriesWorking` entry orders left. */
function stoppable(entriesWorking: number): Answers {
  let isHalted = false;
  const halt = () => {
    isHalted = true;
    return TAKEN;
  };
  return {
    stop: halt,
    closeAll: halt,
    kill: halt,
    status: () =>
      traderStatus(isHalted ? { mode: 'HALTED', haltId: HALT_ID, entriesWorking, closeAll: 'flat' } : {}),
    flatProof: () => ({
      flat: entriesWorking === 0,
      entriesWorking,
      venuePositions: [],
      venueOpenOrders: 0,
      readAtWallMs: 0,
      state: 'flat',
      escalated: [],
    }),
  };
}

/** The lock that a supervisor holds from before a start does anything. */
function starting({ home }: Runtime): FileLock {
  const lock = tryLockFile(join(homePaths(home).run, 'lock'));
  if (lock === null) throw new Error('the lock is held already');
  return lock;
}

const asModule = (code: string): string =>
  `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;

describe.concurrent('with Temporal and Postgres both down', () => {
  it(
    'a roll of what is not rolled is refused as everything is, and as JSON where that was asked for',
    inFolder(async ({ folder, begin }) => {
      await begin(writeRuntime(join(folder, 'home')), { status: () => traderStatus({}) });
      const why = 'No instrument of this desk is rolled here.';
      const asJson = await answerOf(folder, ['roll', 'BTC/USDT', '--json']);
      expect(JSON.parse(asJson.out)).toMatchObject({
        state: 'refused',
        detail: why,
        doThis: expect.stringContaining('instruments[].roll'),
        approvalId: null,
      });
      const { code, out } = await answerOf(folder, ['roll', 'BTC/USDT']);
      expect(out.split('\n')).toEqual([
        `✗ ${why}`,
        '  kept safe: nothing was changed',
        expect.stringMatching(/^ {2}do this: {3}A future is rolled where its desk file has a rule/),
        '',
      ]);
      expect([asJson.code, code]).toEqual([1, 1]);
    }),
  );

  it(
    'stop is proven from the trader alone, and what is missing is said',
    inFolder(async ({ folder, begin }) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code, out } = await runCommand(folder, ['stop', ...PATIENT, '--reason', 'test', '--json']);
      const outcome = JSON.parse(out) as { proven: boolean; haltId: string; problems: string[] };
      expect(outcome).toMatchObject({ ok: true, proven: true, haltId: HALT_ID, workflowId: null });
      expect(outcome.problems.join('\n')).toMatch(/Temporal/);
      expect(code).toBe(0);
      expect(trader.asked[0]).toMatchObject({ method: 'stop', params: { by: 'operator', reason: 'test' } });
      // A busy machine may be asked again before it has answered: that is still the one stop.
      const stops = trader.asked.filter(({ method }) => method === 'stop');
      expect(new Set(stops.map(({ params }) => (params as { commandId: string }).commandId)).size).toBe(1);
    }),
  );

  it(
    'down, up and desks say of a supervisor that gives no answer that it runs, and which process it is',
    inFolder(async ({ folder, begin }) => {
      const runtime = writeRuntime(join(folder, 'home'));
      await begin(runtime, { status: () => traderStatus({}) });
      const claim = await claimHome(runtime.home);
      if (claim.kind !== 'claimed') throw new Error(claim.message);
      const [ended, started, listed, asJson] = await Promise.all([
        runCommand(folder, ['down']),
        runCommand(folder, ['up', '--market', 'simulated']),
        runCommand(folder, ['desks']),
        runCommand(folder, ['desks', '--json']),
      ]);
      claim.lock.release();
      const { pid } = process;
      const doThis = `process ${pid} holds it: \`kill -CONT ${pid}\` if it is suspended, \`kill -INT ${pid}\` to end it in order`;
      for (const { code, err } of [ended, started]) {
        expect(err).toContain(doThis);
        expect(code).toBe(1);
      }
      expect(ended.err).not.toContain('fermata up');
      expect(listed.out).toMatch(/^crypto-bot +does not answer +ACTIVE /m);
      const { desks } = JSON.parse(asJson.out) as { desks: { name: string }[] };
      expect(desks.find(({ name }) => name === 'crypto-bot')).toMatchObject({ runs: false, silent: true });
    }),
  );

  it.each(['stop', 'close-all'])(
    '%s that the trader can not write is not proven, and has to be given again',
    inFolder(async ({ folder, begin }, command) => {
      const { stop: halt, ...others } = stoppable(0);
      const lost = (params: Record<string, unknown>) => ({
        ...TAKEN,
        ...(halt?.(params) as object),
        durable: false,
      });
      await begin(writeRuntime(join(folder, 'home')), { ...others, stop: lost, closeAll: lost });
      const { code, out } = await answerOf(folder, [command, ...PATIENT, '--reason', 'test']);
      expect(out).toMatch(/^✗ .*: NOT proven \(.*; it is not on disk, .*: give it again right after that\)/);
      expect(out).toContain('The evidence of it was not written');
      expect(out).not.toContain("the trader's journal has it");
      expect(out).toMatch(
        /do this: +make room on the disk .*: fermata restart trader, and give it again at once$/m,
      );
      expect(code).toBe(1);
    }),
  );

  it(
    'a close-all that the trader refuses says what it knows to help',
    inFolder(async ({ folder, begin }) => {
      const refuse = () => {
        throw new ControlRefusal({
          code: 'journal-fault',
          message: 'no order can leave',
          keptSafe: 'stops stay',
          doThis: 'close at the venue',
        });
      };
      await begin(writeRuntime(join(folder, 'home')), { ...stoppable(0), closeAll: refuse });
      const { code, out } = await answerOf(folder, ['close-all', ...PATIENT, '--reason', 'test']);
      expect(out).toMatch(/^✗ close-all: not done: .*no order can leave$/m);
      expect(out).toMatch(/do this: +close at the venue$/m);
      expect(code).toBe(1);
    }),
  );

  it.each(['', 'run/user', './here'])(
    'stop finds the trader from a shell whose XDG_RUNTIME_DIR is %j, which names no folder',
    inFolder(async ({ folder, begin }, base) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const env = { XDG_RUNTIME_DIR: base };
      const { code, out } = await answerOf(folder, ['stop', ...PATIENT, '--reason', 'test'], env);
      expect(trader.asked[0], out).toMatchObject({ method: 'stop' });
      expect(code).toBe(0);
    }),
  );

  it.each(['stop', 'close-all'])(
    '%s is with the trader before what starts the workflow is loaded, which holds newer versions of Node up',
    inFolder(async ({ folder, begin }, command) => {
      let loading = 'not yet';
      const { stop: halt, ...others } = stoppable(0);
      const taken = (params: Record<string, unknown>): unknown => {
        loading = existsSync(join(folder, 'loading')) ? 'before' : 'after';
        return halt?.(params);
      };
      await begin(writeRuntime(join(folder, 'home')), { ...others, stop: taken, closeAll: taken });
      const hook = `import { writeFileSync } from 'node:fs';
        export const load = (url, context, next) => {
          if (/\\/operations-[A-Z0-9]+\\.js$/.test(url)) writeFileSync(${JSON.stringify(join(folder, 'loading'))}, '');
          return next(url, context);
        };`;
      const hooked = `import { register } from 'node:module'; register(${JSON.stringify(asModule(hook))});`;
      // It waits half a second for the trader, whose double has to have the processor within that: now and then it hasn't.
      await until('it to be there first', async () => {
        rmSync(join(folder, 'loading'), { force: true });
        await runCommand(folder, [command, ...PATIENT, '--reason', 'test'], {
          NODE_OPTIONS: `--import ${asModule(hooked)}`,
        });
        expect(existsSync(join(folder, 'loading'))).toBe(true);
        return loading === 'after';
      });
    }),
  );

  it(
    'stop works whatever was typed as a name',
    inFolder(async ({ folder, begin }) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code } = await answerOf(folder, ['stop', ...PATIENT, '--reason', 'test', '--as', '']);
      expect(code).toBe(0);
      expect(trader.asked[0]).toMatchObject({ method: 'stop', params: { by: 'operator' } });
    }),
  );

  it.each([
    [[], NO_REASON],
    [['--reason'], NO_REASON],
    [['--reason', '  '], NO_REASON],
    [['odd', 'prices', '--reason', 'look'], 'look odd prices'],
    [['--resaon', 'odd prices'], '--resaon odd prices'],
    [['--timeout', 'soon', '--as'], NO_REASON],
    [['--reason', 'x'.repeat(10_000)], 'x'.repeat(500)],
  ])(
    'stop is not refused for how it is typed: %j',
    inFolder(async ({ folder, begin }, args, reason) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code } = await answerOf(folder, ['stop', ...PATIENT, ...args]);
      expect(trader.asked[0]).toMatchObject({ method: 'stop', params: { by: 'operator', reason } });
      expect(code).toBe(0);
    }),
  );

  it(
    'stop says of what it does not know that it was no option',
    inFolder(async ({ folder, begin }) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { err } = await answerOf(folder, ['stop', ...PATIENT, '--dsek', 'other']);
      expect(trader.asked[0]).toMatchObject({ method: 'stop', params: { reason: '--dsek other' } });
      expect(err).toMatch(/! not known to stop: --dsek\. .*home was asked to stop/);
    }),
  );

  it(
    'close-all waits for no reason',
    inFolder(async ({ folder, begin }) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      expect((await answerOf(folder, ['close-all', ...PATIENT])).code).toBe(0);
      expect(trader.asked[0]).toMatchObject({ method: 'closeAll', params: { reason: NO_REASON } });
    }),
  );

  it(
    'close-all --kill kills: two people must resume',
    inFolder(async ({ folder, begin }) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code, out } = await answerOf(folder, ['close-all', ...PATIENT, '--kill']);
      expect(trader.asked[0]).toMatchObject({ method: 'kill', params: { reason: NO_REASON } });
      expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^✓ kill: proven/) });
      expect(out).toMatch(
        /! Two approvers must resume after a kill, and the desk file names only operator: nobody can/,
      );
    }),
  );

  it(
    'close-all exits 0 when the venue reports that nothing is left',
    inFolder(async ({ folder, begin }) => {
      await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code, out } = await runCommand(folder, ['close-all', ...PATIENT, '--reason', 'test']);
      expect(out).toMatch(/^✓ close-all: proven/);
      expect(code).toBe(0);
    }),
  );

  it(
    'status answers',
    inFolder(async ({ folder, begin }) => {
      await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code, out } = await answerOf(folder, ['status', '--json']);
      expect(JSON.parse(out)).toMatchObject({
        desk: 'crypto-bot',
        mode: 'ACTIVE',
        reason: 'every check was clean',
        marketData: { simulated: true },
        equity: '10012.5',
        openPositions: 1,
        openOrders: 0,
        fills: 3,
      });
      expect(code).toBe(0);
    }),
  );

  it(
    'an entry that waits in the desk is shown with its id, and cancelled by it',
    inFolder(async ({ folder, begin }) => {
      const waiting: WaitingEntryStatus = {
        ...{ clientId: 'fabc123b', symbol: 'BTC/USDT', side: 'buy', type: 'atOpen', strategy: 'dip' },
        ...{ waits: 'buy, at the open, from Mon 09:30 New York on', stop: '98000.00', sinceMs: null },
      };
      let isCancelled = false;
      const trader = await begin(writeRuntime(join(folder, 'home')), {
        status: () => traderStatus(isCancelled ? {} : { waitingEntries: [waiting], entriesWorking: 1 }),
        cancelEntry: () => {
          isCancelled = true;
          return { ...TAKEN, detail: 'the entry fabc123b waits no more', haltId: null, mode: 'ACTIVE' };
        },
      });
      const line =
        'BTC/USDT buy, at the open, from Mon 09:30 New York on; stop 98\u202f000.00 (dip, fabc123b)';
      expect((await answerOf(folder, ['status'])).out).toContain(
        `entries that wait in the desk\n  ${line}\n`,
      );
      const cancel = ['order', 'cancel', 'fabc123b', '--reason', 'too late', ...PATIENT];
      expect(await answerOf(folder, cancel)).toMatchObject({ code: 0 });
      expect(trader.asked.filter(({ method }) => method === 'cancelEntry')).toMatchObject([
        { params: { clientId: 'fabc123b', by: 'operator', reason: 'too late' } },
      ]);
      expect((await answerOf(folder, ['status'])).out).not.toContain('wait in the desk');
    }),
  );

  it(
    'a test alert on a channel that is not set up is answered at once, with what to set',
    inFolder(async ({ folder, begin }) => {
      const runtime = writeRuntime(join(folder, 'home'));
      const { home, desk } = runtime;
      await begin(runtime, stoppable(0));
      const off = {
        channel: 'mail',
        state: 'off',
        sinceMs: 0,
        why: 'mail is not set up',
        waiting: 0,
        refused: 0,
      } as const;
      keepChannelHealth(home, desk, off, Date.now());
      const { code, out } = await answerOf(folder, ['notify', 'test', 'mail']);
      expect(out).toMatch(
        /^✗ Nothing was sent: mail is not set up\.\n {2}kept safe: .+\n {2}do this: {3}set SMTP_SERVER and SENDER_EMAIL/,
      );
      expect(code).toBe(1);
    }),
  );

  it(
    'says in its status whether other users of this machine reach Temporal',
    inFolder(async ({ folder, begin }) => {
      const runtime = writeRuntime(join(folder, 'home'));
      await begin(runtime, stoppable(0));
      const statusWith = async (isolation: 'loopback' | 'own-network') => {
        const told = { ...runtime, temporal: { ...runtime.temporal, isolation } };
        writeFileSync(join(homePaths(runtime.home).run, 'runtime.json'), JSON.stringify(told));
        return (await answerOf(folder, ['status'])).out;
      };
      expect(await statusWith('loopback')).toMatch(
        /ports are open to other users of this machine.*never decide/,
      );
      expect(await statusWith('own-network')).not.toMatch(/other users/);
    }),
  );
});

/** What an argument of a program can carry: neither NUL nor half of a pair. */
const TYPED = UNFIT_TEXTS.filter(([, text]) => !/[\0\p{Cs}]/u.test(text));

describe.concurrent('text that commands a terminal or reads otherwise than it is', () => {
  it.each(TYPED)(
    '%s: a stop is carried out with it made plain, and shows none of it',
    inFolder(async ({ folder, begin }, _what, text, plain) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code, out, err } = await answerOf(folder, ['stop', ...PATIENT, '--reason', text, '--as', text]);
      expect(trader.asked[0]).toMatchObject({ method: 'stop', params: { reason: plain } });
      expect(out + err).not.toContain(text);
      expect(code).toBe(0);
    }),
  );

  it.each(TYPED)(
    '%s: anything else is refused before it reaches anybody',
    inFolder(async ({ folder, begin }, _what, text) => {
      await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { code, err } = await answerOf(folder, ['incident', 'open', text, '--note', 'seen']);
      expect(err).toMatch(/expected text without control and direction characters, found U\+[0-9A-F]{4}/);
      expect(err).toContain('kept safe: nothing was changed');
      expect(err).not.toContain(text);
      expect(code).not.toBe(0);
    }),
  );
});

describe.concurrent('where several desks run', () => {
  const beginTwo = async ({ folder, begin }: Here, entriesOfSecond: number) => {
    const home = join(folder, 'home');
    const trader = await begin(writeRuntime(home), stoppable(0));
    const runtime = writeRuntime(join(home, 'desk-homes', 'second'), CRYPTO_DESK, 'second');
    return { trader, second: await begin(runtime, stoppable(entriesOfSecond)) };
  };

  it(
    'a stop without a name is for each of them, and each answers for itself',
    inFolder(async (here) => {
      const { trader, second } = await beginTwo(here, 0);
      const { folder } = here;
      const { code, out } = await answerOf(folder, ['stop', ...PATIENT, 'odd', 'prices']);
      for (const desk of [trader, second])
        expect(desk?.asked[0]).toMatchObject({ method: 'stop', params: { reason: 'odd prices' } });
      expect(out).toContain('✓ stop of crypto-bot: proven');
      expect(out).toContain('✓ stop of second: proven');
      expect(code).toBe(0);
    }),
  );

  it(
    'tells a script of each, and exits 1 where one is not proven',
    inFolder(async (here) => {
      await beginTwo(here, 1);
      const { folder } = here;
      const { code, out } = await answerOf(folder, ['stop', '--desk', '--json', '--timeout', '2']);
      const message = expect.stringMatching(/^stop of second was not proven within 2 s/);
      expect(JSON.parse(out)).toMatchObject({
        desks: [{ desk: 'crypto-bot' }, { desk: 'second', error: { message } }],
      });
      expect(code).toBe(1);
    }),
  );

  it(
    'a stop with a name is that one’s, and nothing else guesses which is meant',
    inFolder(async (here) => {
      const { trader } = await beginTwo(here, 0);
      const { folder } = here;
      const { out } = await answerOf(folder, ['stop', ...PATIENT, '--desk', 'second']);
      expect(out).toMatch(/^✓ stop: proven/);
      for (const command of [['status'], ['close-all'], ['resume', '--reason', 'x'], ['down'], ['backup']]) {
        const { code, err } = await answerOf(folder, command);
        expect(code).toBe(1);
        expect(err).toContain('with --desk crypto-bot, or with --desk second');
      }
      expect((await answerOf(folder, ['status', '--desk', 'third'])).err).toContain('no desk third');
      expect(trader?.asked).toEqual([]);
    }),
  );

  it.each([
    [['stop', '--desk', 'crypto-bot', '--desk', 'second']],
    [['--desk', 'crypto-bot', 'stop', '--desk=second']],
    [['--desk', 'second', '--desk', 'crypto-bot', 'stop']],
    [['stop', '--desk', 'second', 'odd', '--desk', 'crypto-bot', '--desk', 'second']],
  ])(
    'a stop with several names is for each of these and no other: %j',
    inFolder(async (here, args) => {
      const { trader, second } = await beginTwo(here, 0);
      const { folder, begin } = here;
      const other = writeRuntime(join(folder, 'home', 'desk-homes', 'other'), CRYPTO_DESK, 'other');
      const third = await begin(other, stoppable(0));
      const { code, out } = await answerOf(folder, [...args, ...PATIENT]);
      for (const desk of [trader, second])
        expect(desk.asked.filter(({ method }) => method === 'stop')).toHaveLength(1);
      expect(out).toContain('✓ stop of crypto-bot: proven');
      expect(out).toContain('✓ stop of second: proven');
      expect([third.asked, code]).toEqual([[], 0]);
    }),
  );

  it.each([[['--desk', 'second', '--desk']], [['--desk', '']]])(
    'a stop for which one name is missing is for each of them: %j',
    inFolder(async (here, args) => {
      const { trader, second } = await beginTwo(here, 0);
      const { code } = await answerOf(here.folder, ['stop', ...PATIENT, ...args]);
      for (const desk of [trader, second]) expect(desk.asked[0]).toMatchObject({ method: 'stop' });
      expect(code).toBe(0);
    }),
  );

  it(
    'a stop answers for a name that no desk has, and the others are stopped',
    inFolder(async (here) => {
      const { trader, second } = await beginTwo(here, 0);
      const { folder } = here;
      // It got a home, and no start of it came as far as to be recorded.
      mkdirSync(join(folder, 'home', 'desk-homes', 'half'));
      const names = ['third', 'crypto-bot', 'half'].flatMap((name) => ['--desk', name]);
      const { code, out } = await answerOf(folder, ['stop', ...PATIENT, '--json', ...names]);
      const error = (name: string) => ({
        desk: name,
        error: { message: `no desk ${name} was started here, only crypto-bot and second` },
      });
      expect(JSON.parse(out)).toMatchObject({
        desks: [{ desk: 'crypto-bot', proven: true }, error('third'), error('half')],
      });
      expect([trader.asked[0]?.method, second.asked, code]).toEqual(['stop', [], 1]);
      const none = await answerOf(folder, ['stop', '--desk', 'third', '--desk', 'half']);
      expect(none.err).toMatch(/^✗ no desk third or half was started here, only crypto-bot and second\n/);
      expect([second.asked, none.code]).toEqual([[], 1]);
    }),
  );

  it(
    'a stop of this desk and of one that was started elsewhere does not say of both that it is proven',
    inFolder(async ({ folder, begin }) => {
      const trader = await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const names = ['--desk', 'crypto-bot', '--desk', 'elsewhere'];
      const { code, out, err } = await answerOf(folder, ['stop', ...PATIENT, ...names]);
      expect(trader.asked[0]).toMatchObject({ method: 'stop' });
      expect(out).toContain('✓ stop of crypto-bot: proven');
      expect(err).toContain('✗ no desk elsewhere was started here, only crypto-bot\n');
      expect(code).toBe(1);
    }),
  );

  it(
    'any other command is for one desk, and refused with two names',
    inFolder(async (here) => {
      const { trader, second } = await beginTwo(here, 0);
      const { folder } = here;
      for (const command of [['close-all'], ['status'], ['order', 'cancel', 'x'], ['up']]) {
        const args = ['--desk', 'crypto-bot', ...command, '--desk', 'second'];
        const { code, err } = await answerOf(folder, args);
        expect(err).toMatch(
          /^✗ --desk: expected one desk; found (crypto-bot and second|second and crypto-bot)\n/,
        );
        expect(code).toBe(2);
      }
      expect([trader.asked, second.asked]).toEqual([[], []]);
      const twice = await answerOf(folder, ['--desk', 'second', 'status', '--desk', 'second', '--json']);
      expect(JSON.parse(twice.out)).toMatchObject({ mode: 'ACTIVE' });
      expect(trader.asked).toEqual([]);
    }),
  );

  it(
    'the end of one that has ended already names it, and where to see what runs',
    inFolder(async (here) => {
      await beginTwo(here, 0);
      const { folder } = here;
      writeRuntime(join(folder, 'home', 'desk-homes', 'third'), CRYPTO_DESK, 'third');
      const { code, err } = await answerOf(folder, ['down', '--desk', 'third']);
      expect(err).toMatch(/^✗ desk third has ended already: none of its processes runs\n/);
      expect(err).toMatch(/^ {2}do this: {3}fermata desks lists what runs/m);
      expect(code).toBe(1);
      // Nothing is recorded of its start.
      mkdirSync(join(folder, 'home', 'desk-homes', 'half'));
      const half = await answerOf(folder, ['down', '--desk', 'half']);
      expect(half.err).toMatch(/^✗ the desk whose home is \S+half was never started; others /);
      expect(half.code).toBe(1);
    }),
  );

  it(
    'one that lives beside nobody is found without a name',
    inFolder(async (here) => {
      const { trader } = await beginTwo(here, 0);
      const { folder } = here;
      rmSync(join(homePaths(join(folder, 'home')).run, 'runtime.json'));
      const { out } = await answerOf(folder, ['status', '--json']);
      expect(JSON.parse(out)).toMatchObject({ mode: 'ACTIVE' });
      expect(trader?.asked).toEqual([]);
    }),
  );
});

describe.concurrent('a stop that can’t be proven', () => {
  it(
    'exits 1, says that it goes on, and does not wait for ever',
    inFolder(async ({ folder, begin }) => {
      await begin(writeRuntime(join(folder, 'home')), stoppable(1));
      // A busy machine needs seconds for the first answer.
      const { code, err } = await runCommand(folder, ['stop', '--reason', 'test', '--timeout', '10']);
      expect(err).toMatch(
        /^… the trader has taken the stop; waiting for the proof and the workflow, at most 10 s$/m,
      );
      expect(err).toMatch(/stop was not proven within 10 s/);
      expect(err).toMatch(/kept safe: what was asked for is not taken back/);
      expect(code).toBe(1);
    }),
  );

  it(
    'exits 1 where the desk is being started and no trader answers in time',
    inFolder(async ({ folder }) => {
      const lock = starting(writeRuntime(join(folder, 'home')));
      const { code, err } = await runCommand(folder, ['stop', '--reason', 'test', '--timeout', '2']);
      lock.release();
      expect(err).toMatch(/^… the trader has not answered yet: it is asked again, at most 2 s$/m);
      expect(err).toMatch(/stop was not proven within 2 s/);
      expect(code).toBe(1);
    }),
  );

  it(
    'is taken by a trader that is only being started',
    inFolder(async ({ folder, begin }) => {
      const runtime = writeRuntime(join(folder, 'home'));
      const lock = starting(runtime);
      const stopped = runCommand(folder, ['stop', '--reason', 'test', '--timeout', '30']);
      // Longer than the command takes to find out that nobody answers yet.
      await sleep(2_000);
      await begin(runtime, stoppable(0));
      const { code, out } = await stopped;
      lock.release();
      expect(out).toMatch(/^✓ stop: proven/);
      expect(code).toBe(0);
    }),
  );
});

describe.concurrent('a desk that has ended', () => {
  it.each([
    ['stop', 'this stop was not kept'],
    ['close-all', 'nothing of this was kept'],
    ['resume', 'start it with `fermata up`'],
    ['size', 'start it with `fermata up`'],
    ['status', 'start it with `fermata up`'],
    ['restart', 'start it with `fermata up`'],
    ['link', 'start it with `fermata up`'],
  ])(
    '%s says so instead of waiting for somebody',
    inFolder(async ({ folder }, command, doThis) => {
      writeRuntime(join(folder, 'home'));
      const value = command === 'size' ? ['50'] : [];
      const reason = ['status', 'restart', 'link'].includes(command) ? [] : ['--reason', 'test'];
      const { code, err } = await answerOf(folder, [command, ...value, ...reason]);
      expect(err).toMatch(
        /^✗ desk crypto-bot has ended: none of its processes runs, so nothing is trading\n/,
      );
      expect(err).toContain(doThis);
      expect(code).toBe(1);
    }),
  );

  it(
    'is started again by its name, or by its file where no name leads to that: by itself `up` starts another one',
    inFolder(async ({ folder }) => {
      const home = join(folder, 'home');
      const own = join(folder, 'desks', 'named-otherwise', 'desk.yaml');
      mkdirSync(dirname(own), { recursive: true });
      copyFileSync(CRYPTO_DESK, own);
      const spaced = join(folder, 'My desks.yaml');
      copyFileSync(CRYPTO_DESK, spaced);
      for (const [file, started] of [
        [own, 'named-otherwise'],
        [CRYPTO_DESK, CRYPTO_DESK],
        [spaced, `'${spaced}'`],
      ] as const) {
        writeRuntime(home, file, 'named-otherwise');
        const { err } = await answerOf(folder, ['status']);
        expect(err).toContain(`start it with \`fermata up --desk ${started}\``);
      }
    }),
  );

  it(
    'is found by its name where it was started by its file, as messages name it',
    inFolder(async ({ folder }) => {
      const file = join(folder, 'elsewhere', 'file.yaml');
      mkdirSync(dirname(file));
      writeFileSync(file, readFileSync(CRYPTO_DESK, 'utf8').replace(/^desk: .*/m, 'desk: night'));
      const home = join(folder, 'home');
      const unknown = await answerOf(folder, ['desk', 'check', 'night']);
      expect(unknown.err).toContain(
        'expected one of the desks crypto-bot, slob; found no desk of the name night',
      );
      const runtime = writeRuntime(home, join(home, 'run', 'started', 'desk.yaml'), 'night');
      writeFileSync(join(home, 'run', 'runtime.json'), JSON.stringify({ ...runtime, writtenFile: file }));
      const { err } = await answerOf(folder, ['status']);
      expect(err).toContain('start it with `fermata up --desk night`');
      const claim = await claimHome(home);
      if (claim.kind !== 'claimed') throw new Error(claim.message);
      const [checked, started, typo] = await Promise.all([
        answerOf(folder, ['desk', 'check', 'night']),
        answerOf(folder, ['up', '--desk', 'night', '--market', 'simulated']),
        answerOf(folder, ['desk', 'check', 'nigth']),
      ]);
      claim.lock.release();
      expect(checked.out).toContain(`✓ ${file}\n  desk night, paper`);
      expect(started.err).toContain(`process ${process.pid} holds FERMATA_HOME ${home}`);
      expect(typo.err).toContain('expected one of the desks crypto-bot, night, slob; found no desk');
      // A name that leads to a desk by itself goes on leading there.
      const named = join(folder, 'desks', 'night', 'desk.yaml');
      mkdirSync(dirname(named), { recursive: true });
      copyFileSync(file, named);
      expect((await answerOf(folder, ['desk', 'check', 'night'])).out).toContain(`✓ ${named}`);
    }),
  );

  it(
    'tells a script the same, once',
    inFolder(async ({ folder }) => {
      writeRuntime(join(folder, 'home'));
      const { code, out, err } = await runCommand(folder, ['stop', ...PATIENT, '--reason', 'test', '--json']);
      expect(JSON.parse(out)).toMatchObject({ error: { message: expect.stringContaining('has ended') } });
      expect({ code, err }).toEqual({ code: 1, err: '' });
    }),
  );

  it(
    'hands a stop to a Temporal that somebody else runs, and does not wait for a trader',
    inFolder(async ({ folder }) => {
      const runtime = writeRuntime(join(folder, 'home'));
      const elsewhere = { ...runtime, temporal: { ...runtime.temporal, kind: 'external' as const } };
      writeFileSync(join(homePaths(runtime.home).run, 'runtime.json'), JSON.stringify(elsewhere));
      const { code, out } = await runCommand(folder, ['stop', ...PATIENT, '--reason', 'test', '--json']);
      const outcome = JSON.parse(out) as { detail: string; problems: string[] };
      expect(outcome).toMatchObject({ ok: false, proven: false, workflowId: null });
      expect(outcome.detail).toContain('has ended');
      expect(outcome.problems.join()).toMatch(/The workflow that proves the stop was not started: Temporal/);
      expect(code).toBe(1);
    }),
  );
});

describe.concurrent('a stop by a name that no desk has', () => {
  it(
    'is for the only one, which it names',
    inFolder(async ({ folder, begin }) => {
      await begin(writeRuntime(join(folder, 'home')), stoppable(0));
      const { out, err } = await answerOf(folder, ['stop', ...PATIENT, '--desk', 'nosuch']);
      expect(out).toMatch(/^✓ stop: proven/);
      expect(err).toContain('! no desk nosuch was started here, only crypto-bot, which was asked to stop');
      const known = await answerOf(folder, ['stop', ...PATIENT, '--desk', 'crypto-bot']);
      expect(known.err).not.toContain('no desk');
    }),
  );
});

describe.concurrent('the gaps of a desk', () => {
  it(
    'are those of the desk that --desk names, and never of another one in its place',
    inFolder(async ({ folder }) => {
      const home = join(folder, 'home');
      writeRuntime(home);
      writeRuntime(join(home, 'desk-homes', 'two'), CRYPTO_DESK, 'two');
      const [both, two, none] = await Promise.all([
        answerOf(folder, ['data', 'gaps']),
        answerOf(folder, ['data', 'gaps', '--desk', 'two']),
        answerOf(folder, ['data', 'gaps', '--desk', 'three']),
      ]);
      expect(both.err).toContain('the same with --desk crypto-bot, or with --desk two');
      // Asked for, and away.
      expect(two.err).toMatch(
        /^✗ (?:desk two has ended|a part of the desk does not answer)[\s\S]* --desk two /,
      );
      expect(none.err).toContain('✗ no desk three was started here, only crypto-bot and two');
    }),
  );
});

describe.concurrent('a desk that never ran here', () => {
  it(
    'is the one that messages say how to start, and whose backups they speak of',
    inFolder(async ({ folder }) => {
      const file = join(folder, 'desks', 'mine', 'desk.yaml');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, readFileSync(CRYPTO_DESK, 'utf8').replace(/^desk: .*/m, 'desk: mine'));
      const validate = ['validate', '--market', 'simulated', '--duration', '1h', '--speed', 'max'];
      const [status, backups, validated] = await Promise.all([
        answerOf(folder, ['status', '--desk', 'mine']),
        answerOf(folder, ['backups', '--desk', 'mine']),
        answerOf(folder, [...validate, '--desk', 'mine']),
      ]);
      expect(status.err).toContain('start one with `fermata up --desk mine`');
      expect(backups.out).toContain('take one: fermata backup --verify --desk mine');
      expect(validated.out).toContain('With the desk running (fermata up --desk mine)');
      writeRuntime(join(folder, 'home'));
      const beside = await answerOf(folder, ['backups', '--desk', 'mine']);
      expect(beside.out).toContain('take one: fermata backup --verify --desk mine');
    }),
  );
});

describe.concurrent('two desk files of one name', () => {
  const COPIED = readFileSync(CRYPTO_DESK, 'utf8');
  /** As a start leaves it: what ran, from which file. */
  function started(home: string, desk: string, writtenFile: string): void {
    const runtime = writeRuntime(home, join(home, 'run', 'started', 'desk.yaml'), desk);
    writeFileSync(join(home, 'run', 'runtime.json'), JSON.stringify({ ...runtime, writtenFile }));
  }
  function deskAt(file: string, desk: string): string {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, COPIED.replace(/^desk: .*/m, `desk: ${desk}`));
    return file;
  }
  const own = (folder: string, place: string, desk: string): string =>
    deskAt(join(folder, 'desks', place, 'desk.yaml'), desk);
  /** What `up` says for a port that is taken, so that nothing is started. */
  async function upOf(folder: string, ...args: string[]): Promise<string> {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { err } = await answerOf(folder, ['up', '--market', 'simulated', '--port', `${port}`, ...args]);
    other.close();
    return err;
  }
  const GOES_ON = 'is taken by another program';

  it(
    'of a start without --desk, the one that has run here is meant: nobody with a desk of their own means another',
    inFolder(async ({ folder }) => {
      const home = join(folder, 'home');
      expect(await upOf(folder)).toContain(GOES_ON);
      const two = own(folder, 'two', 'two');
      writeFileSync(two, readFileSync(two, 'utf8').replace(/^mode: .*/m, 'mode: nonsense'));
      started(home, 'two', two);
      expect(await upOf(folder)).toContain(two);
      started(join(home, 'desk-homes', 'other'), 'other', own(folder, 'other', 'other'));
      expect(await upOf(folder)).toContain('two and other have run here: which desk is to be started?');
      started(join(home, 'desk-homes', 'crypto-bot'), 'crypto-bot', own(folder, 'crypto-bot', 'crypto-bot'));
      expect(await upOf(folder)).toContain(GOES_ON);
    }),
  );

  it(
    'do not take turns with its account: a copy is refused until it has a name of its own, or the other file is gone',
    inFolder(async ({ folder }) => {
      const two = own(folder, 'two', 'two');
      const copy = own(folder, 'copy', 'two');
      started(join(folder, 'home'), 'two', two);
      for (const named of ['copy', copy]) {
        const err = await upOf(folder, '--desk', named);
        expect(err).toContain(`✗ desk two last ran from ${two}, which is still there`);
        expect(err).toContain('nothing was started');
        expect(err).toContain('another name (desk: in its file)');
      }
      const checked = await answerOf(folder, ['desk', 'check', 'copy']);
      expect(checked.out).toContain(`! desk two last ran from ${two}, which is still there`);
      expect(checked.code).toBe(0);
      expect((await answerOf(folder, ['desk', 'check', 'two'])).out).not.toContain('!');
      const { out } = await answerOf(folder, ['desks']);
      expect(out).toMatch(new RegExp(`^copy +never ran here +${dirname(copy)}$`, 'm'));
      expect(out).toMatch(new RegExp(`^two +\\S.* ${dirname(two)}$`, 'm'));
      expect(await upOf(folder, '--desk', 'two')).toContain(GOES_ON);
      expect(await upOf(folder, '--desk', two)).toContain(GOES_ON);
      rmSync(dirname(two), { recursive: true });
      expect(await upOf(folder, '--desk', 'copy')).toContain(GOES_ON);
    }),
  );

  it(
    'are the same desk at the same place of another checkout or build, and another one where the other has a new name',
    inFolder(async ({ folder }) => {
      const home = join(folder, 'home');
      const mine = own(folder, 'two', 'two');
      started(home, 'two', deskAt(join(folder, 'build', 'desks', 'two', 'desk.yaml'), 'two'));
      expect(await upOf(folder, '--desk', 'two')).toContain(GOES_ON);
      started(home, 'two', own(folder, 'other', 'other'));
      expect(await upOf(folder, '--desk', mine)).toContain(GOES_ON);
    }),
  );

  it(
    'go on by one’s own version of a desk that ships',
    inFolder(async ({ folder }) => {
      started(join(folder, 'home'), 'crypto-bot', CRYPTO_DESK);
      const elsewhere = deskAt(join(folder, 'elsewhere.yaml'), 'crypto-bot');
      expect(await upOf(folder, '--desk', elsewhere)).toContain(GOES_ON);
    }),
  );

  it(
    'are listed apart: what holds the home is the file that it was started from',
    inFolder(async ({ folder }) => {
      const home = join(folder, 'home');
      started(home, 'crypto-bot', CRYPTO_DESK);
      const copy = own(folder, 'copy', 'crypto-bot');
      const held = tryLockFile(join(home, 'run', 'lock'));
      const { out } = await answerOf(folder, ['desks']);
      held?.release();
      expect(out).toMatch(new RegExp(`^copy +never ran here +${dirname(copy)}$`, 'm'));
      expect(out).toMatch(new RegExp(`^crypto-bot +does not answer .* ${dirname(CRYPTO_DESK)}$`, 'm'));
    }),
  );

  it(
    'a desk whose folder has a new name is listed once, and goes on',
    inFolder(async ({ folder }) => {
      const home = join(folder, 'home');
      const other = own(folder, 'other', 'my-desk');
      started(home, 'my-desk', join(folder, 'desks', 'my-desk', 'desk.yaml'));
      for (const last of [null, other]) {
        if (last !== null) started(home, 'my-desk', last);
        const { out } = await answerOf(folder, ['desks']);
        expect(out).toMatch(new RegExp(`^my-desk +\\S.* ${dirname(other)}$`, 'm'));
        expect(out.match(/my-desk|other/g)).toEqual(['my-desk', 'other']);
        expect(await upOf(folder, '--desk', 'other')).toContain(GOES_ON);
      }
      const { out } = await answerOf(folder, ['desk', 'check', 'other']);
      expect(out).toContain('! --desk other leads here, and the desk is called my-desk');
    }),
  );

  it(
    'a desk is not left behind by a new name in its file',
    inFolder(async ({ folder }) => {
      const file = own(folder, 'my-desk', 'renamed');
      started(join(folder, 'home'), 'my-desk', file);
      const err = await upOf(folder, '--desk', 'my-desk');
      expect(err).toContain(`✗ ${file}, from which my-desk last ran, is about the desk renamed now`);
      expect(err).toContain(`fermata up --desk ${file}`);
    }),
  );
});

describe.concurrent('a desk file that was broken since the start', () => {
  function broken(folder: string): Runtime {
    const deskFile = join(folder, 'broken.yaml');
    writeFileSync(deskFile, readFileSync(CRYPTO_DESK, 'utf8').replace('version: 1', 'version: 2'));
    return writeRuntime(join(folder, 'home'), deskFile);
  }

  it(
    'keeps nobody from stopping, and what was not written is said',
    inFolder(async ({ folder, begin }) => {
      await begin(broken(folder), stoppable(0));
      const { code, out } = await runCommand(folder, ['stop', '--reason', 'test', '--timeout', '30']);
      expect(out).toMatch(/^✓ stop: proven/);
      expect(out).toMatch(/The workflow that proves it was not started: .*broken.yaml/);
      expect(out).toMatch(/The evidence of it was not written/);
      expect(out).toMatch(/The audit entry was not written/);
      expect(code).toBe(0);
    }),
  );

  it(
    'keeps nobody waiting for a playbook in code that never ends',
    inFolder(async ({ folder, begin }) => {
      const desk = join(folder, 'desk');
      mkdirSync(join(desk, 'playbooks'), { recursive: true });
      copyFileSync(CRYPTO_DESK, join(desk, 'desk.yaml'));
      writeFileSync(join(desk, 'playbooks/endless.ts'), 'for (;;) {}\nexport default 1;\n');
      await begin(writeRuntime(join(folder, 'home'), join(desk, 'desk.yaml')), stoppable(0));
      // Its code would be ended after sixty seconds, in which this process could do nothing else.
      const { code, out } = await runCommand(folder, ['stop', '--reason', 'test', '--timeout', '50']);
      expect(out).toMatch(/^✓ stop: proven/);
      expect(code).toBe(0);
    }),
  );

  it(
    'says what was not written of a stop that could not be proven either',
    inFolder(async ({ folder, begin }) => {
      await begin(broken(folder), stoppable(1));
      const { code, out, err } = await runCommand(folder, ['stop', '--timeout', '30']);
      expect(out + err).toMatch(/The evidence of it was not written/);
      expect(out + err).toMatch(/No reason was given, and nobody could be asked for it/);
      expect(out + err).toMatch(/1 entry orders work; it is not taken back: the desk goes on with it/);
      expect(out + err).toMatch(/do this: {3}fermata status shows how far it is/);
      expect(code).toBe(1);
    }),
  );

  it(
    'leaves evidence and an audit entry of a stop, and asks for the reason',
    inFolder(async ({ folder, begin }) => {
      const database = await createTestDatabase();
      try {
        const runtime = broken(folder);
        const { host, port, database: name, appUser, appPassword } = database;
        const postgres = { host, port, database: name, user: appUser };
        const { run, secrets } = homePaths(runtime.home);
        writeFileSync(join(run, 'runtime.json'), JSON.stringify({ ...runtime, postgres }));
        const secret = appUser === 'fermata_app' ? 'postgresAppPassword' : 'postgresPassword';
        writeFileSync(join(secrets, SECRET_FILES[secret]), appPassword, { mode: 0o600 });
        await begin(runtime, stoppable(0));
        const { code, out } = await runCommand(folder, ['stop', '--timeout', '30']);
        expect(out).not.toMatch(/not written|may be missing/);
        expect(out).toMatch(/no reason was given: task \d+ asks for it/);
        expect(code).toBe(0);
        const evidence = await database.pool.query(
          "select verdict, observed from evidence where desk = $1 and routine = 'emergency-stop' order by id",
          [runtime.desk],
        );
        expect(evidence.rows).toMatchObject([
          { verdict: 'pass', observed: expect.stringMatching(/\(cli\): no reason given/) },
          { verdict: 'pass', observed: expect.stringMatching(/without a workflow: HALTED/) },
        ]);
        const [entry] = await readAudit(database.pool, runtime.desk);
        expect(entry).toMatchObject({ action: 'stop', outcome: 'proven', via: 'cli' });
      } finally {
        await database.drop();
      }
    }),
  );
});
