/** The sections of the built page in Chromium, one after another. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { TABS } from '../../dashboard/src/view/tabs.js';
import type { Decision } from '../../src/domain/decision.js';
import { sizeSubject } from '../../src/domain/settings-change.js';
import { newPersonKey, type RealMoneyRules, realMoneyObjection } from '../../src/domain/signed-vote.js';
import { appendAudit } from '../../src/store/audit.js';
import { resize } from '../support/page.js';
import { scriptedStatus } from '../support/trader-status.js';
import { missing, OpenedPage } from './opened-page.js';
import { APPROVAL } from './scripted-people.js';
import { DESK, WORKFLOW_ID } from './web-under-test.js';

const BACKUP = 'backup:crypto-bot';
const opened = new OpenedPage();
let page: Page;

describe.skipIf(missing.length > 0)('the sections of the dashboard', () => {
  beforeAll(async () => {
    await opened.start();
    ({ page } = opened);
    await opened.signIn();
    await page.getByRole('navigation', { name: 'Sections' }).waitFor();
  });
  afterAll(() => opened.close());

  const open = async (section: string): Promise<void> => {
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: section }).click();
    await expect.poll(() => page.locator('.tab-bar [aria-current]').innerText()).toContain(section);
  };
  const said = () => page.getByTestId('said').innerText();
  /** Since its list of answers was cleared, the page has one whole from there, and has drawn what it makes of it. */
  const answered = async (from: RegExp): Promise<void> => {
    const names = () =>
      page.evaluate(() =>
        (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
          .filter(({ responseEnd }) => responseEnd > 0)
          .map(({ name }) => name),
      );
    await expect.poll(names).toContainEqual(expect.stringMatching(from));
    await page.waitForTimeout(100);
  };

  it('shows the statistics of each strategy', async () => {
    const before = opened.web.trader.status;
    onTestFinished(() => {
      opened.web.trader.status = before;
    });
    const [btc, eth] = before.strategies;
    const strategies = [
      { ...btc!, lossesInARow: 4 },
      { ...eth!, regime: 'ranging' as const },
    ];
    opened.web.trader.status = { ...before, strategies };
    await open('Strategies');
    const stats = () => page.locator('.stats').filter({ hasText: 'Round trips8' }).innerText();
    await expect
      .poll(stats)
      .toMatch(/Round trips\s+8\s+Won\s+62\.5 % \(5\)\s+Result after fees(, USDT)?\s+\+41\.69/i);
    await expect.poll(stats).toMatch(/Losses in a row, now\s+4$/i);
    const table = page.getByRole('table', { name: 'ema-cross by instrument' });
    const column = (label: string) => table.locator(`td[data-label="${label}"]`).allInnerTexts();
    await expect.poll(() => column('Market regime')).toEqual(['trending', 'ranging']);
    expect(await Promise.all(['Symbol', 'Round trips', 'Won', 'Result'].map(column))).toEqual([
      ['BTC/USDT', 'ETH/USDT'],
      ['5', '3'],
      ['3', '2'],
      ['+31.20', '+10.49'],
    ]);
  });

  it('shows until when a future trades, and asks people to roll it', async () => {
    const [traded, following] = ['NQZ6', 'NQH7'].map((name) => ({
      name,
      month: '202612',
      lastTradeDay: '2026-12-18',
    }));
    opened.web.trader.status = scriptedStatus({
      contracts: [
        {
          ...{
            symbol: 'NQ/USD',
            month: '202612',
            lastTradeDay: '2026-12-18',
            daysLeft: 4,
            noticeDay: null,
            rollDay: '2026-12-14',
          },
          ...{ phase: 'due', next: '202703', choices: ['202703', '202706'], leftBeforeEnd: true },
          atVenue: { traded: traded!, following: following! },
        },
      ],
    });
    onTestFinished(() => {
      opened.web.trader.status = scriptedStatus();
    });
    await open('Settings');
    const panel = page.getByRole('region', { name: 'Contracts' });
    await expect
      .poll(() => panel.innerText())
      .toContain('NQ/USD is NQZ6 (202612), last trade 2026-12-18 (4 days), to be rolled from 2026-12-14 on');
    expect(await panel.innerText()).toContain('Nothing is entered until people roll it.');
    const asBefore = page.viewportSize() ?? { width: 1024, height: 740 };
    await resize(page, { width: 390, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await resize(page, asBefore);
    await panel.getByRole('button', { name: 'Roll NQ/USD…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll NQ/USD?' });
    await dialog.getByLabel('Month').selectOption('202706');
    await dialog.getByLabel(/Reason/).fill('June is traded more');
    await dialog.getByRole('button', { name: 'Ask for approval' }).click();
    await expect.poll(said).toContain('NQ/USD 202612 → 202706 waits for approval');
    expect(opened.rolls).toEqual([{ symbol: 'NQ/USD', to: '202706', reason: 'June is traded more' }]);
  });

  it('switches a strategy only with a reason', async () => {
    await open('Strategies');
    await page.getByRole('button', { name: 'Switch off' }).click();
    const dialog = page.getByRole('dialog', { name: 'Switch ema-cross off?' });
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    expect(opened.web.trader.calls.filter(({ method }) => method === 'toggle')).toHaveLength(0);
    await dialog.getByLabel(/Reason/).fill('too many losses');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('ema-cross is off');
    expect(opened.web.trader.calls.findLast(({ method }) => method === 'toggle')).toMatchObject({
      params: { enabled: false, reason: 'too many losses' },
    });
  });

  it('signs a larger size with real money, and forgets what was typed where the dialog was left', async () => {
    const password = 'a signing password';
    const key = await newPersonKey(password, 0);
    const said = { desk: DESK, subject: sizeSubject(50, 80), choice: 'approve' } as const;
    const terms = { kind: 'size', account: 'j1', configHash: 'c' } as const;
    const expiresWallMs = Date.now() + 600_000;
    opened.keys = [key];
    opened.statement = { ...said, ...terms, sizePct: null, expiresWallMs };
    const risk = [{ limit: 'position-size', value: '10 % of equity', now: '0.00 %' }];
    opened.web.trader.status = scriptedStatus({ trading: 'live', sizePct: 50, risk });
    onTestFinished(() => {
      opened.keys = [];
      opened.statement = null;
      opened.web.trader.status = scriptedStatus();
    });
    await open('Settings');
    await page
      .getByText(
        '50 % of the full size, which is what the settings in force and the permission allow. A position may be worth 10 % of equity.',
      )
      .waitFor();
    const dialog = page.getByRole('dialog', { name: 'Change the position size?' });
    const ask = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Change the size…' }).click();
      await dialog.getByLabel(/^Position size/).fill('80');
    };
    await ask();
    const typed = dialog.getByLabel(/^Signing password/);
    await typed.fill(password);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    await expect.poll(focused).toBe('Change the size…');
    await ask();
    await expect.poll(() => typed.inputValue()).toBe('');
    await dialog.getByLabel(/Reason/).fill('two good weeks');
    await typed.fill('another password');
    await dialog.getByRole('button', { name: 'Change', exact: true }).click();
    await dialog.getByText('The signing password is wrong.').waitFor();
    expect(await dialog.getByLabel(/Reason/).inputValue()).toBe('two good weeks');
    expect(await dialog.getByLabel(/^Position size/).inputValue()).toBe('80');
    await typed.fill(password);
    const sent = page.waitForRequest((request) => request.url().endsWith('/api/size'));
    await page.keyboard.press('Enter');
    const body = (await sent).postDataJSON() as {
      readonly sizePct: number;
      readonly signature: string;
      readonly reason: string;
    };
    expect(body).toMatchObject({ sizePct: 80, reason: 'two good weeks' });
    const times = { atWallMs: 0, expiresWallMs };
    const decision: Decision = {
      ...{ ...said, ...times, decisionId: 'v', person: 'operator', via: 'web', mac: '' },
      signature: body.signature,
    };
    const rules: RealMoneyRules = {
      ...{ kind: 'size', inForce: terms, keysOf: () => [key], pages: () => [] },
      ...{ chatKey: () => '', chatVotesMax: 0 },
    };
    expect(realMoneyObjection(decision, rules, 1)).toBeNull();
    await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toContain('result-place');
    await page.getByTestId('said').getByRole('button', { name: 'Dismiss' }).click();
  });

  it('shows which change of a setting applies at once and which needs approval', async () => {
    await open('Settings');
    const size = page.getByLabel(/Largest position/);
    await size.fill('101');
    await expect
      .poll(() => page.locator('.settings').first().innerText())
      .toContain('a number from 0.01 to 100');
    await expect.poll(() => page.getByRole('button', { name: /^Apply/ }).isDisabled()).toBe(true);
    await size.fill('2');
    await expect.poll(() => page.locator('.settings').first().innerText()).toContain('at once');
    await size.fill('4');
    await expect.poll(() => page.locator('.settings').first().innerText()).toContain('needs approval');
    const loss = page.getByLabel(/^Daily loss limit/);
    await loss.fill('1');
    const told = () =>
      page.getByRole('region', { name: 'What can change while the desk trades' }).innerText();
    await expect.poll(told).toContain('waits with the rest');
    expect(await told()).not.toContain('at once\n');
    expect(await told()).toContain('What needs none applies at once if you change it by itself.');
    await loss.fill('3');
    await expect.poll(told).toContain('The change waits for approval.');
    await page.getByRole('button', { name: 'Ask for approval' }).click();
    const dialog = page.getByRole('dialog', { name: 'Ask for this change?' });
    await expect
      .poll(() => dialog.innerText())
      .toMatch(/Largest position[^(]*\(risk\.maxPositionSizePct\)\s+3 → 4 %/);
    await dialog.getByLabel(/Reason/).fill('more room');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('It waits');
    expect(opened.changed).toEqual([{ values: { 'risk.maxPositionSizePct': 4 }, reason: 'more room' }]);
  });

  it('votes with a reason on exactly the parameters that it shows', async () => {
    await open('Waiting');
    await expect.poll(() => page.getByRole('region', { name: 'Approvals' }).innerText()).toContain('3 → 4');
    const halt = /Halt since .*: startup by fermata: the trader was started/;
    expect(await page.getByRole('region', { name: 'Approvals' }).innerText()).toMatch(halt);
    await page.getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog', { name: /Approve: Settings version 1/ });
    expect(await dialog.innerText()).toMatch(halt);
    await dialog.getByLabel(/Reason/).fill('looked at it');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('Your vote counts');
    expect(opened.votes).toMatchObject([
      {
        approval: APPROVAL.id,
        choice: 'approve',
        parametersHash: APPROVAL.parametersHash,
        reason: 'looked at it',
      },
    ]);
  });

  it('asks what was pressed last, however late the statement for something else is read', async () => {
    await open('Waiting');
    let readNow = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      readNow = resolve;
    });
    await page.route(/api\/signing/, async (route) => {
      await held;
      await route.continue();
    });
    onTestFinished(() => page.unroute(/api\/signing/));
    await page.evaluate(() => performance.clearResourceTimings());
    const asked = page.waitForRequest(/api\/signing/);
    await page.getByRole('button', { name: 'Approve' }).click();
    await asked;
    await page.getByRole('button', { name: 'Reject' }).click();
    await page
      .getByRole('dialog', { name: /^Reject: Settings version 1/ })
      .getByLabel(/Reason/)
      .fill('not like this');
    readNow();
    await answered(/api\/signing/);
    expect(await page.getByRole('dialog', { name: /^Reject: Settings version 1/ }).count()).toBe(1);
    await page.keyboard.press('Enter');
    await expect.poll(() => opened.votes.at(-1)).toMatchObject({ choice: 'reject', reason: 'not like this' });
  });

  it('lists backups with their steps, each with the way to its own run', async () => {
    const runId = '01a1fc44-06b6-71a2-ae23-004449c8e8d2';
    await opened.database.ownerPool.query(
      `insert into evidence (desk, workflow_id, first_run_id, run_id, routine, step_key, name, kind, verdict, observed,
         expected, started, finished, simulated, previous_hash, hash)
       values ($1, $2, $3, $3, 'backup', 'verify', 'Verified', 'check', 'fail', '1 byte differs', 'none differs',
         now(), now(), true, '', 'b')`,
      [DESK, BACKUP, runId],
    );
    await open('Routines');
    const backups = page.getByRole('region', { name: 'Backups and restore drills' });
    await expect
      .poll(() => backups.innerText())
      .toMatch(/Backup \d{4}-\d\d-\d\d \d\d:\d\d UTC.*look at: Verified/s);
    await backups.getByText('Backup', { exact: true }).click();
    await expect.poll(() => backups.innerText()).toContain('1 byte differs');
    const link = backups.getByRole('link', { name: 'Temporal' });
    await expect.poll(() => link.getAttribute('href')).toBe(`#run=${encodeURIComponent(BACKUP)}&of=${runId}`);
  });

  it.each([
    ['its newest run', '', null],
    ['one of its runs', '&of=01a1fc44-06b6-71a2-ae23-004449c8e8d2', '01a1fc44-06b6-71a2-ae23-004449c8e8d2'],
  ])('leads from a link about a workflow to %s in Temporal’s UI, signed in there', async (_, more, runId) => {
    await page.route('**/fermata/enter*', (route) => route.fulfill({ body: 'entered' }));
    const entered = page.waitForRequest((request) => request.url().includes('/fermata/enter'));
    await page.goto('about:blank');
    await page.goto(`${opened.web.origin}/#run=${encodeURIComponent(BACKUP)}${more}`);
    const { searchParams } = new URL((await entered).url());
    expect(searchParams.get('run')).toBe(BACKUP);
    expect(searchParams.get('of')).toBe(runId);
    expect(searchParams.get('ticket')).toMatch(/^[\w-]{20,}$/);
    await page.getByText('entered').waitFor();
    await page.goto(opened.web.origin);
    await page.getByRole('navigation', { name: 'Sections' }).waitFor();
  });

  it('asks whose coins are that are nobody’s, with what one cost where they are the desk’s', async () => {
    const [symbol, nobodys] = ['BTC/USDT', '0.05000'] as const;
    const coins = [{ symbol, nobodys, foreign: '0.00000', toMove: '0.00000' }];
    opened.web.trader.status = scriptedStatus({ coins });
    await open('Waiting');
    const panel = page.getByRole('region', { name: 'Coins that are nobody’s' });
    await expect.poll(() => panel.innerText()).toContain('BTC/USDT: 0.05000');
    await panel.getByRole('button', { name: 'the desk’s' }).click();
    const dialog = page.getByRole('dialog', { name: '0.05000 of BTC/USDT: the desk’s?' });
    await dialog.getByLabel(/Reason/).fill('bought for the desk');
    await page.keyboard.press('Enter');
    expect(opened.web.trader.calls.filter(({ method }) => method === 'claimCoins')).toEqual([]);
    await dialog.getByLabel('What one coin cost').fill('61250.00');
    const claimed = page.waitForRequest(/api\/coins/);
    await page.keyboard.press('Enter');
    expect((await claimed).postDataJSON()).toMatchObject({ nobodys });
    await expect.poll(said).toContain('done');
    expect(opened.web.trader.calls.findLast(({ method }) => method === 'claimCoins')).toMatchObject({
      params: { symbol, owner: 'desk', cost: '61250.00', reason: 'bought for the desk' },
    });
    opened.web.trader.status = scriptedStatus();
  });

  it('asks whose the coins are as it was pressed last, however late what was pressed before is answered', async () => {
    const coins = [{ symbol: 'BTC/USDT', nobodys: '0.05000', foreign: '0.00000', toMove: '0.00000' }];
    opened.web.trader.status = scriptedStatus({ coins });
    await open('Waiting');
    let readNow = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      readNow = resolve;
    });
    let isFirst = true;
    await page.route(/api\/signing/, async (route) => {
      const mine = isFirst;
      isFirst = false;
      if (mine) await held;
      await route.continue();
    });
    onTestFinished(() => page.unroute(/api\/signing/));
    const panel = page.getByRole('region', { name: 'Coins that are nobody’s' });
    const asked = page.waitForRequest(/api\/signing/);
    await panel.getByRole('button', { name: 'the desk’s' }).click();
    await asked;
    await panel.getByRole('button', { name: 'foreign' }).click();
    const dialog = page.getByRole('dialog', { name: '0.05000 of BTC/USDT: foreign?' });
    await dialog.waitFor();
    await page.evaluate(() => performance.clearResourceTimings());
    readNow();
    await answered(/api\/signing/);
    expect(await dialog.count()).toBe(1);
    await page.keyboard.press('Escape');
    opened.web.trader.status = scriptedStatus();
  });

  it('shows an incident with who has to answer, and answers it', async () => {
    await open('Incidents');
    await expect
      .poll(() => page.getByRole('region', { name: 'Open', exact: true }).innerText())
      .toContain('Exchange down');
    await expect
      .poll(() => page.getByRole('region', { name: 'Open', exact: true }).innerText())
      .toContain('Restart the gateway by hand Restart it as it is set up, and log in to it. due');
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.getByRole('dialog').getByLabel('What you are doing about it').fill('calling them');
    await page.keyboard.press('Enter');
    await expect.poll(said).toContain('operator has it');
  });

  it('says of a reported incident that it comes, until it is there', async () => {
    await open('Incidents');
    await page.getByRole('button', { name: 'Report' }).click();
    const line = page.getByRole('dialog').getByLabel('What is wrong, in one line');
    expect(await line.getAttribute('maxlength')).toBe('120');
    await line.fill('Odd wicks');
    // The words stand there for a second, or for less where the page counts its incidents meanwhile.
    const comes = () => document.body.innerText.includes('being written down');
    await Promise.all([
      page.waitForFunction(comes, undefined, { polling: 20 }),
      page.keyboard.press('Enter'),
    ]);
    const list = page.getByRole('region', { name: 'Open', exact: true });
    await expect.poll(() => list.innerText()).toContain('Odd wicks');
    expect(await list.innerText()).not.toContain('being written down');
  });

  it('answers an incident without a note', async () => {
    await open('Incidents');
    await page.getByRole('button', { name: 'Resolve' }).first().click();
    // Its title, which may be a long line, is text of the question.
    const dialog = page.getByRole('dialog', { name: 'Resolve the incident?' });
    expect(await dialog.getByRole('heading').innerText()).toBe('Resolve the incident?');
    expect(await dialog.locator('#dialog-text b').innerText()).not.toBe('');
    await dialog.getByRole('button', { name: 'Resolve' }).click();
    await expect.poll(said).toContain('operator declared it over');
  });

  it('shows the pre-flight checks, the routines and the audit trail', async () => {
    await open('Go-live');
    const preflight = page.getByRole('region', { name: 'Pre-flight' });
    await expect.poll(() => preflight.innerText()).toContain('A start with real money is refused');
    await expect
      .poll(() => page.getByRole('region', { name: 'Real money' }).innerText())
      .toContain('paper money');
    await open('Routines');
    await expect
      .poll(() => page.getByRole('region', { name: 'Runs', exact: true }).innerText())
      .toContain('No routine has run');
    await open('Desk');
    await expect
      .poll(() => page.getByRole('region', { name: 'Next', exact: true }).innerText())
      .toMatch(
        /Edge drift\s+after trade 100 \(8 more\)\s+Missed \d{4}-\d\d-\d\d \d\d:\d\d: the desk was off/i,
      );
    await opened.database.ownerPool.query(
      `insert into run_missed (desk, routine, nominal, reason)
       values ($1, 'pre-market', '2026-03-03T00:00:00Z', 'the desk was off')`,
      [DESK],
    );
    await open('Routines');
    await expect
      .poll(() => page.getByRole('region', { name: 'Did not run', exact: true }).innerText())
      .toMatch(/2026-03-03 00:00\s+Pre-market\s+the desk was off/);
    await open('Audit');
    const audit = page.getByRole('region', { name: 'Who did what' });
    await expect.poll(() => audit.innerText()).toContain('No entry yet');
    await page.getByLabel('Person').fill('nobody');
    await expect.poll(() => audit.innerText()).toContain('No entry fits');
    const entry = { desk: DESK, person: 'nobody', via: 'cli', parameters: {}, outcome: 'arrived' } as const;
    const { pool } = opened.database;
    await appendAudit(pool, { ...entry, action: 'notify:test' });
    await appendAudit(pool, { ...entry, action: 'export' });
    await page.getByLabel('Person').fill('');
    const said = () => audit.locator('tbody tr td:nth-child(4)').allInnerTexts();
    await expect.poll(said).toEqual(['Export records', 'Try the alerts']);
    await page.getByLabel('Action').fill('Try the alerts');
    await expect.poll(said).toEqual(['Try the alerts']);
    await page.getByLabel('Action').fill('export');
    await expect.poll(said).toEqual(['Export records']);
    await page.getByLabel('Action').fill('');
    await page.getByLabel('Person').fill('nobody');
  });

  it('shows the audit trail of the newest filter only, however late an answer to an older one comes', async () => {
    await open('Go-live');
    await open('Audit');
    const audit = page.getByRole('region', { name: 'Who did what' });
    const letGo: (() => void)[] = [];
    const entry = (id: number, person: string) => ({
      ...{
        id,
        person,
        via: 'web',
        action: 'stop',
        actionWords: 'stop',
        parameters: {},
        outcome: 'done',
        wallMs: id,
      },
    });
    await page.route(/api\/audit\?.*person=/, async (route) => {
      const asked = new URL(route.request().url()).searchParams;
      const person = asked.get('person') ?? '';
      const before = asked.get('before');
      if (person === 'slow' || before !== null) await new Promise<void>((resolve) => letGo.push(resolve));
      const nextCursor = before === null ? '7' : null;
      await route.fulfill({ json: { entries: [entry(before === null ? 8 : 6, person)], nextCursor } });
    });
    const person = page.getByLabel('Person');
    const rows = audit.locator('tbody tr');
    const arrived = async (): Promise<void> => {
      await page.evaluate(() => performance.clearResourceTimings());
      letGo.shift()?.();
      await answered(/api\/audit/);
    };
    await person.fill('slow');
    await expect.poll(() => letGo.length).toBe(1);
    await person.fill('anna');
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('anna')]);
    await arrived();
    expect(await rows.allInnerTexts()).toEqual([expect.stringContaining('anna')]);

    // Nor does more of the older one follow the newer.
    await audit.getByRole('button', { name: 'Older' }).click();
    await expect.poll(() => letGo.length).toBe(1);
    await person.fill('otto');
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('otto')]);
    await arrived();
    expect(await rows.allInnerTexts()).toEqual([expect.stringContaining('otto')]);
    await page.unroute(/api\/audit\?.*person=/);
  });

  it('leads from each approval, incident, routine and stop to its run', async () => {
    const linkIn = async (section: string, place: string): Promise<string | null> => {
      await open(section);
      return page
        .locator(place, { has: page.locator('.run-link') })
        .locator('.run-link')
        .first()
        .getAttribute('href');
    };
    await opened.database.ownerPool.query(
      `insert into routine_run (desk, workflow_id, first_run_id, routine, title, nominal, started, cause)
       values ($1, 'routine:linked', 'r', 'pre-market', 'Pre-market', now(), now(), 'at the start')`,
      [DESK],
    );
    const hrefOf = (workflowId: string): string => `#run=${encodeURIComponent(workflowId)}`;
    expect(await linkIn('Waiting', 'li.card-line')).toBe(hrefOf(APPROVAL.workflowId));
    expect(await linkIn('Incidents', '.card-head')).toBe(hrefOf('incident:venue-down'));
    expect(await linkIn('Routines', 'details.run:has-text("Pre-market")')).toBe(hrefOf('routine:linked'));
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    const outcome = page.getByTestId('outcome');
    await expect.poll(() => outcome.locator('.run-link').getAttribute('href')).toBe(hrefOf(WORKFLOW_ID));
    await outcome.getByRole('button', { name: 'Dismiss' }).click();
    opened.web.trader.status = scriptedStatus();
  });

  it('asks for real money with a reason only, and shows what is missing', async () => {
    opened.mode = 'live';
    await open('Go-live');
    await page.getByRole('button', { name: 'Ask to go live…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect.poll(() => dialog.isVisible()).toBe(true);
    await dialog.getByRole('textbox').fill('the validation was good');
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect.poll(said).toContain('Stop-loss: 0 (expected: > 0)');
    opened.mode = 'paper';
  });

  it('says at once what does not work beside a go-live that was asked for', async () => {
    opened.mode = 'live';
    const problems = ['Approvers can sign: no key: second'];
    const started = {
      ok: true,
      detail: 'A person reviews it.',
      obstacles: [],
      workflowId: 'w',
      doThis: null,
    };
    await page.route('**/api/golive', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({ status: 202, json: { ...started, problems } })
        : route.fallback(),
    );
    onTestFinished(() => page.unroute('**/api/golive'));
    await open('Desk');
    await open('Go-live');
    await page.getByRole('button', { name: 'Ask to go live…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('the validation was good');
    await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
    await expect.poll(said).toContain('A person reviews it. Approvers can sign: no key: second');
    opened.mode = 'paper';
  });

  it('ends a go-live that people are still asked about, and offers no second one', async () => {
    const attempt = {
      ...{ desk: 'page', release: '1-c0ffee', attempt: 1, workflowId: 'golive:page:1-c0ffee:1' },
      ...{ askedBy: 'anna', reason: 'r', state: 'open', detail: '', startedMs: 0, finishedMs: null },
    };
    await page.route('**/api/golive', async (route) => {
      const answer = await route.fetch();
      const shown = { ...((await answer.json()) as object), mode: 'live', attempts: [attempt] };
      await route.fulfill({ response: answer, json: shown });
    });
    onTestFinished(() => page.unroute('**/api/golive'));
    await open('Desk');
    await open('Go-live');
    await page.getByRole('button', { name: 'End this go-live…' }).click();
    expect(await page.getByRole('button', { name: 'Ask to go live…' }).count()).toBe(0);
    const dialog = page.getByRole('dialog', { name: 'End this go-live?' });
    expect(await dialog.innerText()).toContain('no vote for it counts');
    await dialog.getByRole('button', { name: 'End it', exact: true }).click();
    await expect.poll(said).toContain('taken back');
  });

  it('fits a narrow screen in every section, and a reload stays in it', async () => {
    opened.web.trader.status = scriptedStatus();
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
      await resize(page, { width: 1024, height: 740 });
      await open(section);
      for (const width of [360, 390, 1024]) {
        await resize(page, { width, height: 740 });
        const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(wider, `${section} at ${width} px`).toBeLessThanOrEqual(0);
      }
    }
    await open('Audit');
    await page.reload();
    await page.getByRole('region', { name: 'Who did what' }).waitFor();
    await open('Desk');
  });

  it('leads from each section to what explains it', async () => {
    for (const [, title] of TABS) {
      await open(title);
      const href = await page.getByRole('link', { name: 'About this page' }).getAttribute('href');
      const [path = '', place] = (href ?? '').split('#');
      const text = await (await opened.web.call('GET', path)).text();
      expect(text, href ?? title).toContain(place === undefined ? '<h1' : ` id="${place}"`);
    }
  });

  it('never broke its own content policy', () => {
    expect(opened.complaints).toEqual([]);
  });

  it('gives each table’s records as a file', async () => {
    const kept = async (name: string, button: string): Promise<string> => {
      const begun = page.waitForEvent('download');
      await page.getByRole('button', { name: button }).click();
      const download = await begun;
      expect(download.suggestedFilename()).toBe(name);
      return readFileSync(await download.path(), 'utf8');
    };
    await open('Desk');
    expect(await kept('trades.csv', 'All fills as CSV')).toMatch(/^market_time,wall_time,symbol,side,/);
    expect(await kept('orders.csv', 'All orders as CSV')).toMatch(/^market_time,wall_time,updated,/);
    await open('Strategies');
    const equity = (await kept('equity.csv', 'All equity as CSV')).trimEnd().split('\n');
    expect(equity).toHaveLength(61);
    await open('Audit');
    expect(await kept('audit.csv', 'All audit entries as CSV')).toContain(',operator,web,export,');
    const entry = { desk: DESK, person: 'nobody', via: 'cli', parameters: {}, outcome: 'arrived' } as const;
    await appendAudit(opened.database.pool, { ...entry, action: 'notify:test' });
    await page.getByLabel('Via').selectOption('cli');
    const filtered = (await kept('audit.csv', 'Filtered audit entries as CSV'))
      .trimEnd()
      .split('\n')
      .slice(1);
    expect(filtered.length).toBeGreaterThan(0);
    expect(filtered.filter((row) => row.includes(',web,'))).toEqual([]);
  });
});
