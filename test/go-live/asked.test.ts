/** Asking for real money, as the page, the API and the terminal do: nobody is asked while anything stands against it. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createGoLiveActivities } from '../../src/activities/create-go-live-activities.js';
import { preflightId } from '../../src/contracts/queues.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import type { Desk } from '../../src/desk/schema.js';
import { removePersonKeys } from '../../src/home/person-keys.js';
import type { Runtime } from '../../src/home/runtime.js';
import { askPreflight } from '../../src/operations/go-live/start-go-live.js';
import { operationsOver } from '../../src/operations/operations.js';
import { readAttempts } from '../../src/store/go-live-attempts.js';
import { openTemporal, TemporalUnavailable } from '../../src/temporal/open-temporal.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { repository } from '../support/desk-under-test.js';
import { readAudit } from '../support/read-audit.js';
import { scriptedStatus } from '../support/trader-status.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import { type Bench as PreflightBench, preflightBench } from './support/preflight-bench.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

interface Situation {
  readonly mode?: Desk['mode'];
  /** The copy that the desk was started with, and the file that a person wrote. */
  readonly files?: Pick<Runtime, 'deskFile' | 'writtenFile'>;
  /** As the desk file has it. */
  readonly venue?: string;
  /** Null: the trader does not answer. */
  readonly status?: Partial<TraderStatus> | null;
  /** Takes away what real money needs. */
  readonly spoil?: (place: PreflightBench) => void;
  /** Nothing answers at its address. */
  readonly temporalAway?: boolean;
  /** The start of the procedure is carried out, and its answer comes too late. */
  readonly answersLate?: boolean;
}

/** The operations worker has key and token; the process of the test, which asks, has neither. */
async function deskToAsk({ mode = 'live', status = {}, spoil = () => {}, venue, ...how }: Situation) {
  const place = await preflightBench();
  spoil(place);
  const { desk: parsed, configHash, home } = place;
  const { name } = await bench.desk({
    serve: ['operations'],
    activities: (desk, trader) =>
      createGoLiveActivities({
        pool: bench.database.pool,
        trader,
        desk: { ...parsed, desk },
        configHash,
        home,
        reportFolder: '/proc/nowhere',
        preflight: () => place.look(),
      }),
  });
  const call = async () => {
    if (status === null) throw new Error('nobody listens');
    return { ...scriptedStatus(), ...status };
  };
  const operations = operationsOver({
    runtime: { desk: name, home, ...how.files } as Runtime,
    desk: { ...parsed, mode, desk: name, venue: { ...parsed.venue, name: venue ?? parsed.venue.name } },
    trader: { call } as never,
    temporal: how.temporalAway ? awayTemporal : how.answersLate ? lateTemporal() : bench.temporal,
    pool: bench.database.pool,
    decisionKey: () => '',
    newId: randomUUID,
    nowMs: Date.now,
  });
  return { operations, desk: name };
}

const awayTemporal = openTemporal({
  temporal: { address: '127.0.0.1:1', namespace: 'none' } as never,
  home: null,
});
afterAll(() => awayTemporal.close());

const lateTemporal = (): typeof bench.temporal => ({
  ...bench.temporal,
  client: bench.temporal.client,
  namespace: bench.temporal.namespace,
  close: async () => undefined,
  within: async (ms, use) => {
    let isStart = false;
    const result = await bench.temporal.within(ms, (client) => {
      const workflow = new Proxy(client.workflow, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]) => {
            isStart ||= name === 'start' && args[0] === 'goLive';
            return member.apply(target, args);
          };
        },
      });
      return use(
        new Proxy(client, {
          get: (target, name) => (name === 'workflow' ? workflow : Reflect.get(target, name)),
        }),
      );
    });
    if (isStart) throw new TemporalUnavailable('it did not answer within 10 s');
    return result;
  },
});

const GRANTED = { required: true, granted: {} } as TraderStatus['goLive'];

it('says where orders can be sent, if none can be to the desk’s venue: mode: live alone would not help', async () => {
  const { started } = await ask({ mode: 'paper', venue: 'kucoin' });
  expect(started.ok).toBe(false);
  expect(started.detail).toBe(
    "This desk trades paper money, and real orders can't leave for kucoin, of which only prices are used; they can for binance and ibkr. Give it venue.name of one of these and mode: live in a desk file of its own, and start that.",
  );
  const { operations } = await deskToAsk({ mode: 'paper', venue: 'kucoin' });
  expect((await operations.readGoLive()).words).toEqual([
    "real orders can't leave for kucoin, of which only prices are used; they can for binance and ibkr",
  ]);
});

it('is refused while coins in the account are nobody’s: the trader would, once people had voted', async () => {
  const coins = (nobodys: string) => [{ symbol: 'BTC/USDT', nobodys, foreign: '0.20000', toMove: '0.00000' }];
  const { started, open } = await ask({ status: { coins: coins('0.05000') } });
  expect(started.ok).toBe(false);
  expect(started.obstacles).toEqual([
    'Coins in the account: 0.05000 of BTC/USDT are nobody’s (expected: a person has said whose they are: fermata coins)',
  ]);
  expect(open).toEqual([]);
  const { started: claimed } = await ask({ status: { coins: coins('0.00000') } });
  expect(claimed).toMatchObject({ obstacles: [] });
});

it('says that the desk file was changed after the start: people are asked about the desk as it was started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-edited-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [deskFile, writtenFile] = [join(folder, 'started.yaml'), join(folder, 'desk.yaml')];
  for (const file of [deskFile, writtenFile]) writeFileSync(file, '');
  const problemsOf = async (editedS: number) => {
    utimesSync(writtenFile, editedS, editedS);
    utimesSync(deskFile, 1_000, 1_000);
    const { started, open } = await ask({ files: { deskFile, writtenFile } });
    expect(started.ok, started.detail).toBe(true);
    await bench.client.workflow.getHandle(open[0]?.workflowId ?? '').terminate('the test is over');
    return started.problems;
  };
  expect(await problemsOf(1_000)).toEqual([]);
  expect(await problemsOf(1_001)).toEqual([
    expect.stringMatching(
      /desk\.yaml was changed after the desk was started: people are asked about the desk as it was/,
    ),
  ]);
});

it('says at once who can’t sign: nobody waits for days to find that out at the vote', async () => {
  const { started, open } = await ask({
    spoil: ({ home }) => {
      for (const person of ['operator', 'second']) removePersonKeys(home, person);
    },
  });
  expect(started.ok, started.detail).toBe(true);
  expect(started.problems).toEqual([
    expect.stringMatching(/^Approvers can sign: real money can’t be approved yet.*fermata person key second/),
  ]);
  await bench.client.workflow.getHandle(open[0]?.workflowId ?? '').terminate('the test is over');
});

async function ask(situation: Situation) {
  const { operations, desk } = await deskToAsk(situation);
  const started = await operations.startGoLive({ person: 'operator', via: 'web' }, { reason: 'a test' });
  const attempts = await readAttempts(bench.database.pool, desk);
  const entries = await readAudit(bench.database.pool, desk);
  return { started, open: attempts.filter(({ state }) => state === 'open'), entries };
}

it.each<[string, Situation, RegExp]>([
  ['the desk trades paper money', { mode: 'paper' }, /paper money/],
  ['its trader does not answer', { status: null }, /trader does not answer/],
  ['Temporal is away', { temporalAway: true }, /pre-flight checks could not be made \(Temporal at/],
  [
    'it is live already',
    { status: { goLive: GRANTED } },
    /live already.*go-live --revoke, then fermata go-live/,
  ],
])('is refused where %s', async (_what, situation, words) => {
  const { started, open } = await ask(situation);
  expect(started).toMatchObject({ ok: false, workflowId: null, detail: expect.stringMatching(words) });
  expect(open).toEqual([]);
});

it('says that one which is live and halted is resumed, not asked for again', async () => {
  const doThis = async (status: Partial<TraderStatus>) =>
    (await ask({ status: { goLive: GRANTED, ...status } })).started.doThis;
  expect(await doThis({ mode: 'ACTIVE' })).toBe('see how far it is: fermata go-live --status');
  expect(await doThis({ mode: 'HALTED' })).toMatch(/it is halted: fermata resume --reason TEXT$/);
});

it('is open, and no other begins, where it is not known whether Temporal has begun it', async () => {
  const { started, open } = await ask({ answersLate: true });
  expect(started).toMatchObject({ ok: false, workflowId: null });
  expect(started.detail).toMatch(/Whether the attempt began is not known: fermata go-live --status/);
  expect(open).toHaveLength(1);
  await bench.client.workflow.getHandle(open[0]?.workflowId ?? '').terminate('the test is over');
});

it('is refused with everything that is missing at once, and kept in the audit trail', async () => {
  const { started, open, entries } = await ask({
    spoil: ({ env, reportFolder }) => {
      delete env.TELEGRAM_BOT_TOKEN;
      rmSync(reportFolder, { recursive: true });
    },
  });
  expect(started.ok).toBe(false);
  expect(started.obstacles).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^1 Paper validation returns GO: no validation report/),
      expect.stringMatching(/^7 Telegram notifications: none/),
    ]),
  );
  expect(open).toEqual([]);
  expect(entries[0]).toMatchObject({ action: 'goLive', person: 'operator' });
});

it('is refused where the stop in force is so far away that it would not begin small', async () => {
  const { desk: onMargin } = loadDesk(join(repository, 'desks/slob/desk.yaml'));
  const strategies = onMargin.strategies.map((one) => ({ ...one, size: { equityPct: 80 } }));
  const start6 = async (stopLossPct: number) => {
    const { started } = await ask({
      status: {
        settings: { version: 1, changed: { 'risk.stopLossPct': stopLossPct }, fileConfigHash: 'c0ffee' },
      },
      spoil: (place) => {
        const { instruments, risk } = onMargin;
        const goLive = { ...place.desk.goLive, start: onMargin.goLive.start };
        place.desk = { ...place.desk, ...{ instruments, risk, strategies, goLive } };
      },
    });
    return started.obstacles.filter((text) => text.startsWith('6 '));
  };
  expect(await start6(onMargin.risk.stopLossPct)).toEqual([]);
  expect(await start6(2)).toEqual([expect.stringContaining('1.6 % lost at the stop of a position')]);
});

describe('the pre-flight', () => {
  it('is made by the operations worker: who asks for it needs neither key nor token', async () => {
    expect(process.env.BINANCE_API_KEY).toBeUndefined();
    const { operations, desk } = await deskToAsk({});
    const [report, again] = await Promise.all([operations.preflight(), operations.preflight()]);
    const verdicts = Object.fromEntries(report.results.map(({ key, verdict }) => [key, verdict]));
    expect(verdicts).toMatchObject({ 'api-key': 'pass', balance: 'pass', symbols: 'pass', telegram: 'pass' });
    expect(again.results).toEqual(report.results);
    await keepHistory(bench, 'preflight', preflightId(desk));
  });

  it('says that nobody made it where no operations worker runs', async () => {
    const desk = { ...(await preflightBench()).desk, desk: `unserved-${randomUUID().slice(0, 8)}` };
    await expect(askPreflight({ desk, temporal: bench.temporal }, 500)).rejects.toThrow(
      'the operations worker has not made the pre-flight checks within 0.5 s',
    );
  });
});
