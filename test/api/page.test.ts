/** The built page in Chromium. Skipped, and says so, where there is no Chromium. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VoteRequest } from '../../src/operations/approvals/cast-vote.js';
import type { SettingsRequest } from '../../src/operations/settings/change-settings.js';
import { createSignInToken } from '../../src/store/sign-in-tokens.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { HALT_ID } from '../support/scripted-trader.js';
import { scriptedStatus } from '../support/trader-status.js';
import { APPROVAL, scriptedPeople } from './scripted-people.js';
import { DESK, PASSWORD, startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const BUILT = resolve(import.meta.dirname, '../../dist/dashboard/index.html');
const missing = [CHROMIUM, BUILT].filter((path) => !existsSync(path));
if (missing.length > 0) console.warn(`skipped: the page is not tested without ${missing.join(' and ')}`);

/** Equity of the last hour: down by 40 until the middle, and up again. */
const VALLEY = `
  insert into equity select $1, $2::timestamptz - n * interval '1 minute', 10000 + abs(30 - n) * 4 / 3, 10042, 9000, 0, true
  from generate_series(1, 60) n`;

let database: TestDatabase;
let web: WebUnderTest;
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const changed: SettingsRequest[] = [];
const votes: VoteRequest[] = [];
const NO_ATTEMPT = {
  ...{ granted: null, approvers: ['anna'], needed: 1 },
  ...{ attempts: [], progress: null, problems: [] },
};
let desksMode: 'paper' | 'live' = 'paper';

describe.skipIf(missing.length > 0)('the dashboard', () => {
  beforeAll(async () => {
    database = await createTestDatabase();
    await database.ownerPool.query(VALLEY, [DESK, new Date(scriptedStatus().marketData.marketMs)]);
    const people = scriptedPeople({ changed, votes });
    const readGoLive = async () => ({ ...NO_ATTEMPT, mode: desksMode });
    web = await startWebUnderTest(database.pool, {}, { ...people, readGoLive });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) complaints.push(message.text());
    });
  });
  afterAll(async () => {
    await browser?.close();
    await web?.stop();
    await database?.drop();
  });

  const text = (testId: string): Promise<string> => page.getByTestId(testId).innerText();

  it('signs in by a one-time link and takes the token out of the address', async () => {
    const token = await createSignInToken(database.pool, 'operator');
    await page.goto(`${web.origin}/#token=${token}`);
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    expect(page.url()).toBe(`${web.origin}/`);
  });

  it('shows that prices are simulated, the position with its stop, and why it trades', async () => {
    expect(await text('market-source')).toContain('Simulated');
    expect(await text('market-source')).toContain('seed 7');
    const positions = await page.getByRole('region', { name: 'Positions', exact: true }).innerText();
    expect(positions).toContain('BTC/USDT');
    expect(positions).toContain('Confirmed');
    expect(await page.getByRole('region', { name: 'Why is it not trading?' }).innerText()).toContain(
      'Nothing holds it back',
    );
  });

  it('draws the equity curve as it went: down to the middle of the hour, and up again', async () => {
    const chart = page.getByRole('img', { name: /^Equity curve, now 10042\.18 USDT$/ });
    const curve = async () => {
      const [left = 0, middle = 0, right = 0] = await chart.locator('canvas').evaluate(heightsOfLine);
      return { falls: middle - left > 20, rises: middle - right > 20 };
    };
    await expect.poll(curve).toEqual({ falls: true, rises: true });
  });

  it('stops with one click, and shows what was proven', async () => {
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(() => text('outcome')).toMatch(/Stop: proven/);
    await expect.poll(() => text('mode')).toBe('HALTED');
    expect(web.trader.calls.filter(({ method }) => method === 'stop')).toHaveLength(1);
    expect(await page.getByRole('region', { name: 'Orders', exact: true }).innerText()).not.toContain(
      'Entry',
    );
    expect(await page.getByRole('region', { name: 'Why is it not trading?' }).innerText()).toContain(
      'a person resumes',
    );
  });

  it('stays signed in across a reload', async () => {
    await page.reload();
    await expect.poll(() => text('mode')).toBe('HALTED');
  });

  it('asks for a reason before it resumes', async () => {
    await page.getByRole('button', { name: 'Resume' }).click();
    const dialog = page.getByRole('dialog', { name: 'Resume trading?' });
    await dialog.getByRole('button', { name: 'Resume' }).click();
    expect(web.trader.calls.filter(({ method }) => method === 'arm')).toHaveLength(0);
    expect(await dialog.innerText()).toMatch(
      /Equity 10042\.18 USDT, 0\.21 % below its peak; today .*; 1 open position\./,
    );
    await dialog.getByLabel(/Reason/).fill('looked at it');
    await dialog.getByLabel(/Position size.*as it is, 100 %/).fill('101');
    await dialog.getByRole('button', { name: 'Resume' }).click();
    expect(web.trader.calls.filter(({ method }) => method === 'arm')).toHaveLength(0);
    await dialog.getByLabel(/Position size/).fill('50');
    const sent = page.waitForRequest(/emergency\/resume/);
    await page.keyboard.press('Enter');
    expect((await sent).postDataJSON()).toEqual({ reason: 'looked at it', sizePct: 50 });
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    expect(web.trader.calls.at(-1)).toMatchObject({
      method: 'arm',
      params: { reason: 'looked at it', haltId: HALT_ID },
    });
  });

  it('shows at what size it trades where that is not the desk file’s', async () => {
    const figures = page.getByLabel('Key figures');
    expect(await figures.innerText()).not.toContain('% size');
    web.trader.status = { ...web.trader.status, sizePct: 50 };
    await expect.poll(() => figures.innerText()).toContain('Positions, at 50 % size');
    web.trader.status = { ...web.trader.status, sizePct: 100 };
    await expect.poll(() => figures.innerText()).not.toContain('% size');
  });

  it('obeys the keyboard: close all asks, Escape leaves, Shift+S stops', async () => {
    await page.keyboard.press('c');
    await page.getByRole('dialog', { name: 'Close all positions?' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('Shift+S');
    await expect.poll(() => text('mode')).toBe('HALTED');
  });

  it('says that the connection is lost, and finds back by itself', async () => {
    await page.context().setOffline(true);
    for (const client of web.app.websocketServer.clients) client.terminate();
    await expect.poll(() => text('connection')).toMatch(/Connection lost, again in \d s/);
    await expect.poll(() => text('mode')).toBe('NOT KNOWN');
    expect(await page.getByRole('region', { name: 'Mode' }).innerText()).toContain('Last known: HALTED');
    await page.context().setOffline(false);
    await expect.poll(() => text('connection')).toBe('Connected');
    await expect.poll(() => text('mode')).toBe('HALTED');
  });

  it('keeps the stop button in sight however far it is scrolled', async () => {
    for (const [width, height] of [
      [1440, 500],
      [800, 400],
      [390, 700],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      const box = await page.getByRole('button', { name: 'Stop', exact: true }).boundingBox();
      expect(box?.y, `${width} px wide`).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? 0) + (box?.height ?? 0), `${width} px wide`).toBeLessThanOrEqual(height);
      const dismiss = await page
        .getByTestId('outcome')
        .getByRole('button', { name: 'Dismiss' })
        .boundingBox();
      expect((dismiss?.x ?? width) + (dismiss?.width ?? 0), `${width} px wide`).toBeLessThanOrEqual(width);
    }
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.evaluate('scrollTo(0, 0)');
  });

  it('says what a close-all will close, and gives the focus back', async () => {
    const button = page.getByRole('button', { name: 'Close all' });
    await button.click();
    const dialog = page.getByRole('dialog', { name: 'Close all positions?' });
    expect(await dialog.innerText()).toMatch(/Sells [\d.]+ BTC\/USDT/);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  const open = async (section: string): Promise<void> => {
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: section }).click();
    await expect.poll(() => page.locator('.tab-bar [aria-current]').innerText()).toContain(section);
  };
  const said = () => page.getByTestId('said').innerText();

  it('shows the statistics of each strategy', async () => {
    await open('Strategies');
    const stats = () => page.locator('.stats').filter({ hasText: 'Round trips8' }).innerText();
    await expect
      .poll(stats)
      .toMatch(/Round trips\s+8\s+Won\s+62\.5% \(5\)\s+Result after fees(, USDT)?\s+\+41\.69/i);
  });

  it('switches a strategy only with a reason', async () => {
    await open('Strategies');
    await page.getByRole('button', { name: 'Switch off' }).click();
    const dialog = page.getByRole('dialog', { name: 'Switch ema-cross off?' });
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    expect(web.trader.calls.filter(({ method }) => method === 'toggle')).toHaveLength(0);
    await dialog.getByLabel(/Reason/).fill('too many losses');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('ema-cross is off');
    expect(web.trader.calls.at(-1)).toMatchObject({
      method: 'toggle',
      params: { enabled: false, reason: 'too many losses' },
    });
  });

  it('shows which change of a setting applies at once and which needs approval', async () => {
    await open('Settings');
    const size = page.getByLabel(/Largest position/);
    await size.fill('101');
    await expect
      .poll(() => page.locator('.settings').first().innerText())
      .toContain('a number from 0.01 to 100');
    expect(await page.getByRole('button', { name: /^Apply/ }).isDisabled()).toBe(true);
    await size.fill('2');
    await expect.poll(() => page.locator('.settings').first().innerText()).toContain('at once');
    await size.fill('4');
    await expect.poll(() => page.locator('.settings').first().innerText()).toContain('needs approval');
    await page.getByRole('button', { name: 'Ask for approval' }).click();
    const dialog = page.getByRole('dialog', { name: 'Ask for this change?' });
    expect(await dialog.innerText()).toContain('3 → 4');
    await dialog.getByLabel(/Reason/).fill('more room');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('It waits');
    expect(changed).toEqual([{ values: { 'risk.maxPositionSizePct': 4 }, reason: 'more room' }]);
  });

  it('votes with a reason on exactly the parameters that it shows', async () => {
    await open('Waiting');
    await expect.poll(() => page.getByRole('region', { name: 'Approvals' }).innerText()).toContain('3 → 4');
    await page.getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog', { name: /Approve: Settings version 1/ });
    await dialog.getByLabel(/Reason/).fill('looked at it');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('Your vote counts');
    expect(votes).toMatchObject([
      {
        approval: APPROVAL.id,
        choice: 'approve',
        parametersHash: APPROVAL.parametersHash,
        reason: 'looked at it',
      },
    ]);
  });

  it('shows an incident with who has to answer, and answers it', async () => {
    await open('Incidents');
    await expect
      .poll(() => page.getByRole('region', { name: 'Open', exact: true }).innerText())
      .toContain('Exchange down');
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('dialog').getByLabel('What you are doing about it').fill('calling them');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('operator has it');
  });

  it('shows the pre-flight checks, the routines and the audit trail', async () => {
    await open('Go-live');
    const preflight = page.getByRole('region', { name: 'Pre-flight' });
    await expect.poll(() => preflight.innerText()).toContain('A start with real money is refused');
    expect(await page.getByRole('region', { name: 'Real money' }).innerText()).toContain('paper money');
    await open('Routines');
    await expect
      .poll(() => page.getByRole('region', { name: 'Runs' }).innerText())
      .toContain('No routine has run');
    await open('Audit');
    await page.getByLabel('Person').fill('nobody');
    const audit = page.getByRole('region', { name: 'Who did what' });
    await expect.poll(() => audit.innerText()).toContain('No entry fits');
  });

  it('asks for real money with a reason only, and shows what is missing', async () => {
    desksMode = 'live';
    await open('Go-live');
    await page.getByRole('button', { name: 'Ask to go live…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
    expect(await dialog.isVisible()).toBe(true);
    await dialog.getByRole('textbox').fill('the validation was good');
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect.poll(said).toContain('Stop-loss: 0 (expected: > 0)');
    desksMode = 'paper';
  });

  it('fits a narrow screen in every section, and a reload stays in it', async () => {
    web.trader.status = scriptedStatus();
    for (const section of [
      'Strategies',
      'Routines',
      'Waiting',
      'Incidents',
      'Go-live',
      'Settings',
      'Audit',
      'Desk',
    ]) {
      await page.setViewportSize({ width: 1024, height: 740 });
      await open(section);
      for (const width of [360, 390, 1024]) {
        await page.setViewportSize({ width, height: 740 });
        const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(wider, `${section} at ${width} px`).toBeLessThanOrEqual(0);
      }
    }
    await open('Audit');
    await page.reload();
    await page.getByRole('region', { name: 'Who did what' }).waitFor();
    await open('Desk');
  });

  it('signs out, explains a wrong password, and lets the right one in', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => page.getByRole('alert').innerText()).toContain('User or password is wrong');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
  });

  it('says that the trader is gone, and never that nothing holds the desk back', async () => {
    await web.trader.stop();
    await expect.poll(() => text('mode')).toBe('NO ANSWER');
    expect(await page.getByRole('region', { name: 'Why is it not trading?' }).innerText()).toContain(
      'the trader does not answer',
    );
  });

  it('never broke its own content policy', () => {
    expect(complaints).toEqual([]);
  });
});

/** How far below its top edge the green line runs, in pixels: at the first, middle and last of its columns. */
function heightsOfLine(canvas: HTMLElement | SVGElement): number[] {
  const { width, height } = canvas as HTMLCanvasElement;
  const image = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
  const columns: number[] = [];
  for (let x = 0; x < width; x += 1) {
    const rows: number[] = [];
    for (let y = 0; y < height; y += 1) {
      const [red = 0, green = 0, blue = 0, opaque = 0] = image.slice(
        4 * (y * width + x),
        4 * (y * width + x) + 4,
      );
      if (opaque > 128 && green - red > 60 && green - blue > 20) rows.push(y);
    }
    if (rows.length > 0) columns.push(rows.reduce((sum, y) => sum + y, 0) / rows.length);
  }
  return [0, 0.5, 1].map((part) => columns[Math.round(part * (columns.length - 1))] ?? 0);
}
