import { expect, it } from 'vitest';
import { type Decision, decisionSubject, signDecision } from '../../src/domain/decision.js';
import { type SettingsProposal, settingsTerms } from '../../src/domain/settings-change.js';
import { DECISION_KEY, recordsIn, type TraderHome, traderHome } from './spawn-trader.js';

const APPROVAL = 'settings:crypto-bot:2:abcd';
let commands = 0;

function reload(
  home: TraderHome,
  baseVersion: number,
  values: Record<string, number>,
  decisions: Decision[] = [],
) {
  commands += 1;
  return home.client.call('reload', {
    commandId: `reload-${commands}`,
    by: 'operator',
    reason: 'a test',
    baseVersion,
    values,
    approvalId: decisions.length > 0 ? APPROVAL : '',
    decisions,
  });
}

function vote(proposal: SettingsProposal, changed: Partial<Decision> = {}, key = DECISION_KEY): Decision {
  const atWallMs = Date.now();
  return signDecision(key, {
    decisionId: `${APPROVAL}:operator:approve`,
    desk: 'crypto-bot',
    person: 'operator',
    via: 'web',
    choice: 'approve',
    subject: decisionSubject({ id: APPROVAL, ...settingsTerms(proposal) }),
    atWallMs,
    expiresWallMs: atWallMs + 60_000,
    ...changed,
  });
}

it('tightens at once, keeps it over a kill -9, and loosens only with votes that were signed for exactly that', async () => {
  const home = traderHome();
  const first = await home.start();
  const before = await home.status();
  const tightened = await reload(home, 0, { 'risk.maxPositionSizePct': 2 });
  expect(tightened).toMatchObject({ ok: true, settingsVersion: 1 });
  expect(tightened.configHash).not.toBe(before.configHash);
  first.child.kill('SIGKILL');
  await first.exited;

  await home.start();
  const after = await home.status();
  expect(after).toMatchObject({
    configHash: tightened.configHash,
    settings: { version: 1, changed: { 'risk.maxPositionSizePct': 2 }, fileConfigHash: before.configHash },
  });
  expect(after.risk).toContainEqual(expect.objectContaining({ value: '2 % of equity' }));

  const looser = { 'risk.maxPositionSizePct': 4 };
  await expect(reload(home, 1, looser)).rejects.toMatchObject({ code: 'approval-needed' });
  const { incarnation } = after;
  const changes = [{ key: 'risk.maxPositionSizePct', from: 2, to: 4 }];
  const proposal: SettingsProposal = { incarnation, version: 2, changes };
  const bad: readonly (readonly [string, Decision])[] = [
    ['another key', vote(proposal, {}, 'cd'.repeat(32))],
    ['another value', vote({ ...proposal, changes: [{ ...changes[0]!, to: 3 }] })],
    ['another version', vote({ ...proposal, version: 3 })],
    ['another journal', vote({ ...proposal, incarnation: 'zzzzzz' })],
    ['a refusal', vote(proposal, { choice: 'reject' })],
    ['a stranger', vote(proposal, { person: 'mallory' })],
    ['another desk', vote(proposal, { desk: 'other' })],
    ['too late', vote(proposal, { expiresWallMs: Date.now() - 1 })],
  ];
  for (const [what, decision] of bad)
    await expect(reload(home, 1, looser, [decision]), what).rejects.toMatchObject({
      code: 'approval-refused',
    });
  const good = vote(proposal);
  expect(await reload(home, 1, looser, [good])).toMatchObject({ settingsVersion: 2 });
  // The answer was lost and the workflow asks again: nothing changes twice.
  expect(await reload(home, 1, looser, [good])).toMatchObject({ ok: true, settingsVersion: 2 });
  await reload(home, 2, { 'risk.maxPositionSizePct': 2 });
  await expect(reload(home, 3, looser, [good])).rejects.toMatchObject({ code: 'approval-refused' });
  await expect(reload(home, 1, looser, [good])).rejects.toMatchObject({ code: 'settings-changed' });
  expect(recordsIn(home.journal, 'settings').map(({ version, approvedBy }) => [version, approvedBy])).toEqual(
    [
      [1, []],
      [2, ['operator']],
      [3, []],
    ],
  );
});

it('shows the bars that it was warmed up with, and warms a changed strategy up at once', async () => {
  const home = traderHome();
  await home.start();
  const { bars, source } = await home.client.call('bars', { symbol: 'BTC/USDT', count: 1000, sinceMs: 0 });
  expect(source).toBe((await home.status()).marketData.identity);
  expect(bars.length).toBeGreaterThanOrEqual(500);
  expect(bars.every(({ openMs }, at) => at === 0 || openMs > (bars[at - 1]?.openMs ?? 0))).toBe(true);
  await expect(home.client.call('bars', { symbol: 'NO/SUCH', count: 1, sinceMs: 0 })).rejects.toMatchObject({
    code: 'unknown-symbol',
  });
  const { incarnation, strategies } = await home.status();
  const key = 'strategies.ema-cross.parameters.atrBars';
  const proposal = { incarnation, version: 1, changes: [{ key, from: 14, to: 20 }] };
  await reload(home, 0, { [key]: 20 }, [vote(proposal)]);
  const after = await home.status();
  expect(after.strategies).toHaveLength(strategies.length);
  // From the bars that there are: live ones alone would take far longer.
  const warming = async () =>
    (await home.status()).strategies.filter(({ state }) => state.includes('warming up'));
  await expect.poll(warming).toEqual([]);
});
