import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { type Decision, signDecision } from '../../src/domain/decision.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { withRestingEntry } from '../support/desk-files.js';
import { until } from '../support/eventually.js';
import { DECISION_KEY, onceOrdersAreKnown, recordsIn, type TraderHome, traderHome } from './spawn-trader.js';
import { shortFolder } from './stub-handlers.js';

let commands = 0;
function why() {
  commands += 1;
  return { commandId: `test-${commands}`, by: 'operator', reason: 'a test' };
}

function decision(person: string, subject: string): Decision {
  const atWallMs = Date.now();
  const fields = {
    decisionId: `${person}-${subject}`,
    desk: 'crypto-bot',
    person,
    via: 'cli',
    choice: 'resume',
    reason: `${person} looked`,
  } as const;
  return signDecision(DECISION_KEY, { ...fields, subject, atWallMs, expiresWallMs: atWallMs + 60_000 });
}

async function resume(home: TraderHome, persons: readonly string[]) {
  const ready = await home.until(
    ({ reconciliation, closeAll }) => reconciliation.state === 'clean' && closeAll !== 'running',
  );
  const haltId = ready.haltId ?? '';
  const decisions = persons.map((person) => decision(person, haltId));
  return onceOrdersAreKnown(() =>
    home.client.call('arm', { ...why(), haltId, configHash: ready.configHash, decisions }),
  );
}

/** Resolves when no entry works any more and every position has its stop. */
async function stopBesideAnEntry(home: TraderHome): Promise<TraderStatus> {
  await home.until(({ positions, entriesWorking }) => positions.length > 0 && entriesWorking > 0);
  expect(await home.client.call('stop', why())).toMatchObject({
    ok: true,
    mode: 'HALTED',
    haltId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  return home.until(
    ({ entriesWorking, positions }) =>
      entriesWorking === 0 && positions.every(({ protection }) => protection === 'confirmed'),
  );
}

/** By the journal: an entry that ended for another reason does not count. */
const stopTookAnEntryOff = (home: TraderHome): boolean =>
  recordsIn(home.journal, 'order.state').some(
    ({ state, reason }) => state === 'cancelling' && reason === 'the desk is HALTED',
  );

it('is not halted anew by a stop that its workflow delivers once more', async () => {
  const home = traderHome();
  await home.start();
  await home.arm();
  const asked = why();
  const { haltId } = await home.client.call('stop', asked);
  expect(await home.client.call('stop', asked)).toMatchObject({ ok: true, haltId });
  expect((await home.client.call('status', {})).haltId).toBe(haltId);
  expect(await resume(home, ['operator'])).toMatchObject({ ok: true, mode: 'ACTIVE' });
  // What was lifted since is not what this stop asks for.
  expect(await home.client.call('stop', asked)).toMatchObject({ ok: true, mode: 'HALTED' });
});

it('stops: the entry leaves the market, the position and its confirmed stop stay, and only a person resumes', async () => {
  const home = traderHome({ edit: withRestingEntry });
  await home.start();
  await home.arm();
  let after = await stopBesideAnEntry(home);
  // At this speed an entry may be taken back for its age a moment before the stop.
  for (let again = 0; again < 4 && !stopTookAnEntryOff(home); again += 1) {
    await resume(home, ['operator']);
    after = await stopBesideAnEntry(home);
  }
  expect(stopTookAnEntryOff(home)).toBe(true);
  expect(after.positions.length).toBeGreaterThan(0);
  await expect(resume(home, [])).rejects.toMatchObject({ code: 'authority' });
  await expect(resume(home, ['mallory'])).rejects.toMatchObject({ code: 'decision-refused' });
  expect(await resume(home, ['operator'])).toMatchObject({ ok: true, mode: 'ACTIVE' });
  expect(recordsIn(home.journal, 'armed').at(-1)).toMatchObject({
    said: [{ person: 'operator', reason: 'operator looked' }],
  });
});

it('keeps a stop by a person over kill -9: the rule does not resume it', async () => {
  const home = traderHome();
  const first = await home.start();
  await home.arm();
  await home.client.call('stop', why());
  first.child.kill('SIGKILL');
  await first.exited;
  await home.start();
  await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  await expect(resume(home, [])).rejects.toMatchObject({ code: 'authority' });
});

it('closes all positions and proves it by reading them back from the venue', async () => {
  const home = traderHome();
  await home.start();
  await home.arm();
  await home.until(({ positions }) => positions.length > 0);
  await home.client.call('closeAll', why());
  await home.until(({ closeAll }) => closeAll === 'flat');
  expect(await home.client.call('flatProof', {})).toMatchObject({
    flat: true,
    venuePositions: [],
    venueOpenOrders: 0,
    state: 'flat',
  });
  expect(await home.client.call('status', {})).toMatchObject({ mode: 'HALTED', openPositions: 0 });
  await expect(resume(home, [])).rejects.toMatchObject({ code: 'authority' });
});

it('needs two people after a kill, and one person twice is one', async () => {
  const people = '$&\n  - name: second\n    roles: [approver]';
  const home = traderHome({ edit: (text) => text.replace(/^people:.*$/m, people) });
  await home.start();
  await home.arm();
  expect(await home.client.call('kill', why())).toMatchObject({ mode: 'KILLED' });
  await home.until(({ closeAll }) => closeAll === 'flat');
  await expect(resume(home, ['operator', 'operator'])).rejects.toMatchObject({ code: 'authority' });
  expect(await resume(home, ['operator', 'second'])).toMatchObject({ mode: 'ACTIVE' });
});

it('trades again by an approver only: an operator’s decision counts for nothing, alone and beside another', async () => {
  const people = '$&\n  - name: olga\n    roles: [operator]';
  const home = traderHome({ edit: (text) => text.replace(/^people:.*$/m, people) });
  await home.start();
  await home.arm();
  await home.client.call('stop', why());
  const refusal = {
    code: 'decision-refused',
    message: expect.stringContaining(
      'decision of olga does not count: the desk file does not name this person',
    ),
    // Deciding again would change nothing.
    doThis: expect.stringMatching(/^Ask somebody who approves: .*operator/),
  };
  await expect(resume(home, ['olga'])).rejects.toMatchObject(refusal);
  await expect(resume(home, ['operator', 'olga'])).rejects.toMatchObject(refusal);
  expect((await home.status()).mode).toBe('HALTED');
  expect(await resume(home, ['operator'])).toMatchObject({ mode: 'ACTIVE' });
});

it('refuses to arm with an old halt id or another configuration', async () => {
  const home = traderHome();
  await home.start();
  const before = await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  await home.client.call('halt', { ...why(), cause: 'check-failed', resume: 'auto' });
  const arm = (haltId: string, configHash: string) =>
    home.client.call('arm', { ...why(), haltId, configHash, decisions: [] });
  await expect(arm(before.haltId ?? '', before.configHash)).rejects.toMatchObject({ code: 'stale-halt-id' });
  const { haltId } = await home.status();
  await expect(arm(haltId ?? '', 'another')).rejects.toMatchObject({ code: 'config-changed' });
});

it('gives a follower every entry once, over a restart, with a chain that fits', async () => {
  const home = traderHome();
  const first = await home.start();
  const seen: string[] = [];
  const followed = new Promise((resolve) =>
    home.client.follow(1, (entry) => seen.push(`${entry.sequence} ${entry.chain}`), resolve),
  );
  await home.arm();
  await home.until(({ fills }) => fills > 0);
  first.child.kill('SIGKILL');
  await followed;
  await home.start();
  await home.until(({ reconciliation }) => reconciliation.state === 'clean');
  home.client.follow(
    seen.length + 1,
    (entry) => seen.push(`${entry.sequence} ${entry.chain}`),
    () => undefined,
  );
  const journal = () => [...readJournal(home.journal)].map((entry) => `${entry.sequence} ${entry.chain}`);
  await until('every entry', () => seen.length >= journal().length);
  expect(seen.slice(0, journal().length)).toEqual(journal().slice(0, seen.length));
});

it('trades a recording and tells the supervisor when it has ended', async () => {
  const file = join(shortFolder(), 'prices.csv');
  const rows = Array.from({ length: 3000 }, (_, index) => {
    const price = (at: number) => (50_000 + 800 * Math.sin(at / 40) + 30 * Math.sin(at * 7.3)).toFixed(2);
    const [open, close] = [price(index), price(index + 1)];
    const [low, top] = [open, close].sort((a, b) => Number(a) - Number(b));
    // As far away as the guard of live quotes believes none; the four prices of a bar are what they are.
    const high = index === 20 ? '60000.00' : top;
    return `${1_735_689_600_000 + index * 60_000},${open},${high},${low},${close},1`;
  });
  writeFileSync(file, `ts,open,high,low,close,volume\n${rows.join('\n')}\n`);
  const market = {
    kind: 'recorded',
    files: [{ symbol: null, file }],
    // Nine seconds in all: it goes on while a busy machine still arms the trader.
    speed: 20_000,
    exitAtEnd: true,
  } as const;
  const home = traderHome({ market });
  const { child } = await home.start();
  const ended = new Promise((resolve) => child.on('message', resolve));
  await home.arm();
  expect(await ended).toMatchObject({ type: 'ended' });
  const status = await home.status();
  expect(status).toMatchObject({ mode: 'HALTED', marketData: { kind: 'recorded', state: 'down' } });
  expect(status.fills).toBeGreaterThan(4);
  expect(recordsIn(home.journal, 'note').filter(({ text }) => text.includes('implausible'))).toEqual([]);
  expect(status.halts.map(({ cause }) => cause)).toContain('recording-ended');
});

it('says on how many days of a recording it was HALTED, and why', async () => {
  const file = join(shortFolder(), 'prices.csv');
  const rows = Array.from({ length: 3000 }, (_, at) => `${1_735_689_600_000 + at * 60_000},5,5,5,5,1`);
  writeFileSync(file, `ts,open,high,low,close,volume\n${rows.join('\n')}\n`);
  const files = [{ symbol: null, file }];
  const market = { kind: 'recorded', files, speed: null, exitAtEnd: true } as const;
  const { child } = await traderHome({ market }).start();
  const [said] = await once(child, 'message');
  expect(said).toMatchObject({
    type: 'ended',
    detail: expect.stringMatching(
      /; HALTED for all of 3 days of it, because .*: fermata backtest trades all of them$/,
    ),
  });
});
