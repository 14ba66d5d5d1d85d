/** A passkey from the page, at the width of a phone, with Chromium's own authenticator. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/domain/decision.js';
import { sizeSubject } from '../../src/domain/settings-change.js';
import { publicHalf, type RealMoneyRules, realMoneyObjection } from '../../src/domain/signed-vote.js';
import { namedPages, passkeyCode } from '../../src/domain/vote-passkey.js';
import { groupedCode, type RealMoneyKind, type StatementToSign } from '../../src/domain/vote-statement.js';
import { PasskeyTable } from '../../src/store/sign-in-means.js';
import { ownKeyOf } from '../support/own-keys.js';
import { resize } from '../support/page.js';
import { neverForged, rowMaker } from '../support/row-makers.js';
import { scriptedStatus } from '../support/trader-status.js';
import { missing, OpenedPage } from './opened-page.js';
import { DESK, PASSWORD } from './web-under-test.js';

const PHONE = { width: 390, height: 844 };
const opened = new OpenedPage();

describe.skipIf(missing.length > 0)('passkeys on a phone', () => {
  beforeAll(() => opened.start());
  afterAll(() => opened.close());

  it('are made with the password, sign in, and are removed; a page at a number says where to go', async () => {
    const { page, web } = opened;
    const shot = async (name: string): Promise<void> => {
      const folder = process.env.SCREENSHOTS;
      if (folder !== undefined) await page.screenshot({ path: `${folder}/passkeys-${name}.png` });
    };
    await resize(page, PHONE);
    const named = `http://localhost:${new URL(web.origin).port}/`;
    await page.goto(web.origin);
    await expect.poll(() => page.locator('main').innerText()).toContain('127.0.0.1 is a number');
    await expect.poll(() => page.getByRole('link', { name: named }).getAttribute('href')).toBe(named);
    await shot('number');

    const removeDevice = await withDevice(page);
    await page.goto(named);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const sections = page.getByRole('navigation', { name: 'Sections' });
    const settings = sections.getByRole('link', { name: 'Settings' });
    await settings.click();
    const panel = page.getByRole('region', { name: 'Your passkeys' });
    await expect.poll(() => panel.innerText()).toContain('None yet.');
    await panel.getByRole('button', { name: 'Add a passkey…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a passkey' });
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/api/passkeys/challenge')) asked.push(request.postData() ?? '');
    });
    await dialog.getByLabel('A name to know it by').fill('Phone');
    await dialog.getByLabel('Password').fill('mistyped');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await expect.poll(() => page.getByTestId('said').innerText()).toContain('This is not your password.');
    expect(asked).toEqual(['{"password":"mistyped"}']);
    await panel.getByRole('button', { name: 'Add a passkey…' }).click();
    await dialog.getByLabel('A name to know it by').fill('Phone');
    await dialog.getByLabel('Password').fill(PASSWORD);
    await shot('add');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await expect
      .poll(() => page.getByTestId('said').innerText())
      .toContain('“Phone” signs operator in at localhost');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
    await shot('sign-in');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await settings.click();
    await expect.poll(() => panel.innerText()).toContain('last used');
    await panel.scrollIntoViewIfNeeded();
    await shot('list');
    expect(await page.evaluate(() => document.body.scrollWidth)).toBeLessThanOrEqual(PHONE.width);

    await panel.getByRole('button', { name: 'Remove Phone' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    // It was what signed this page in.
    const again = page.getByRole('button', { name: 'Sign in with a passkey' });
    await again.click();
    await expect.poll(() => page.getByRole('alert').innerText()).toContain('This passkey was not accepted');
    expect(opened.complaints).toEqual([]);
    await removeDevice();
  });

  it('sign a vote and a larger size: enrolled by the code that this page showed, over exactly what is decided', async () => {
    const { page, web, votes, database } = opened;
    await resize(page, PHONE);
    const origin = `http://localhost:${new URL(web.origin).port}`;
    const removeDevice = await withDevice(page);
    await page.goto(`${origin}/`);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const sections = page.getByRole('navigation', { name: 'Sections' });
    await sections.getByRole('link', { name: 'Settings' }).click();
    const panel = page.getByRole('region', { name: 'Your passkeys' });
    await panel.getByRole('button', { name: 'Add a passkey…' }).click();
    const adding = page.getByRole('dialog', { name: 'Add a passkey' });
    await adding.getByLabel('A name to know it by').fill('Phone');
    await adding.getByLabel('Password').fill(PASSWORD);
    await adding.getByRole('button', { name: 'Add' }).click();
    const code = /person key operator --passkey ([0-9a-f-]{39})/;
    await expect.poll(() => page.getByTestId('said').innerText()).toMatch(code);
    const [, shown = ''] = code.exec(await page.getByTestId('said').innerText()) ?? [];

    const [row] = await new PasskeyTable(database.pool, DESK, rowMaker, () => false, neverForged).of(
      'operator',
    );
    const { id: credentialId, rpId, algorithm, publicKey, name } = row!;
    const identity = { credentialId, rpId, algorithm, publicKey };
    const keyId = passkeyCode(identity);
    expect(groupedCode(keyId)).toBe(shown);

    opened.keys = [
      { kind: 'passkey', keyId, name, ...identity, enrolledMs: 0 },
      publicHalf(ownKeyOf('operator'), '', 0),
    ];
    const asked = (kind: RealMoneyKind, subject: string): StatementToSign => ({
      ...{ kind, subject, desk: DESK, choice: 'approve', account: 'j1', configHash: 'c' },
      ...{ sizePct: null, expiresWallMs: Date.now() + 600_000 },
    });
    const objection = (statement: StatementToSign, signature: string) => {
      const { kind, account, configHash, ...said } = statement;
      const decision = {
        ...said,
        ...{ decisionId: 'v', person: 'operator', via: 'web', atWallMs: 0, mac: '' },
      };
      const rules: RealMoneyRules = {
        ...{ kind, inForce: { account, configHash }, chatKey: () => '', chatVotesMax: 0 },
        ...{ keysOf: () => opened.keys, pages: () => namedPages(Number(new URL(origin).port)) },
      };
      return realMoneyObjection({ ...decision, signature } as Decision, rules, 1);
    };
    const vote = asked('settings', 'settings 4');
    opened.statement = vote;
    await sections.getByRole('link', { name: 'Waiting' }).click();
    await page.getByRole('button', { name: 'Approve…' }).click();
    const dialog = page.getByRole('dialog', { name: /^Approve:/ });
    await dialog.getByLabel(/^Reason/).fill('as it was shown');
    await dialog.getByRole('button', { name: 'Signing password' }).click();
    await dialog.getByLabel(/^Signing password:/).waitFor();
    await dialog.getByRole('button', { name: 'Sign with passkey' }).click();
    if (process.env.SCREENSHOTS !== undefined)
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/passkeys-vote.png` });
    expect(await page.evaluate(() => document.body.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
    await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
    await expect.poll(() => votes.length, { timeout: 30_000 }).toBe(1);

    const signed = votes[0]?.signature ?? '';
    expect(objection(vote, signed)).toBeNull();
    expect(objection({ ...vote, subject: 'settings 5' }, signed)).toContain('it answers another challenge');

    const larger = asked('size', sizeSubject(50, 80));
    opened.statement = larger;
    web.trader.status = scriptedStatus({ trading: 'live', sizePct: 50 });
    await sections.getByRole('link', { name: 'Settings' }).click();
    await page
      .getByText('50 % of the full size, which is what the settings in force and the permission allow.')
      .waitFor();
    await page.getByRole('button', { name: 'Change the size…' }).click();
    const resizing = page.getByRole('dialog', { name: 'Change the position size?' });
    await resizing.getByLabel(/^Position size/).fill('80');
    await resizing.getByRole('button', { name: 'Sign with passkey' }).waitFor();
    expect(await page.evaluate(() => document.body.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
    const sent = page.waitForRequest((request) => request.url().endsWith('/api/size'));
    await resizing.getByRole('button', { name: 'Change', exact: true }).click();
    const body = (await sent).postDataJSON() as { readonly sizePct: number; readonly signature: string };
    expect(body.sizePct).toBe(80);
    expect(objection(larger, body.signature)).toBeNull();
    expect(objection({ ...larger, subject: sizeSubject(50, 90) }, body.signature)).toContain(
      'it answers another challenge',
    );
    expect(opened.complaints).toEqual([]);
    await removeDevice();
  });
});

/** Chromium's own authenticator, in the place of a device's; ends with what is returned. */
async function withDevice(page: Page): Promise<() => Promise<void>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  return async () => {
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    await devtools.detach();
  };
}
