/** Looser settings on a desk with real money: as many people as its going live takes, checked by the trader itself. */
import { expect, it } from 'vitest';
import { decisionSubject, signDecision } from '../../src/domain/decision.js';
import { settingsTerms } from '../../src/domain/settings-change.js';
import { signStatement } from '../../src/domain/signed-vote.js';
import { ownKeyOf } from '../support/own-keys.js';
import { DECISION_KEY, type LiveDesk, liveDesk } from './support/live-desk.js';

const KEY = 'risk.maxDrawdownPct';

async function loosen(desk: LiveDesk, people: readonly string[], own = true) {
  const { incarnation, configHash } = await desk.until(
    'reconciled',
    (now) => now.reconciliation.state === 'clean',
  );
  const proposal = { incarnation, version: 1, changes: [{ key: KEY, from: 15, to: 20 }] };
  const subject = decisionSubject({ id: 'settings:1', ...settingsTerms(proposal) });
  const expiresWallMs = Date.now() + 60_000;
  const statement = {
    kind: 'settings',
    desk: 'crypto-live',
    account: incarnation,
    configHash,
    subject,
  } as const;
  const decisions = people.map((person) =>
    signDecision(DECISION_KEY, {
      decisionId: `${person}:approve`,
      desk: 'crypto-live',
      person,
      via: 'web',
      choice: 'approve',
      subject,
      atWallMs: Date.now(),
      expiresWallMs,
      ...(own
        ? {
            signature: signStatement(
              ownKeyOf(person),
              { ...statement, choice: 'approve', sizePct: null, expiresWallMs },
              person,
            ),
          }
        : {}),
    }),
  );
  const why = { commandId: `c${people.length}`, by: 'operator', reason: 'a wilder week' };
  const asked = { ...why, baseVersion: 0, values: { [KEY]: 20 }, approvalId: 'settings:1', decisions };
  return desk.client.call('reload', asked, { timeoutMs: 30_000 });
}

it('take two people where going live does', async () => {
  const desk = await liveDesk();
  await desk.start();
  await expect(loosen(desk, ['operator'])).rejects.toThrow(/2 people must approve this, 1 did/);
  await expect(loosen(desk, ['operator', 'second'], false)).rejects.toThrow(
    /not signed with the key of the person/,
  );
  await expect(loosen(desk, ['operator', 'second'])).resolves.toMatchObject({ settingsVersion: 1 });
});

it('take one where one person goes live alone, after a cooling-off that the next go-live has too', async () => {
  const alone = 'goLive:\n  needed: 1\n  coolingOffHours: 24';
  const desk = await liveDesk({ edit: (text) => text.replace('goLive:', alone) });
  await desk.start();
  await expect(loosen(desk, ['operator'])).resolves.toMatchObject({ settingsVersion: 1 });
});
