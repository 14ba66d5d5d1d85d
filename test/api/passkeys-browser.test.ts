/** A passkey from the page, at the width of a phone, with Chromium's own authenticator. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing, OpenedPage } from './opened-page.js';
import { PASSWORD } from './web-under-test.js';

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
    await page.setViewportSize(PHONE);
    const named = `http://localhost:${new URL(web.origin).port}/`;
    await page.goto(web.origin);
    await expect.poll(() => page.locator('main').innerText()).toContain('127.0.0.1 is a number');
    expect(await page.getByRole('link', { name: named }).getAttribute('href')).toBe(named);
    await shot('number');

    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
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
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  });
});
