/** What a person does on the built page, done at each width: each button is found, is within reach, and does it. */
import type { Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WaitingEntryStatus } from '../../src/contracts/trader-status.js';
import { OpenedPage } from '../api/opened-page.js';
import { resize } from '../support/page.js';
import { scriptedStatus } from '../support/trader-status.js';
import { missing, SIGN_OFF, WIDTHS } from './shown-desk.js';

const opened = new OpenedPage();
const byRole = (role: 'button' | 'checkbox' | 'dialog', name: string | RegExp, exact = false) =>
  opened.page.getByRole(role, { name, exact });
const press = (name: string | RegExp) => byRole('button', name, true).first().click();
const calls = (name: string) => opened.web.trader.calls.filter(({ method }) => method === name);

async function open(section: string): Promise<void> {
  const { page } = opened;
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: section }).click();
  await expect.poll(() => page.locator('.tab-bar [aria-current]').innerText()).toContain(section);
}

/** A section that is opened asks at once; one that is open asks every ten seconds. */
async function openAnew(section: string): Promise<void> {
  await open('Desk');
  await open(section);
}

/** In sight by itself, read and put away, so that what comes next is not taken for done by it. */
async function told(words: RegExp, place: 'said' | 'outcome' = 'said'): Promise<void> {
  const notice = opened.page.getByTestId(place);
  await expect.poll(() => notice.innerText()).toMatch(words);
  const covered = await notice.evaluate((box) => {
    const { left, top, bottom } = box.getBoundingClientRect();
    return [top + 2, bottom - 2].filter((y) => !box.contains(document.elementFromPoint(left + 8, y)));
  });
  expect(covered, `${words}: out of sight`).toEqual([]);
  const focusLost = () => opened.page.evaluate(() => document.activeElement === document.body);
  expect([place, await focusLost()], `${words}: the focus`).not.toEqual(['said', true]);
  await notice.getByRole('button', { name: 'Dismiss' }).click();
  await expect.poll(() => notice.count()).toBe(0);
  expect(await focusLost(), `${words}: the focus once it is dismissed`).toBe(false);
}

/** Fills a dialog in and presses its button. */
async function answer(title: string | RegExp, filled: readonly (readonly [RegExp, string])[], go: string) {
  const dialog = byRole('dialog', title);
  for (const [label, text] of filled) await dialog.getByLabel(label).fill(text);
  await dialog.getByRole('button', { name: go, exact: true }).click();
}

const mode = () => opened.text('mode');
const toTheEnd = () => opened.page.evaluate(() => scrollTo(0, document.body.scrollHeight));

async function stopAndAskToResume(): Promise<void> {
  await open('Desk');
  await toTheEnd();
  await press('Stop');
  await told(/Stop: proven/, 'outcome');
  await expect.poll(mode).toBe('HALTED');
  await press('Resume');
}

const TASKS: Readonly<Record<string, () => Promise<void>>> = {
  'stops the desk and resumes it': async () => {
    await stopAndAskToResume();
    await answer('Resume trading?', [[/Reason/, 'looked at it']], 'Resume');
    await told(/Resume: proven/, 'outcome');
    await expect.poll(mode).toBe('ACTIVE');
  },
  'lifts no halt that came while the dialog was open': async () => {
    await stopAndAskToResume();
    await byRole('dialog', 'Resume trading?').waitFor();
    const { trader } = opened.web;
    trader.status = { ...trader.status, haltId: 'halt-of-later' };
    await expect
      .poll(() => byRole('dialog', 'Resume trading?').innerText())
      .toContain('The desk was halted anew since you were asked');
    await answer('Resume trading?', [[/Reason/, 'looked at it']], 'Resume');
    await told(/The desk was halted anew since/, 'outcome');
    await expect(mode()).resolves.toBe('HALTED');
  },
  'closes everything once that is confirmed': async () => {
    await open('Desk');
    const before = calls('closeAll').length;
    await press('Close all');
    const dialog = byRole('dialog', 'Close all positions?');
    await expect.poll(() => dialog.innerText()).toMatch(/Sells [\d.]+ BTC\/USDT/);
    expect(calls('closeAll')).toHaveLength(before);
    await answer('Close all positions?', [], 'Close all');
    await told(/Close all: proven/, 'outcome');
    expect(calls('closeAll')).toHaveLength(before + 1);
    // What is done at the next width starts from a status that the page has not seen yet.
    await expect.poll(mode).toBe('HALTED');
  },
  'kills the desk where two people are to resume it': async () => {
    await open('Desk');
    const before = calls('kill').length;
    await press('Close all');
    await byRole('checkbox', 'Kill: two people must resume').check();
    const dialog = byRole('dialog', 'Close all positions?');
    await expect.poll(() => dialog.innerText()).toMatch(/nobody can until it names another/);
    await answer('Close all positions?', [], 'Close all');
    await told(/Close all: proven/, 'outcome');
    expect(calls('kill')).toHaveLength(before + 1);
    await expect.poll(mode).toBe('KILLED');
  },
  'closes one position once that is confirmed, and cancels an entry at one tap': async () => {
    await open('Desk');
    const before = calls('closePosition').length;
    await press('Close BTC/USDT');
    const dialog = byRole('dialog', 'Close BTC/USDT?');
    await expect.poll(() => dialog.innerText()).toMatch(/Sells [\d.]+ BTC\/USDT at the market/);
    expect(calls('closePosition')).toHaveLength(before);
    await answer('Close BTC/USDT?', [], 'Close BTC/USDT');
    await told(/BTC\/USDT is closed/);
    expect(calls('closePosition').at(-1)).toMatchObject({ params: { symbol: 'BTC/USDT', by: 'operator' } });
    await press(/^Cancel the .* entry$/);
    await told(/is cancelled/);
  },
  'reads what an entry waits for in the desk, and cancels it at one tap': async () => {
    await open('Desk');
    const of = { clientId: 'fk3f9aa1d', symbol: 'BTC/USDT', side: 'buy', strategy: 'dip' } as const;
    const sinceMs = Date.UTC(2026, 0, 5, 14, 12);
    const touched: WaitingEntryStatus = {
      ...{ ...of, type: 'ifTouched', waits: 'buy, once the ask is at 42950.00 or below' },
      ...{ stop: '42610.50', sinceMs },
    };
    const atOpen: WaitingEntryStatus = {
      ...{ ...of, clientId: 'fk3f9aa1e', symbol: 'ETH/USDT', type: 'atOpen', stop: '2210.00' },
      ...{ waits: 'buy, at the open, from Mon 18:00 UTC on', sinceMs: null },
    };
    const waits = (...waitingEntries: readonly WaitingEntryStatus[]) => {
      const entriesWorking = 1 + waitingEntries.length;
      opened.web.trader.status = scriptedStatus({ waitingEntries, entriesWorking });
    };
    waits(touched, atOpen);
    const list = opened.page.getByRole('region', { name: 'Entries that wait in the desk' });
    await expect.poll(() => list.locator('tbody tr').allInnerTexts()).toHaveLength(2);
    const [first, second] = await list.locator('tbody tr').allInnerTexts();
    expect(first).toMatch(
      /BTC\/USDT\s+buy, once the ask is at 42.950\.00 or below\s+42.610\.50\s[\s\S]*01-05 14:12\s+Cancel/,
    );
    expect(second).toMatch(/ETH\/USDT\s+buy, at the open, from Mon 18:00 UTC on\s[\s\S]*not known/);
    await expect
      .poll(() => opened.page.getByRole('region', { name: 'Orders', exact: true }).innerText())
      .toMatch(/2, 2 waiting/);
    await press('Close all');
    const dialog = byRole('dialog', 'Close all positions?');
    await expect
      .poll(() => dialog.innerText())
      .toMatch(/Drops what waits in the desk: BTC\/USDT buy, once [^;]*; ETH\/USDT buy, at the open/);
    await opened.page.keyboard.press('Escape');
    await press('Cancel the ETH/USDT entry that waits');
    await told(/fk3f9aa1e is cancelled/);
    expect(calls('cancelEntry').at(-1)).toMatchObject({ params: { clientId: 'fk3f9aa1e', by: 'operator' } });
    waits(touched);
    await expect.poll(() => list.locator('tbody tr').allInnerTexts()).toHaveLength(1);
    waits();
    await expect.poll(() => list.count()).toBe(0);
  },
  'reads what an account in coins has to the last place': async () => {
    await open('Desk');
    const { positions } = scriptedStatus();
    opened.web.trader.status = scriptedStatus({
      ...{ currency: 'BTC', equity: '0.99506835', dayPnl: '-0.00493165' },
      positions: positions.map((position) => ({ ...position, unrealised: '0.00001234' })),
    });
    const figures = opened.page.locator('.figures');
    await expect.poll(() => figures.innerText()).toMatch(/0\.99506835[\s\S]*\u22120\.00493165/);
    const held = opened.page.getByRole('region', { name: 'Positions', exact: true });
    await expect.poll(() => held.innerText()).toContain('+0.00001234');
    opened.web.trader.status = scriptedStatus();
    await expect.poll(() => figures.innerText()).not.toContain('0.99506835');
  },
  'says after which trade a routine is due that counts them': async () => {
    await open('Routines');
    const row = opened.page.getByRole('row', { name: /Edge drift/ });
    await expect.poll(() => row.innerText()).toMatch(/after trade 100 \(8 more\)/);
  },
  'runs a routine and takes a backup': async () => {
    await open('Routines');
    const read: string[] = [];
    const note = (request: Request): unknown => read.push(new URL(request.url()).pathname);
    const times = (path: string): number => read.filter((one) => one === path).length;
    opened.page.on('request', note);
    await press('Run now: Pre-market');
    await told(/Pre-market: pass/);
    // The timetable is read with the other lists, so that it doesn't say beside this that the routine ran never.
    await expect.poll(() => times('/api/backups')).toBeGreaterThanOrEqual(2);
    expect(times('/api/schedules')).toBeGreaterThanOrEqual(2);
    opened.page.off('request', note);
    await press('Run now: Look around');
    await told(/Look around: pass/);
    await press('Back up and verify');
    await told(/b1: verified/);
  },
  'starts a validation': async () => {
    await open('Go-live');
    await press('Start a validation…');
    await opened.page.getByRole('dialog').getByLabel('Hours of market time').fill('24');
    await opened.page.keyboard.press('Enter');
    await told(/Validation v1 trades 24 h of its own prices/);
  },
  'starts a validation on stored minutes, all of them where nothing else is said': async () => {
    await open('Go-live');
    await press('Start a validation…');
    const dialog = byRole('dialog', 'Start a validation?');
    await dialog
      .getByLabel('Prices')
      .selectOption({ label: 'stored, 2026-01-01 00:00 to 2026-01-04 00:00 UTC' });
    await dialog.getByRole('button', { name: 'Start' }).click();
    await told(/Validation v1 trades 72 h of 2026-01-01T00:00Z\/2026-01-04T00:00Z/);
  },
  'changes the size and a setting': async () => {
    await open('Settings');
    await press('Change the size…');
    await answer('Change the position size?', [[/Position size/, '50']], 'Change');
    await told(/position size is 50 %/);
    expect(calls('resize').at(-1)).toMatchObject({ params: { sizePct: 50, by: 'operator' } });
    const largest = opened.page.getByLabel(/Largest position/);
    await largest.fill('400');
    const end = opened.page.locator('.settings-end');
    await expect.poll(() => end.innerText()).toMatch(/^Largest position[^:]*: a number from [\d.]+ to 100\./);
    await largest.fill('4');
    await press('Ask for approval…');
    await answer('Ask for this change?', [[/Reason/, 'more room']], 'Ask');
    await told(/It waits/);
  },
  'switches a strategy off': async () => {
    await open('Strategies');
    await press('Switch off');
    await answer('Switch ema-cross off?', [[/Reason/, 'too many losses']], 'Switch off');
    await told(/ema-cross is off/);
  },
  'votes, and says whose coins are that are nobody’s': async () => {
    const coins = [{ symbol: 'BTC/USDT', nobodys: '0.05000', foreign: '0.00000', toMove: '0.00000' }];
    opened.web.trader.status = scriptedStatus({ coins });
    await open('Waiting');
    const before = opened.votes.length;
    await press('Approve…');
    await answer(/^Approve: Settings version 1/, [[/Reason/, 'looked at it']], 'Approve');
    await told(/Your vote counts/);
    expect(opened.votes).toHaveLength(before + 1);
    await press('the desk’s…');
    const said = [
      [/Reason/, 'bought for the desk'],
      [/What one coin cost/, '61250.00'],
    ] as const;
    await answer('0.05000 of BTC/USDT: the desk’s?', said, 'Say so');
    await told(/done/);
  },
  'answers an incident and reports one': async () => {
    await open('Incidents');
    await press('I have it…');
    await opened.page.getByRole('dialog').getByLabel('What you are doing about it').fill('calling them');
    await opened.page.keyboard.press('Enter');
    await told(/operator has it/);
    await press('Report…');
    await opened.page.getByRole('dialog').getByLabel('What is wrong, in one line').fill('Odd wicks');
    await opened.page.keyboard.press('Enter');
    await told(/"Odd wicks" is open/);
    const list = opened.page.getByRole('region', { name: 'Open', exact: true });
    await expect.poll(() => list.innerText()).toContain('Odd wicks');
  },
  'signs a routine off once each of its items is ticked': async () => {
    opened.tasks = [SIGN_OFF];
    await openAnew('Waiting');
    await press('Done…');
    const dialog = byRole('dialog', SIGN_OFF.title);
    await dialog.getByLabel('What was done and found').fill('all of it seen');
    const [last, ...others] = (await dialog.getByRole('checkbox').all()).reverse();
    for (const box of others) await box.check();
    // The browser asks for what is left, and the dialog stays.
    await dialog.getByRole('button', { name: 'Done', exact: true }).click();
    expect(await last?.evaluate((box) => box.matches(':invalid'))).toBe(true);
    expect(opened.tasks).toEqual([SIGN_OFF]);
    await last?.check();
    await dialog.getByRole('button', { name: 'Done', exact: true }).click();
    await told(/Done: Morning sign-off/);
    expect(opened.tasks).toMatchObject([{ state: 'done', doneBy: 'operator', note: 'all of it seen' }]);
  },
  'reads what to do at the page, not at the API, where a task is another one by now': async () => {
    opened.tasks = [SIGN_OFF];
    await openAnew('Waiting');
    await press('Done…');
    const dialog = byRole('dialog', SIGN_OFF.title);
    await dialog.getByLabel('What was done and found').fill('all of it seen');
    for (const box of await dialog.getByRole('checkbox').all()) await box.check();
    opened.tasks = [];
    await dialog.getByRole('button', { name: 'Done', exact: true }).click();
    await told(
      /left of task 7[\s\S]*the desk goes on as it was\.\s+This page shows it as it is now\.\s+Dismiss/,
    );
  },
  'keeps a table as a file': async () => {
    await open('Audit');
    const begun = opened.page.waitForEvent('download');
    await press('All audit entries as CSV');
    expect((await begun).suggestedFilename()).toBe('audit.csv');
  },
};

describe.skipIf(missing.length > 0)('a person at the page, at 390, 820 and 1440 px', () => {
  beforeAll(async () => {
    await opened.start();
    await opened.signIn();
    await opened.page.getByRole('navigation', { name: 'Sections' }).waitFor();
  });
  // One that a failed task left open would be in the way of every task after it.
  afterEach(async () => {
    if ((await opened.page.getByRole('dialog').count()) > 0) await opened.page.keyboard.press('Escape');
  });
  afterAll(() => opened.close());

  it.each(Object.entries(TASKS))('%s', async (_, task) => {
    for (const width of WIDTHS) {
      await resize(opened.page, { width, height: width < 760 ? 844 : 900 });
      opened.web.trader.status = scriptedStatus();
      await expect.poll(mode, { message: `${width} px` }).toBe('ACTIVE');
      await task();
      const wider = await opened.page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(wider, `${width} px`).toBeLessThanOrEqual(0);
    }
  });
});
