/** The built page in Chromium: the desk at a glance, and its buttons. Skipped, and says so, where there is no Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { figuresOf, notesOf } from '../../src/contracts/status-words.js';
import type { Halt } from '../../src/domain/mode.js';
import type { StartedDesk } from '../../src/home/started-desks.js';
import { createSignInToken } from '../../src/store/sign-in-means.js';
import { resize } from '../support/page.js';
import { rowMaker } from '../support/row-makers.js';
import { HALT_ID } from '../support/scripted-trader.js';
import { fullStatus, scriptedStatus } from '../support/trader-status.js';
import { missing, OpenedPage } from './opened-page.js';
import { DESK, PASSWORD } from './web-under-test.js';

const opened = new OpenedPage();
let page: Page;
let web: OpenedPage['web'];

describe.skipIf(missing.length > 0)('the dashboard', () => {
  beforeAll(async () => {
    vi.stubEnv('FERMATA_HOME', '/var/lib/fermata');
    vi.stubEnv('FERMATA_POSTGRES_HOST', 'postgres');
    await opened.start();
    ({ page, web } = opened);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    return opened.close();
  });

  const text = (testId: string): Promise<string> => opened.text(testId);

  it('says that a link is of no use, and takes the next one, where it is pasted into the open page', async () => {
    await page.goto(web.origin);
    await page.getByRole('heading', { name: 'Sign in to the desk' }).waitFor();
    // Which it is was known where the web server was started: in a container.
    await expect
      .poll(() => page.getByText('No password at hand?').innerText())
      .toContain('docker-compose run --rm cli link prints a link');
    expect(await (await fetch(web.origin)).text()).toContain('docker-compose run --rm cli stop');
    await page.goto(`${web.origin}/#token=used-up`);
    await expect.poll(() => page.getByRole('alert').innerText()).not.toBe('');
    expect(page.url()).toBe(`${web.origin}/`);
    await opened.signIn();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    await page.context().clearCookies();
    await page.goto('about:blank');
  });

  it('tells who has a password and no role here what to do', async () => {
    await page.goto(web.origin);
    await page.getByLabel('User').fill('nemo');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const said = () => page.getByRole('alert').innerText();
    await expect.poll(said).toContain('nemo has no role at this desk.');
    expect(await said()).toContain('Ask whoever runs this desk for a role');
    await page.goto('about:blank');
  });

  it('signs in by a one-time link and takes the token out of the address', async () => {
    await opened.signIn();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    expect(page.url()).toBe(`${web.origin}/`);
    expect(await page.locator('header .person').innerText()).toBe('operator');
  });

  it('leads to the desks that run beside this one', async () => {
    const beside = (desk: string, runs: boolean) =>
      ({ runtime: { desk }, runs, mode: 'HALTED', page: `http://127.0.0.1:8001/#${desk}` }) as StartedDesk;
    opened.desks = [beside(DESK, true), beside('second', true), beside('ended', false)];
    await page.reload();
    const links = page.getByRole('navigation', { name: 'Other desks' }).getByRole('link');
    await expect.poll(() => links.allInnerTexts()).toEqual(['second HALTED']);
    await expect.poll(() => links.getAttribute('href')).toBe('http://127.0.0.1:8001/#second');
    opened.desks = [];
  });

  it('shows that prices are simulated, the position with its stop, and why it trades', async () => {
    expect(await text('market-source')).toContain('Simulated');
    expect(await text('market-source')).toContain('seed 7');
    const positions = await page.getByRole('region', { name: 'Positions', exact: true }).innerText();
    expect(positions).toContain('BTC/USDT');
    expect(positions).toContain('Confirmed');
    await expect
      .poll(() => page.getByRole('region', { name: 'What is it waiting for?' }).innerText())
      .toContain('Nothing holds it back');
  });

  it('says whose money it is, and takes what it does not know for real', async () => {
    const head = page.locator('.identity');
    await expect.poll(() => head.innerText()).toContain('Paper money');
    const before = web.trader.status;
    web.trader.status = { ...before, trading: 'live', account: { name: 'an exchange', resting: [] } };
    await expect.poll(() => head.innerText()).toContain('Real money');
    web.trader.status = before;
    await expect.poll(() => head.innerText()).toContain('Paper money');
  });

  it('draws the equity curve as it went: down to the middle of the hour, and up again', async () => {
    await opened.signIn();
    const chart = page.getByRole('img', { name: /^Equity curve, now 10\s042\.18 USDT$/ });
    const curve = async () => {
      const [left = 0, middle = 0, right = 0] = await chart.locator('canvas').first().evaluate(heightsOfLine);
      return { falls: middle - left > 20, rises: middle - right > 20 };
    };
    await expect.poll(curve).toEqual({ falls: true, rises: true });
  });

  it('shows all of the curve, too, where it is read later than the first minutes are seen', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/api/equity*', async (route) => {
      await released;
      await route.continue();
    });
    const before = web.trader.status;
    try {
      await opened.signIn();
      const chart = page.getByRole('img', { name: /^Equity curve/ });
      await expect
        .poll(async () => {
          const { marketData } = web.trader.status;
          const marketMs = marketData.marketMs + 60_000;
          web.trader.status = { ...web.trader.status, marketData: { ...marketData, marketMs } };
          return chart.count();
        })
        .toBe(1);
      release();
      await expect
        .poll(async () => {
          const [left = 0, middle = 0] = await chart.locator('canvas').first().evaluate(heightsOfLine);
          return middle - left > 20;
        })
        .toBe(true);
    } finally {
      release();
      web.trader.status = before;
      await page.unroute('**/api/equity*');
    }
  });

  it('stops with one click, and shows what was proven', async () => {
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(() => text('outcome')).toMatch(/Stop: proven/);
    await expect.poll(() => text('mode')).toBe('HALTED');
    expect(web.trader.calls.filter(({ method }) => method === 'stop')).toHaveLength(1);
    expect(await page.getByRole('region', { name: 'Orders', exact: true }).innerText()).not.toContain(
      'Entry',
    );
    await expect
      .poll(() => page.getByRole('region', { name: 'Why is it not trading?' }).innerText())
      .toContain('a person resumes');
  });

  it('stays signed in across a reload', async () => {
    await page.reload();
    await expect.poll(() => text('mode')).toBe('HALTED');
  });

  it('asks before it resumes, waits for no reason, and takes one', async () => {
    await page.getByRole('button', { name: 'Resume' }).click();
    const dialog = page.getByRole('dialog', { name: 'Resume trading?' });
    expect(web.trader.calls.filter(({ method }) => method === 'arm')).toHaveLength(0);
    const without = page.waitForRequest(/emergency\/resume/);
    await dialog.getByRole('button', { name: 'Resume' }).click();
    expect((await without).postDataJSON()).toEqual({ haltId: HALT_ID });
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(() => text('mode')).toBe('HALTED');
    const armed = web.trader.calls.filter(({ method }) => method === 'arm').length;
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect
      .poll(() => dialog.innerText())
      .toMatch(/Equity 10\u202f042\.18 USDT, 0\.21 % below its peak; today .*; 1 open position\./);
    await dialog.getByLabel(/Reason/).fill('looked at it');
    await dialog.getByLabel(/Position size.*as it is, 100 %/).fill('101');
    await dialog.getByRole('button', { name: 'Resume' }).click();
    expect(web.trader.calls.filter(({ method }) => method === 'arm')).toHaveLength(armed);
    await dialog.getByLabel(/Position size/).fill('50');
    const sent = page.waitForRequest(/emergency\/resume/);
    await page.keyboard.press('Enter');
    expect((await sent).postDataJSON()).toEqual({ reason: 'looked at it', sizePct: 50, haltId: HALT_ID });
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    expect(web.trader.calls.findLast(({ method }) => method === 'arm')).toMatchObject({
      params: { reason: 'looked at it', haltId: HALT_ID },
    });
    // The button that was pressed is disabled now: who goes by keys goes on from what came of it.
    await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toBe('result-place');
  });

  it('shows at what size it trades where that is not the desk file’s', async () => {
    const figures = page.getByLabel('Key figures');
    expect(await figures.innerText()).not.toMatch(/size/i);
    web.trader.status = { ...web.trader.status, sizePct: 50 };
    await expect.poll(() => figures.innerText()).toMatch(/size\s+50 % of the full position size/i);
    web.trader.status = { ...web.trader.status, sizePct: 100 };
    await expect.poll(() => figures.innerText()).not.toMatch(/size/i);
  });

  it('shows how long positions were without a stop, by cause, and which one is now', async () => {
    const panel = page.getByRole('region', { name: 'Positions', exact: true });
    expect(await panel.innerText()).not.toContain('Without a stop');
    const before = web.trader.status;
    web.trader.status = {
      ...before,
      positions: before.positions.map((position) => ({ ...position, withoutStopMs: 1_340 })),
      stopGaps: [
        { why: 'changed', count: 3, longestMs: 12_500, newestMs: 80, symbol: 'BTC/USDT', atMarketMs: 1 },
        { why: 'opened', count: 40, longestMs: 38, newestMs: 30, symbol: 'ETH/USDT', atMarketMs: 2 },
      ],
    };
    await expect
      .poll(() => panel.innerText())
      .toMatch(/while the stop was changed: 3 times, longest 12.500 ms/);
    expect(await panel.innerText()).toContain(
      'until the stop of what was entered rested: 40 times, longest 38 ms',
    );
    await expect.poll(() => panel.innerText()).toMatch(/, none known to rest for 1.340 ms/);
    web.trader.status = before;
    await expect.poll(() => panel.innerText()).not.toContain('Without a stop');
  });

  it('shows each figure and each note that is declared, where it belongs', async () => {
    const before = web.trader.status;
    web.trader.status = fullStatus();
    const titles = (selector: string) =>
      page.locator(selector).evaluateAll((all) => all.map(({ textContent }) => textContent));
    await expect.poll(() => titles('.figure dt')).toEqual(figuresOf(fullStatus()).map(({ title }) => title));
    for (const place of ['positions', 'notes'] as const)
      expect(await titles(`.area-${place} .note .label`)).toEqual(
        notesOf(fullStatus())
          .filter((note) => note.place === (place === 'notes' ? 'desk' : place))
          .map(({ title }) => title),
      );
    const said = await page.getByRole('region', { name: 'Worth knowing' }).innerText();
    expect(said).toContain('BTC/USDT: refuses short sales; the desk holds targets');
    web.trader.status = before;
    await expect.poll(() => titles('.area-positions .note .label')).toEqual([]);
  });

  it('obeys the keyboard: close all asks, Escape leaves, Shift+S stops', async () => {
    await page.keyboard.press('c');
    await page.getByRole('dialog', { name: 'Close all positions?' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.keyboard.press('Shift+S');
    await expect.poll(() => text('mode')).toBe('HALTED');
  });

  it('stops by the keyboard whatever is open: in a dialog, with Caps Lock, and while something is typed', async () => {
    const stops = () => web.trader.calls.filter(({ method }) => method === 'stop').length;
    const before = stops();
    await page.keyboard.press('c');
    const dialog = page.getByRole('dialog', { name: 'Close all positions?' });
    const reason = dialog.getByLabel(/^Reason/);
    await reason.focus();
    await page.keyboard.press('Shift+S');
    await expect.poll(() => reason.inputValue()).toBe('S');
    expect(stops()).toBe(before);
    await page.keyboard.press('Alt+Shift+S');
    await expect.poll(stops).toBe(before + 1);
    await expect.poll(() => dialog.innerText()).toMatch(/Stop: /);
    expect(await reason.inputValue()).toBe('S');
    await dialog.getByRole('button', { name: 'Cancel' }).focus();
    await page.keyboard.press('Shift+S');
    await expect.poll(stops).toBe(before + 2);
    await page.keyboard.press('r');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.evaluate(() =>
      document.body.dispatchEvent(
        new KeyboardEvent('keydown', {
          key: 's',
          code: 'KeyS',
          shiftKey: true,
          bubbles: true,
          cancelable: true,
        }),
      ),
    );
    await expect.poll(stops).toBe(before + 3);
    // What is to be pressed about it stays one word on a phone.
    await resize(page, { width: 390, height: 844 });
    const dismiss = page.getByTestId('outcome').getByRole('button', { name: 'Dismiss' });
    await expect.poll(async () => (await dismiss.boundingBox())?.width ?? 0).toBeGreaterThan(45);
    await resize(page, { width: 1280, height: 720 });
  });

  it('rings a section that the keyboard is at where nothing cuts the ring off', async () => {
    const link = page.getByRole('link', { name: 'Results' });
    await link.focus();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    expect(await link.evaluate((one) => getComputedStyle(one).outlineOffset)).toBe('-2px');
    await link.evaluate((one) => one.blur());
  });

  it('says when a button was pressed, and that this is past once the desk is otherwise', async () => {
    web.trader.status = scriptedStatus();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(() => text('mode')).toBe('HALTED');
    await expect.poll(() => text('outcome')).toMatch(/^Stop: proven \d\d:\d\d:\d\d UTC /);
    const halted = web.trader.status;
    web.trader.status = scriptedStatus();
    await expect.poll(() => text('outcome')).toContain('The desk is ACTIVE now; this was before.');
    web.trader.status = halted;
    await expect.poll(() => text('mode')).toBe('HALTED');
  });

  it('asks about a position as it is now, and says when it is gone', async () => {
    const before = web.trader.status;
    await page.getByRole('button', { name: 'Close BTC/USDT' }).click();
    const dialog = page.getByRole('dialog', { name: 'Close BTC/USDT?' });
    await expect.poll(() => dialog.innerText()).toContain('Sells 0.00696 BTC/USDT');
    const positions = before.positions.map((one) => ({ ...one, quantity: '0.00300' }));
    web.trader.status = { ...before, positions };
    await expect.poll(() => dialog.innerText()).toContain('Sells 0.00300 BTC/USDT');
    web.trader.status = { ...before, positions: [], openPositions: 0 };
    await expect.poll(() => dialog.innerText()).toContain('It is closed by now.');
    await page.keyboard.press('Escape');
    web.trader.status = before;
  });

  it('sends a button again, as the same request, where its token is taken no longer', async () => {
    const sent: { readonly key: string | undefined; readonly body: string | null }[] = [];
    await page.route(/emergency\/stop/, async (route) => {
      const request = route.request();
      sent.push({ key: request.headers()['idempotency-key'], body: request.postData() });
      if (sent.length > 1) await route.continue();
      else await route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{}' });
    });
    const stops = () => web.trader.calls.filter(({ method }) => method === 'stop').length;
    const before = stops();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(stops).toBe(before + 1);
    await page.unroute(/emergency\/stop/);
    expect(sent).toHaveLength(2);
    expect(sent[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({});
    expect(sent[1]).toEqual(sent[0]);
  });

  it('tells the second of two people who decided what, and that the desk is armed only then', async () => {
    const before = web.trader.status;
    const halt: Halt = {
      ...{ haltId: HALT_ID, mode: 'HALTED', scope: { kind: 'desk' }, cause: 'person', by: 'otto' },
      ...{ reason: 'news', resume: 'two-people', atWallMs: 0, atMarketMs: 0 },
    };
    web.trader.status = { ...before, halts: [halt] };
    const dialog = page.getByRole('dialog', { name: 'Resume trading?' });
    await expect.poll(() => page.getByRole('region', { name: 'Why is it not trading?' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => dialog.innerText()).toContain('after you it waits for another one');
    const untilWallMs = Date.UTC(2026, 0, 5, 15, 10);
    opened.decided = [{ person: 'anna', sizePct: 50, untilWallMs }];
    const said =
      'anna has decided to resume at 50 % of the full position size, which counts until 15:10 UTC.';
    await expect.poll(() => dialog.innerText()).toContain(said);
    expect(await dialog.innerText()).toContain('You are the second one: this press arms the desk');
    await page.keyboard.press('Escape');
    await expect
      .poll(() => page.getByRole('region', { name: 'Why is it not trading?' }).innerText())
      .toContain(said);
    const sections = page.getByRole('navigation', { name: 'Sections' });
    await sections.getByRole('link', { name: 'Waiting' }).click();
    await expect.poll(() => page.locator('main').innerText()).toContain(said);
    await sections.getByRole('link', { name: 'Desk' }).click();
    opened.decided = [];
    web.trader.status = before;
  });

  it('says that the connection is lost, and finds back by itself', async () => {
    await page.context().setOffline(true);
    for (const client of web.app.websocketServer.clients) client.terminate();
    await expect.poll(() => text('connection')).toMatch(/Connection lost, again in \d s/);
    await expect.poll(() => text('mode')).toBe('NOT KNOWN');
    await expect
      .poll(() => page.getByRole('region', { name: 'Mode' }).innerText())
      .toContain('Last known: HALTED');
    expect(await page.getByRole('region', { name: 'Mode' }).innerText()).toContain('is not known here');
    expect(await page.getByLabel('Key figures').innerText()).not.toContain('last price');
    expect(await page.locator('.clock').getAttribute('title')).toBe(
      'Market time when the desk was last heard',
    );
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(() => text('outcome')).toContain('sends nothing again');
    const before = web.trader.calls.length;
    await page.context().setOffline(false);
    await expect.poll(() => text('connection')).toBe('Connected');
    await expect.poll(() => text('mode')).toBe('HALTED');
    expect(web.trader.calls.slice(before).map(({ method }) => method)).not.toContain('stop');
  });

  it('says how far it is behind on a slow link, and no mode that may be long gone', async () => {
    const slow = await page.context().browser()?.newPage();
    if (slow === undefined) throw new Error('no browser');
    const mode = await text('mode');
    let delayMs = 0;
    let late = 0;
    const before = web.trader.status;
    const changes = setInterval(() => {
      web.trader.status = { ...web.trader.status, sequence: web.trader.status.sequence + 1 };
    }, 200);
    await slow.routeWebSocket(/api.ws/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        const isLate = delayMs > 0;
        setTimeout(() => {
          socket.send(message);
          if (isLate) late += 1;
        }, delayMs);
      });
    });
    await opened.signIn(slow);
    const lamp = slow.getByTestId('connection');
    await expect.poll(() => lamp.innerText()).toBe('Connected');
    await expect.poll(() => slow.getByTestId('mode').innerText()).toBe(mode);
    delayMs = 4_000;
    await expect.poll(() => lamp.innerText()).toMatch(/^Behind by \d+ s$/);
    await expect.poll(() => late).toBeGreaterThan(0);
    await expect.poll(() => slow.getByTestId('mode').innerText()).toBe(mode);
    delayMs = 11_000;
    await expect.poll(() => lamp.innerText()).toMatch(/^Behind by \d\d s$/);
    late = 0;
    await expect.poll(() => late).toBeGreaterThan(2);
    await expect.poll(() => slow.getByTestId('mode').innerText()).toBe('NOT KNOWN');
    await expect
      .poll(() => slow.getByRole('region', { name: 'Mode' }).innerText())
      .toMatch(new RegExp(`arrives \\d\\d s late\\. Last known: ${mode}`));
    delayMs = 0;
    await expect.poll(() => lamp.innerText()).toBe('Connected');
    await expect.poll(() => slow.getByTestId('mode').innerText()).toBe(mode);
    await slow.close();
    clearInterval(changes);
    web.trader.status = before;
  });

  it('offers no resumption before it knows what halted the desk, and can stop it already', async () => {
    const early = await page.context().browser()?.newPage();
    if (early === undefined) throw new Error('no browser');
    await early.routeWebSocket(/api.ws/, () => undefined);
    await opened.signIn(early);
    const button = (name: string) => early.getByRole('button', { name, exact: true });
    await button('Stop').waitFor();
    expect(await early.getByTestId('mode').innerText()).toBe('CONNECTING');
    expect(await button('Stop').isEnabled()).toBe(true);
    expect(await button('Resume').isDisabled()).toBe(true);
    expect(await button('Resume').getAttribute('title')).toContain('is not known here yet');
    await early.close();
  });

  it('lets nothing of its header lie over something else', async () => {
    const size = page.viewportSize();
    const parts = page.locator('.wordmark, .desk-name, .identity > .tag, .clock, .top .lamp, .top-links');
    for (const width of [390, 700, 768, 820, 960, 1010, 1440]) {
      await resize(page, { width, height: 800 });
      const boxes = await parts.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
      expect(boxes).toHaveLength(7);
      for (const [at, a] of boxes.entries()) {
        expect(a.right, `${width} px`).toBeLessThanOrEqual(width);
        for (const b of boxes.slice(at + 1)) {
          const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          expect(apart, `${width} px: ${JSON.stringify([a, b])}`).toBe(true);
        }
      }
    }
    if (size !== null) await resize(page, size);
  });

  it('brings no keyboard up over a question where fingers point', async () => {
    const phone = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } };
    const context = await page.context().browser()?.newContext(phone);
    const touched = await context?.newPage();
    if (context === undefined || touched === undefined) throw new Error('no browser');
    await opened.signIn(touched);
    await touched.getByRole('button', { name: 'Close all' }).tap();
    await touched.getByRole('dialog', { name: 'Close all positions?' }).waitFor();
    expect(await touched.evaluate('document.activeElement.tagName')).toBe('DIALOG');
    await context.close();
  });

  it('keeps the stop button in sight however far it is scrolled', async () => {
    for (const [width, height] of [
      [1440, 500],
      [800, 400],
      [390, 700],
    ] as const) {
      await resize(page, { width, height });
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
    await resize(page, { width: 1280, height: 720 });
    await page.evaluate('scrollTo(0, 0)');
  });

  it('leaves the clock its place however much there is to say of the prices', async () => {
    const status = web.trader.status;
    const label = `simulated market, seed 7, 60x (no live prices: ${'no venue of the list answers; '.repeat(8)})`;
    web.trader.status = { ...status, marketData: { ...status.marketData, label } };
    const source = page.getByTestId('market-source');
    await expect.poll(() => source.getAttribute('title')).toBe(label);
    for (const width of [1920, 1280, 1024, 390]) {
      await resize(page, { width, height: 720 });
      const [said, clock] = [await source.boundingBox(), await page.locator('.clock').boundingBox()];
      const isBeside = (said?.x ?? 0) + (said?.width ?? width) <= (clock?.x ?? 0);
      const isAbove = (said?.y ?? 0) + (said?.height ?? 720) <= (clock?.y ?? 0);
      expect(isBeside || isAbove, `${width} px wide`).toBe(true);
      expect((clock?.x ?? width) + (clock?.width ?? 0), `${width} px wide`).toBeLessThanOrEqual(width);
    }
    await resize(page, { width: 1280, height: 720 });
    web.trader.status = status;
  });

  it('says what a close-all will close, and gives the focus back', async () => {
    const button = page.getByRole('button', { name: 'Close all' });
    await button.click();
    const dialog = page.getByRole('dialog', { name: 'Close all positions?' });
    await expect.poll(() => dialog.innerText()).toMatch(/Sells [\d.]+ BTC\/USDT/);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('signs out, explains a wrong password, and lets the right one in', async () => {
    web.trader.status = scriptedStatus();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => page.getByRole('alert').innerText()).toContain('User or password is wrong');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
  });

  it('says why it asks to sign in where a sign-in has ended under it', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    // Who has just signed out knows it.
    await page.getByLabel('Password').waitFor();
    expect(await page.getByRole('alert').innerText()).toBe('');
    await opened.signIn();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    web.standings.set('operator', 'another password');
    await expect.poll(() => page.getByRole('alert').innerText()).toContain('Your sign-in has ended.');
    await opened.signIn();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
  });

  it('sends as nobody else what one person pressed, where another one has signed in meanwhile', async () => {
    await opened.signIn();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect.poll(() => text('mode')).toBe('HALTED');
    const token = await createSignInToken(opened.database.pool, rowMaker, 'anna');
    // As in another tab, which has the same cookie.
    await page.evaluate(
      (body) =>
        fetch('/api/auth/link', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
      JSON.stringify({ token, transport: 'cookie' }),
    );
    const answers: number[] = [];
    await page.route(/emergency\/resume/, async (route) => {
      answers.push(401);
      await route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{}' });
    });
    const loaded = page.waitForEvent('load');
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await loaded;
    await expect.poll(() => page.getByTitle(/^Signed in: anna, approver/).count()).toBe(1);
    expect(answers).toEqual([401]);
    await page.unroute(/emergency\/resume/);
    await page.context().clearCookies();
    await page.goto('about:blank');
    await opened.signIn();
    web.trader.status = scriptedStatus();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
  });

  it('sends a stop whoever is signed in by then: it waits for nobody', async () => {
    await opened.signIn();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
    const token = await createSignInToken(opened.database.pool, rowMaker, 'anna');
    await page.evaluate(
      (body) =>
        fetch('/api/auth/link', { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
      JSON.stringify({ token, transport: 'cookie' }),
    );
    const loaded = page.waitForEvent('load');
    let asked = 0;
    await page.route(/emergency\/stop/, async (route) => {
      asked += 1;
      if (asked === 1)
        return route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{}' });
      // On its way only once the page has been loaded again.
      await loaded;
      return route.continue();
    });
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await loaded;
    await expect.poll(() => text('mode')).toBe('HALTED');
    expect(web.trader.calls.findLast(({ method }) => method === 'stop')).toMatchObject({
      params: { by: 'anna' },
    });
    await page.unroute(/emergency\/stop/);
    await page.context().clearCookies();
    await page.goto('about:blank');
    await opened.signIn();
    web.trader.status = scriptedStatus();
    await expect.poll(() => text('mode')).toBe('ACTIVE');
  });

  it('says that the trader is gone, and never that nothing holds the desk back', async () => {
    await web.trader.stop();
    await expect.poll(() => text('mode')).toBe('NO ANSWER');
    await expect
      .poll(() => page.getByRole('region', { name: 'Why is it not trading?' }).innerText())
      .toContain('the trader does not answer');
  });

  it('never broke its own content policy', () => {
    expect(opened.complaints).toEqual([]);
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
