/** What ends the permission to trade real money, each tried on a live desk at the exchange's simulator. */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect, it, onTestFinished, vi } from 'vitest';
import { padded } from '../../simulators/binance/accounts.js';
import { decisionSubject, signDecision } from '../../src/domain/decision.js';
import { type SettingChange, settingsTerms } from '../../src/domain/settings-change.js';
import { signStatement } from '../../src/domain/signed-vote.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { connectTrader } from '../../src/trader/client.js';
import { startTrader } from '../../src/trader/start.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { ownKeyOf } from '../support/own-keys.js';
import { OTHER_KEY, TRADING_KEY } from '../venue-binance/support/raw-client.js';
import { DECISION_KEY, type LiveDesk, liveDesk, vote } from './support/live-desk.js';

const PEOPLE = ['operator', 'second'] as const;
let asked = 0;
const why = () => ({ commandId: `end-${asked++}`, by: 'operator', reason: 'a test' });

/** Armed with real money, by the votes of two people. */
async function armedDesk(): Promise<{
  readonly desk: LiveDesk;
  readonly running: { stop(): Promise<void> };
}> {
  const desk = await liveDesk();
  const running = await desk.start();
  await isReady(desk);
  const proposal = await desk.proposal();
  const decisions = PEOPLE.map((person) => vote(proposal, person));
  await desk.client.call('goLive', { ...why(), proposal, decisions }, { timeoutMs: 30_000 });
  expect(await desk.status()).toMatchObject({ mode: 'ACTIVE', goLive: { granted: { step: 0 } } });
  return { desk, running };
}

const isReady = (desk: LiveDesk) =>
  desk.until(
    'reconciled and priced',
    ({ reconciliation, marketData }) => reconciliation.state === 'clean' && marketData.state === 'up',
  );

/** Whoever decides now is told that it takes a new go-live. */
async function takesAnother(desk: LiveDesk): Promise<void> {
  const { haltId, configHash, mode, goLive } = await isReady(desk);
  expect({ mode, granted: goLive.granted }).toEqual({ mode: 'HALTED', granted: null });
  const arm = desk.client.call(
    'arm',
    { ...why(), haltId: haltId!, configHash, decisions: [] },
    { timeoutMs: 30_000 },
  );
  await expect(arm).rejects.toMatchObject({ code: 'go-live-required' });
}

async function change(desk: LiveDesk, { key, from, to }: SettingChange, approved: boolean): Promise<void> {
  const { incarnation, configHash, settings } = await desk.status();
  const proposal = { incarnation, version: settings.version + 1, changes: [{ key, from, to }] };
  const subject = decisionSubject({ id: 'settings:1', ...settingsTerms(proposal) });
  const expiresWallMs = Date.now() + 60_000;
  const said = { desk: 'crypto-live', subject, choice: 'approve', expiresWallMs } as const;
  const statement = { ...said, kind: 'settings', account: incarnation, configHash, sizePct: null } as const;
  const decisions = PEOPLE.map((person) =>
    signDecision(DECISION_KEY, {
      ...said,
      decisionId: person,
      person,
      via: 'web',
      atWallMs: Date.now(),
      signature: signStatement(ownKeyOf(person), statement, person),
    }),
  );
  const request = {
    baseVersion: settings.version,
    values: { [key]: to },
    approvalId: approved ? 'settings:1' : '',
  };
  await desk.client.call(
    'reload',
    { ...why(), ...request, decisions: approved ? decisions : [] },
    { timeoutMs: 30_000 },
  );
}

it('taking it back halts the desk at once, and it takes another go-live', async () => {
  const { desk } = await armedDesk();
  await desk.client.call('revokeGoLive', why(), { timeoutMs: 30_000 });
  await takesAnother(desk);
});

it('a setting that is loosened ends it; one that is tightened leaves it in force', async () => {
  const { desk } = await armedDesk();
  await change(desk, { key: 'risk.maxDrawdownPct', from: 15, to: 12 }, false);
  expect(await desk.status()).toMatchObject({ mode: 'ACTIVE', goLive: { granted: { step: 0 } } });
  await change(desk, { key: 'risk.maxDrawdownPct', from: 12, to: 14 }, true);
  await takesAnother(desk);
});

it('a desk file that was changed ends it at the next start', async () => {
  const { desk, running } = await armedDesk();
  await running.stop();
  const { deskFile } = desk.runtime;
  writeFileSync(
    deskFile,
    readFileSync(deskFile, 'utf8').replace('maxDrawdownPct: 15.0', 'maxDrawdownPct: 14.0'),
  );
  Object.assign(desk.runtime, { configHash: loadDesk(deskFile).configHash });
  await desk.start();
  await takesAnother(desk);
  const { goLive, reason } = await desk.status();
  expect(goLive.ended).toMatchObject({
    attempt: 1,
    by: 'fermata',
    reason: 'the desk file was changed since',
  });
  expect(reason).toContain('only with a go-live');
});

it('a journal that was begun anew knows of no permission', async () => {
  const { desk, running } = await armedDesk();
  const before = (await desk.status()).incarnation;
  await running.stop();
  const { account, journalEnds } = deskPaths(homePaths(desk.home), desk.runtime.desk);
  rmSync(account, { recursive: true });
  rmSync(journalEnds, { force: true });
  await desk.start();
  await takesAnother(desk);
  expect((await desk.status()).incarnation).not.toBe(before);
});

/** The same desk in another folder. */
function inHome(desk: LiveDesk, home: string): LiveDesk {
  const deskFile = desk.runtime.deskFile.replace(desk.home, home);
  const runtime = { ...desk.runtime, home, deskFile };
  const client = connectTrader(deskPaths(homePaths(home), runtime.desk).controlSocket);
  const status = () => client.call('status', {}, { timeoutMs: 30_000 });
  onTestFinished(() => {
    client.close();
    rmSync(home, { recursive: true, force: true });
  });
  const until: LiveDesk['until'] = async (_what, holds) =>
    vi.waitUntil(async () => {
      const now = await status();
      return holds(now) && now;
    }, 60_000) as ReturnType<LiveDesk['until']>;
  const start = async () => {
    const role = await startTrader(runtime);
    onTestFinished(() => role.stop());
    return role;
  };
  return { ...desk, home, runtime, client, status, until, start };
}

it('does not hold in a copy of its home, whose trader refuses to begin beside the original', async () => {
  const { desk, running } = await armedDesk();
  const { incarnation } = await desk.status();
  const copy = inHome(desk, `${desk.home}-copy`);
  // As a backup of the folder is: with its times, its modes and its links.
  cpSync(desk.home, copy.home, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  await expect(copy.start()).rejects.toThrow(
    /another FERMATA_HOME on this machine trades the account.*a copy/,
  );
  await running.stop();
  const inCopy = await copy.start();
  await takesAnother(copy);
  const now = await copy.status();
  expect(now.incarnation).not.toBe(incarnation);
  expect(now.goLive.ended).toMatchObject({ by: 'fermata', reason: 'the journal was restored or begun anew' });
  expect(now.halts.map(({ reason }) => reason).join()).toContain(
    `this home was copied, or moved to another disk, from ${desk.home}`,
  );
  // A person's stop takes the place of that halt, and not of what is known about the home.
  await copy.client.call('stop', { ...why(), reason: 'to be sure' });
  const from = () => copy.status().then(({ halts }) => halts.map(({ copiedFrom }) => copiedFrom).join(''));
  await vi.waitFor(async () => expect((await copy.status()).reason).toContain('to be sure'));
  expect(await from()).toBe(`${desk.home}/desks/crypto-live on ${hostname()}`);
  await inCopy.stop();
  // Once is enough: the copy is a home of its own then.
  await copy.start();
  const later = await isReady(copy);
  expect(later.incarnation).toBe(now.incarnation);
  expect(await from()).toBe(`${desk.home}/desks/crypto-live on ${hostname()}`);
});

it('goes with its home to another name', async () => {
  const { desk, running } = await armedDesk();
  const { incarnation } = await desk.status();
  await running.stop();
  const moved = inHome(desk, `${desk.home}-moved`);
  renameSync(desk.home, moved.home);
  await moved.start();
  expect(await isReady(moved)).toMatchObject({ incarnation, goLive: { granted: { step: 0 } } });
});

it('a key of another account starts nothing, and a new key of the same one goes on', async () => {
  const { desk, running } = await armedDesk();
  const { incarnation } = await desk.status();
  await running.stop();
  const { exchange } = desk.simulator.simulation;
  const trade = ({ apiKey, secret }: { apiKey: string; secret: string }) => {
    vi.stubEnv('BINANCE_API_KEY', apiKey);
    vi.stubEnv('BINANCE_SECRET_KEY', secret);
  };
  trade(OTHER_KEY);
  await expect(desk.start()).rejects.toThrow('and the key is of the account');
  expect(exchange.orders.filter(({ account }) => account === 'other')).toEqual([]);
  const rotated = {
    ...TRADING_KEY,
    apiKey: padded('simDeskRotated'),
    secret: padded('simDeskRotatedSecret'),
  };
  exchange.keys.delete(TRADING_KEY.apiKey);
  exchange.keys.set(rotated.apiKey, rotated);
  trade(rotated);
  await desk.start();
  expect(await isReady(desk)).toMatchObject({ incarnation, goLive: { granted: { step: 0 } } });
});
