import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { type Decision, signDecision } from '../../src/domain/decision.js';
import { endPerson, votesEndedMs } from '../../src/home/people-folder.js';
import { SECRET_FILES } from '../../src/home/runtime.js';
import { deskAuthority } from '../../src/trader/control/desk-authority.js';
import { flatProver } from '../../src/trader/control/flat-proof.js';
import { checkParams } from '../../src/trader/control/params.js';
import { type CommandedTrader, createHandlers } from '../../src/trader/control/requests.js';
import { type ArmQuestion, armAuthority } from '../../src/trader/control/votes.js';
import type { CommandRequest } from '../../src/trader/running/runner.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { VenueUnavailable } from '../../src/venue/port.js';
import { idleStatus } from '../support/trader-status.js';
import { venueDouble } from './venue-double.js';

const why = { commandId: 'c-1', by: 'tester', reason: 'a test' };
const HALT_ID = 'ab'.repeat(16);

const HALT: TraderStatus['halts'][number] = {
  haltId: HALT_ID,
  mode: 'HALTED',
  scope: { kind: 'desk' },
  cause: 'person',
  by: 'tester',
  reason: 'a test',
  resume: 'person',
  atWallMs: 1,
  atMarketMs: 1,
};

/** `lifted`: somebody has armed since. */
const statusWith = (closeAll: TraderStatus['closeAll'] = 'idle', lifted = false): TraderStatus => ({
  ...idleStatus(),
  mode: lifted ? 'ACTIVE' : 'HALTED',
  halts: lifted ? [] : [HALT],
  closeAll,
});

const enoughRoom = async () => 256 * 1024 * 1024;

function commanded(own: Partial<CommandedTrader> = {}, freeBytes = enoughRoom) {
  const commands: CommandRequest[] = [];
  const trader: CommandedTrader = {
    runner: {
      command: async (request) => {
        commands.push(request);
        return { ok: true, detail: `${commands.length}`, haltId: HALT_ID };
      },
    },
    onDisk: async () => null,
    mode: () => 'HALTED',
    sequence: () => 5,
    status: () => statusWith(),
    proveFlat: async () => {
      throw new Error('not in this test');
    },
    authority: {
      forArming: () => ({ authority: 'rule' }),
      forCoins: () => undefined,
      forSize: () => false,
      forSettings: () => [],
      forGoLive: () => {
        throw new Error('not in this test');
      },
    },
    warmUpAgain: () => undefined,
    splitBars: () => undefined,
    bars: () => null,
    equity: () => ({ incarnation: 'i', next: 0, points: [] }),
    follow: () => undefined,
    ...own,
  };
  const heard: string[] = [];
  const handlers = createHandlers({
    started: Promise.resolve(trader),
    now: () => trader,
    startingStatus: () => ({ mode: 'HALTED', reason: 'starting' }) as TraderStatus,
    onHeartbeat: (from) => heard.push(from),
    freeBytes,
  });
  return { handlers, commands, heard };
}

it('carries a stop, halt, close-all and kill out each time that they are asked for', async () => {
  const { handlers, commands } = commanded();
  for (const commandId of ['c-1', 'c-2']) {
    await handlers.stop({ ...why, commandId });
    await handlers.closeAll({ ...why, commandId });
    await handlers.kill({ ...why, commandId });
  }
  await handlers.halt({ ...why, commandId: 'c-3', cause: 'auditor', resume: 'person' });
  expect(commands.map(({ command }) => command.name)).toEqual([
    ...['stop', 'closeAll', 'kill', 'stop', 'closeAll', 'kill'],
    'stop',
  ]);
  expect(commands.at(-1)!.command).toEqual({
    name: 'stop',
    why: { cause: 'auditor', resume: 'person' },
  });
});

it('raises no other halt for a stop that is delivered twice, at once or later', async () => {
  const { handlers, commands } = commanded();
  const first = await Promise.all([handlers.stop(why), handlers.stop(why)]);
  expect([...first, await handlers.stop(why)]).toEqual([first[0], first[0], first[0]]);
  expect(commands).toHaveLength(1);
});

it('takes a person’s stop for none of the desk’s own halts, even under the same id', async () => {
  const { handlers, commands } = commanded();
  await handlers.halt({ ...why, cause: 'check-failed', resume: 'auto' });
  await handlers.stop(why);
  expect(commands.map(({ command }) => command)).toEqual([
    { name: 'stop', why: { cause: 'check-failed', resume: 'auto' } },
    { name: 'stop' },
  ]);
});

it('carries a stop that is delivered again out anew once somebody has armed since', async () => {
  let lifted = false;
  const { handlers, commands } = commanded({ status: () => statusWith('idle', lifted) });
  await handlers.stop(why);
  lifted = true;
  await handlers.stop(why);
  expect(commands).toHaveLength(2);
});

it('carries a stop that was refused out anew', async () => {
  let refuse = true;
  const { handlers } = commanded({
    runner: {
      command: async () =>
        refuse
          ? { ok: false, code: 'journal-fault', message: 'not written', doThis: 'look at the disk' }
          : { ok: true, detail: 'stopped', haltId: HALT_ID },
    },
  });
  await expect(handlers.stop(why)).rejects.toMatchObject({ answer: { code: 'journal-fault' } });
  refuse = false;
  expect(await handlers.stop(why)).toMatchObject({ ok: true, haltId: HALT_ID });
});

it.each(['closeAll', 'kill'] as const)(
  'carries a %s out once while it closes and is flat, and anew where closing was given up',
  async (method) => {
    let closeAll: TraderStatus['closeAll'] = 'running';
    const { handlers, commands } = commanded({ status: () => statusWith(closeAll) });
    for (const state of ['running', 'flat'] as const) {
      closeAll = state;
      await handlers[method](why);
    }
    expect(commands).toHaveLength(1);
    for (const state of ['escalated', 'idle'] as const) {
      closeAll = state;
      await handlers[method](why);
    }
    expect(commands).toHaveLength(3);
  },
);

it('gives a repeated command the first result without carrying it out again', async () => {
  const { handlers, commands } = commanded();
  const params = { ...why, haltId: HALT_ID, configHash: 'h', decisions: [] };
  const [first, second] = await Promise.all([handlers.arm(params), handlers.arm(params)]);
  expect([first, second, commands.length]).toEqual([first, first, 1]);
  expect(commands[0]!.command).toEqual({ name: 'arm', haltId: HALT_ID, configHash: 'h', authority: 'rule' });
});

it('takes a split in once, and shows the past in new shares; a dividend changes no past', async () => {
  const past: string[] = [];
  const { handlers, commands } = commanded({
    splitBars: (symbol, { numerator, denominator }) => past.push(`${symbol} ${numerator}:${denominator}`),
  });
  const split = { kind: 'split', symbol: 'AAPL/USD', numerator: 4, denominator: 1 } as const;
  await handlers.corporateAction({ ...why, action: split });
  await handlers.corporateAction({ ...why, action: split });
  expect(commands.map(({ command }) => command)).toEqual([{ name: 'corporateAction', action: split }]);
  const dividend = { kind: 'dividend', symbol: 'AAPL/USD', perShare: '0.82' } as const;
  await handlers.corporateAction({ ...why, commandId: 'c-2', action: dividend });
  expect(past).toEqual(['AAPL/USD 4:1']);
});

it('shows the past to strategies that begin anew before it waits for the disk: a minute may end meanwhile', async () => {
  const done: string[] = [];
  const { handlers } = commanded({
    onDisk: async () => {
      done.push('a minute ends');
      return null;
    },
    splitBars: () => done.push('past in new shares'),
    warmUpAgain: () => done.push('past'),
  });
  await handlers.reload({ ...why, baseVersion: 0, values: {}, approvalId: '', decisions: [] });
  const split = { kind: 'split', symbol: 'AAPL/USD', numerator: 4, denominator: 1 } as const;
  await handlers.corporateAction({ ...why, action: split });
  expect(done).toEqual(['past', 'a minute ends', 'past in new shares', 'a minute ends']);
});

it.each<[object, object]>([
  [
    { kind: 'split', symbol: 'AAPL/USD', numerator: 8, denominator: 2 },
    { numerator: 4, denominator: 1 },
  ],
  [{ kind: 'split', symbol: 'AAPL/USD', numerator: 2, denominator: 2 }, /another number of new shares/],
  [{ kind: 'split', symbol: 'AAPL/USD', numerator: 0, denominator: 1 }, /params.action.numerator: expected/],
  [{ kind: 'dividend', symbol: 'AAPL/USD', perShare: '0.00' }, /params.action.perShare: expected/],
])('checks what comes as a corporate action: %j', (action, expected) => {
  const read = () => checkParams('corporateAction', { ...why, action });
  if (expected instanceof RegExp) expect(read).toThrow(expected);
  else expect(read().action).toMatchObject(expected);
});

it('carries a command out again after it was refused', async () => {
  let refuse = true;
  const { handlers } = commanded({
    runner: {
      command: async () =>
        refuse
          ? { ok: false, code: 'newer-halt', message: 'there is a newer halt', doThis: 'read the status' }
          : { ok: true, detail: 'armed', haltId: null },
    },
  });
  const params = { ...why, haltId: HALT_ID, configHash: 'h', decisions: [] };
  await expect(handlers.arm(params)).rejects.toMatchObject({
    answer: { code: 'newer-halt', doThis: 'read the status' },
  });
  refuse = false;
  await expect(handlers.arm(params)).resolves.toMatchObject({ ok: true, detail: 'armed' });
});

it('answers a stop only after it is on disk, and says so where it can not be', async () => {
  let written: (problem: string | null) => void = () => undefined;
  const { handlers } = commanded({ onDisk: () => new Promise((resolve) => (written = resolve)) });
  let answered = false;
  const stopped = handlers.stop(why).then((result) => {
    answered = true;
    return result;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(answered).toBe(false);
  written('no space left on device');
  expect(await stopped).toMatchObject({
    detail: '1; not on disk (no space left on device): a restart of the trader takes it back',
    durable: false,
  });
});

it('says of a stop that is delivered again whether it is on disk by now', async () => {
  let problem: string | null = 'the disk has not answered for 5 s';
  const { handlers, commands } = commanded({ onDisk: async () => problem });
  expect(await handlers.stop(why)).toMatchObject({ haltId: HALT_ID, durable: false });
  expect(await handlers.stop(why)).toMatchObject({ haltId: HALT_ID, durable: false });
  problem = null;
  expect(await handlers.stop(why)).toMatchObject({ detail: '1', haltId: HALT_ID, durable: true });
  // What comes after it is no concern of its own.
  problem = 'no space left on device';
  expect(await handlers.stop(why)).toMatchObject({ detail: '1', haltId: HALT_ID, durable: true });
  expect(commands).toHaveLength(1);
});

it('arms nothing with less room than a start needs, and arms once there is some', async () => {
  let freeMb = 255;
  const { handlers, commands } = commanded({}, async () => freeMb * 1024 * 1024);
  const arm = { ...why, haltId: HALT_ID, configHash: 'hash', decisions: [] };
  await expect(handlers.arm(arm)).rejects.toMatchObject({
    answer: {
      code: 'no-room',
      message: expect.stringContaining('255 MB are free there, and trading begins with at least 256 MB'),
    },
  });
  expect(commands).toEqual([]);
  await handlers.stop({ ...why, commandId: 'c-2' });
  freeMb = 256;
  await handlers.arm(arm);
  expect(commands.map(({ command }) => command.name)).toEqual(['stop', 'arm']);
});

it('starts no real money with less room than that either, and lets a desk grow that trades already', async () => {
  const size = { maxPositionSizePct: 1, maxConcurrentPositions: 1 };
  const asked = {
    release: '2.1',
    attempt: 1,
    step: 0,
    incarnation: 'i',
    configHash: 'hash',
    haltId: HALT_ID,
  };
  const proposal = { ...asked, size };
  const grant = { ...proposal, fileConfigHash: 'hash', approvedBy: ['ann'] };
  const authority = { forGoLive: () => ({ grant, authority: 'person' }) };
  const { handlers, commands } = commanded(
    { authority: authority as unknown as CommandedTrader['authority'] },
    async () => 255 * 1024 * 1024,
  );
  const goLive = { ...why, proposal, decisions: [] };
  await expect(handlers.goLive(goLive)).rejects.toMatchObject({ answer: { code: 'no-room' } });
  expect(commands).toEqual([]);
  await handlers.goLive({ ...goLive, proposal: { ...proposal, step: 1, haltId: null } });
  expect(commands.map(({ command }) => command.name)).toEqual(['goLive']);
});

it('arms nothing where the free room can’t be read', async () => {
  const { handlers, commands } = commanded({}, async () => {
    throw new Error('EIO: i/o error, statfs');
  });
  const arm = { ...why, haltId: HALT_ID, configHash: 'hash', decisions: [] };
  await expect(handlers.arm(arm)).rejects.toThrow('EIO');
  expect(commands).toEqual([]);
});

it('lets commands wait for the start while status answers at once', async () => {
  const { commands } = commanded();
  let begin: (trader: CommandedTrader) => void = () => undefined;
  const started = new Promise<CommandedTrader>((resolve) => (begin = resolve));
  const handlers = createHandlers({
    started,
    now: () => null,
    startingStatus: () => ({ mode: 'HALTED', reason: 'starting' }) as TraderStatus,
    onHeartbeat: () => undefined,
    freeBytes: enoughRoom,
  });
  const stopped = handlers.stop(why);
  expect(await handlers.status({})).toMatchObject({ reason: 'starting' });
  expect(commands).toEqual([]);
  begin({
    runner: { command: async () => ({ ok: true, detail: 'stopped', haltId: HALT_ID }) },
    onDisk: async () => null,
    mode: () => 'HALTED',
  } as unknown as CommandedTrader);
  expect(await stopped).toMatchObject({ ok: true, detail: 'stopped' });
});

it('tells commands why the start failed', async () => {
  const started = Promise.reject(new Error('the journal is damaged'));
  started.catch(() => undefined);
  const handlers = createHandlers({
    started,
    now: () => null,
    startingStatus: () => ({}) as TraderStatus,
    onHeartbeat: () => undefined,
    freeBytes: enoughRoom,
  });
  await expect(handlers.stop(why)).rejects.toMatchObject({
    answer: { code: 'not-started', message: 'the trader did not start: the journal is damaged' },
  });
});

it('refuses to follow from beyond the end of the journal', () => {
  const { handlers } = commanded();
  expect(() => handlers.follow({} as never, 1, { fromSequence: 7 })).toThrow(/the journal ends at 5/);
  expect(() => handlers.follow({} as never, 1, { fromSequence: 6 })).not.toThrow();
});

const KEY = '1'.repeat(64);
function decision(person: string, own: Partial<Decision> = {}): Decision {
  const fields = { decisionId: `d-${person}`, desk: 'desk', person, via: 'web', choice: 'resume' } as const;
  return signDecision(KEY, { ...fields, subject: HALT_ID, atWallMs: 1000, expiresWallMs: 9000, ...own });
}
function question(decisions: readonly Decision[]): ArmQuestion {
  const approvers = new Set(['ann', 'bob']);
  const inForcePpm = 1_000_000;
  return { desk: 'desk', haltId: HALT_ID, inForcePpm, decisions, approvers, readKey: () => KEY, nowMs: 2000 };
}

it('counts persons, not decisions', () => {
  expect(armAuthority(question([])).authority).toBe('rule');
  expect(armAuthority(question([decision('ann')])).authority).toBe('person');
  expect(armAuthority(question([decision('ann'), decision('ann', { decisionId: 'other' })])).authority).toBe(
    'person',
  );
  expect(armAuthority(question([decision('ann'), decision('bob')])).authority).toBe('two-people');
});

it('counts no decision of somebody who was removed since, and those that they make once they are back', () => {
  const removedAt = (endedMs: number | null) => (person: string) => (person === 'ann' ? endedMs : null);
  const both = question([decision('ann'), decision('bob')]);
  expect(() => armAuthority({ ...both, endedMs: removedAt(1000) })).toThrow(
    'the decision of ann does not count: this person was removed since',
  );
  expect(() => armAuthority({ ...both, endedMs: removedAt(Number.NaN) })).toThrow('removed since');
  for (const endedMs of [999, null])
    expect(armAuthority({ ...both, endedMs: removedAt(endedMs) }).authority).toBe('two-people');
  const unreadable = () => {
    throw new Error('the file is damaged');
  };
  expect(() => armAuthority({ ...both, endedMs: unreadable })).toThrow(
    /can't be checked: the file is damaged/,
  );
});

it('asks its own home who was removed', () => {
  const home = mkdtempSync(join(tmpdir(), 'handlers-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, 'secrets'), { recursive: true });
  writeFileSync(join(home, 'secrets', SECRET_FILES.decisionKey), KEY, { mode: 0o600 });
  const loaded = loadDesk(resolveDesk('crypto-bot'));
  const { name: person } = loaded.desk.people.find(({ roles }) => roles.includes('approver'))!;
  const { forArming } = deskAuthority({
    ...{ home, loaded, incarnation: 'i', nowMs: Date.now, web: null as never },
    engine: { view: { halts: [], sizeFactorPpm: 1_000_000 } as never },
  });
  const resume = () =>
    forArming({
      ...{ ...why, haltId: HALT_ID, configHash: loaded.configHash },
      decisions: [
        decision(person, {
          desk: loaded.desk.desk,
          atWallMs: Date.now(),
          expiresWallMs: Date.now() + 60_000,
        }),
      ],
    });
  expect(resume().authority).toBe('person');
  const before = Date.now();
  endPerson(home, person);
  expect(votesEndedMs(home, person)).toBeGreaterThanOrEqual(before);
  vi.spyOn(Date, 'now').mockReturnValue(before);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(resume).toThrow('this person was removed since');
});

it('takes a reason to resume from the decision alone: plain, bounded, and of the person who signed it', () => {
  const reasoned = decision('ann', { reason: `feed \u202eis back${'.'.repeat(900)}` });
  const { said } = armAuthority(question([reasoned, decision('bob')]));
  expect(said).toMatchObject([{ person: 'ann', reason: expect.stringMatching(/^feed \ufffdis back\.+$/) }]);
  expect(said?.[0]?.reason).toHaveLength(500);
  expect(armAuthority(question([decision('ann')])).said).toBeUndefined();
  const changed = { ...decision('ann', { reason: 'one' }), reason: 'another' };
  expect(() => armAuthority(question([changed]))).toThrow(/authentication code is wrong/);
});

it('refuses decisions about something else, by someone else, too old, or changed', () => {
  const refusals: [Decision, RegExp][] = [
    [decision('eve'), /does not name this person/],
    [decision('ann', { desk: 'other' }), /about the desk other/],
    [decision('ann', { subject: 'cd'.repeat(16) }), /about another halt/],
    [decision('ann', { choice: 'reject' }), /the choice was reject/],
    [decision('ann', { expiresWallMs: 1999 }), /has expired/],
    [{ ...decision('ann'), person: 'bob' }, /authentication code is wrong/],
  ];
  for (const [bad, expected] of refusals) {
    expect(() => armAuthority(question([decision('bob'), bad]))).toThrow(expected);
  }
  const noKey = {
    ...question([decision('ann')]),
    readKey: () => {
      throw new Error('no key');
    },
  };
  expect(() => armAuthority(noKey)).toThrow(/can't be checked: no key/);
});

it('proves flat by what the venue says, and says that it does not know where the venue is silent', async () => {
  const venue = venueDouble();
  const instruments = [{ symbol: 'BTC/USDT', lotSize: '0.001' }] as never;
  const ours = () => ({ entriesWorking: 0, state: 'running', escalated: [] }) as const;
  const prove = flatProver({ venue, instruments, nowMs: () => 7, isTradable: (_, lots) => lots !== 0, ours });
  expect(await prove()).toMatchObject({
    flat: true,
    venuePositions: [],
    venueOpenOrders: 0,
    readAtWallMs: 7,
  });
  venue.positions = async () => [{ instrument: 0, quantityLots: -1500 }];
  expect(await prove()).toMatchObject({
    flat: false,
    venuePositions: [{ symbol: 'BTC/USDT', quantity: '-1.500' }],
  });
  venue.positions = () => Promise.reject(new VenueUnavailable('503'));
  await expect(prove()).rejects.toMatchObject({ answer: { code: 'venue-unavailable' } });
});
