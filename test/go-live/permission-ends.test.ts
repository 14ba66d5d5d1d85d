/** What ends the permission to trade real money, each tried on a live desk at the exchange's simulator. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { padded } from '../../simulators/binance/accounts.js';
import { decisionSubject, signDecision } from '../../src/domain/decision.js';
import { type SettingChange, settingsTerms } from '../../src/domain/settings-change.js';
import { signStatement } from '../../src/domain/signed-vote.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
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
