/** What the page says before its figures: what the desk can do, by its tab too, and whether alerts arrive. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvidenceInput } from '../../src/contracts/evidence.js';
import type { TraderStatus, TradeStatus } from '../../src/contracts/trader-status.js';
import type { Halt } from '../../src/domain/mode.js';
import type { ShownChannel } from '../../src/home/channel-health.js';
import { appendAudit } from '../../src/store/audit.js';
import { recordEvidenceBatch } from '../../src/store/evidence-rows.js';
import { beginRoutineRun, finishRoutineRun } from '../../src/store/routine-run.js';
import { writeDay } from '../../src/store/trading-journal-rows.js';
import { DESK } from '../api/web-under-test.js';
import { scriptedStatus } from '../support/trader-status.js';
import { missing, picture, ShownDesk, SIGN_OFF, WIDTHS } from './shown-desk.js';

const desk = new ShownDesk();
/** Figures are grouped by narrow spaces that do not break. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');
const CALENDAR =
  '2026-01-06: 08:30 [US] Nonfarm Payrolls (high); 10:00 [US] ISM Services PMI (medium); 14:00 [US] FOMC Meeting Minutes (high)';
const FINDINGS =
  'health score 82 of 100; high: node_modules/somewhere/in/a/deep/tree/with-a-long-name@1.2.3 has a known vulnerability (GHSA-aaaa-bbbb-cccc); medium: /var/lib/fermata/secrets/operator-password may be read by others (mode 0644, expected 0600)';
const WELL: ShownChannel = {
  ...{ channel: 'telegram', state: 'ok', sinceMs: 0, why: null },
  ...{ waiting: 0, refused: 0, problem: null },
};
const REFUSING: ShownChannel = {
  ...{ ...WELL, state: 'refusing', refused: 3, why: '400 Bad Request: chat not found' },
  problem:
    'Alerts do not arrive on Telegram: the chat of the alerts (TELEGRAM_CHAT_ID) takes no messages: 400 Bad Request: chat not found. Not delivered so far: 3.',
};

describe.skipIf(missing.length > 0)('the page says', () => {
  beforeAll(() => desk.start());
  afterAll(() => desk.close());

  const is = (change: Partial<TraderStatus>): void => {
    desk.web.trader.status = scriptedStatus(change);
  };
  const icon = () => desk.page.locator('link[rel="icon"]').getAttribute('href');
  const band = () => desk.page.getByRole('region', { name: 'Mode' }).innerText();

  it('that every strategy is off in amber, and in its tab that the desk is halted and what is open', async () => {
    const strategies = scriptedStatus().strategies.map((one) => ({ ...one, enabled: false }));
    expect(strategies.length).toBeGreaterThan(0);
    is({ strategies });
    await expect.poll(band).toContain('ACTIVE, but every strategy is off: nothing is entered until one is');
    const why = desk.page.getByRole('region', { name: 'What is it waiting for?' });
    await expect.poll(() => why.innerText()).toContain('Off: enters nothing until it is switched on');
    expect(await why.innerText()).not.toContain(strategies[1]?.state ?? '');
    await desk.open('Strategies');
    const table = desk.page.getByRole('table', { name: 'ema-cross by instrument' });
    await expect.poll(() => table.innerText()).toContain('Off: enters nothing until it is switched on');
    await desk.open('Desk');
    const mode = desk.page.getByTestId('mode');
    const colour = () => mode.evaluate((box) => getComputedStyle(box).color);
    const amber = await colour();
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.complaintsOfAxe(`strategies-off-${width}`), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
    await expect.poll(() => desk.page.title()).toBe('(1) crypto-bot · Fermata');
    is({});
    await expect.poll(band).toContain('Every check was clean');
    expect(await colour()).not.toBe(amber);
    expect(await icon()).toBe('/caution.svg');
    is({ mode: 'HALTED', reason: 'lunch' });
    await expect.poll(() => desk.page.title()).toBe('(1) HALTED · crypto-bot · Fermata');
    expect(await icon()).toBe('/halted.svg');
    await picture(desk.page, 'halted');
    is({});
    await expect.poll(icon).toBe('/caution.svg');
  });

  it('what to do about the halt that decides, also where a start came after the stop of a person', async () => {
    const halt = (cause: Halt['cause'], resume: Halt['resume']): Halt => ({
      ...{ haltId: cause.padEnd(32, '0'), mode: 'HALTED', scope: { kind: 'desk' }, cause, resume },
      ...{ by: 'anna', reason: cause, atWallMs: 0, atMarketMs: 0 },
    });
    is({ mode: 'HALTED', reason: 'lunch', halts: [halt('person', 'person'), halt('startup', 'auto')] });
    const advice = desk.page.getByRole('region', { name: 'Mode' }).getByRole('link', { name: 'What to do' });
    await expect.poll(() => advice.getAttribute('href')).toBe('/docs/WOKEN#person');
    is({});
    await expect.poll(() => advice.count()).toBe(0);
  });

  it('a reason of one long word without pushing a button off the screen', async () => {
    const reason = `see ${'f00d'.repeat(60)}`;
    const halt: Halt = {
      ...{ haltId: 'a'.repeat(32), mode: 'HALTED', scope: { kind: 'desk' }, cause: 'person', by: 'anna' },
      ...{ resume: 'person', reason, atWallMs: 0, atMarketMs: 0 },
    };
    is({
      mode: 'HALTED',
      reason,
      halts: [halt],
      notTrading: [{ subject: 'desk', reason, waitsFor: reason }],
    });
    await expect.poll(band).toContain(reason.slice(4));
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
    await desk.look(390);
    await desk.page.getByRole('button', { name: 'Resume', exact: true }).click();
    const dialog = desk.page.getByRole('dialog');
    await expect.poll(() => dialog.innerText()).toContain(reason.slice(4));
    expect(await dialog.evaluate((box) => box.scrollWidth <= box.clientWidth)).toBe(true);
    await picture(desk.page, 'long-word');
    await desk.page.keyboard.press('Escape');
    is({});
  });

  it('what to do where the supervisor is lost, and that nothing restarts a trader that ends then', async () => {
    const { processes } = desk;
    desk.processes = null;
    const panel = desk.page.getByRole('region', { name: 'Processes', exact: true });
    await expect.poll(() => panel.innerText()).toContain('nothing starts a process again that ends');
    const advice = panel.getByRole('link', { name: 'What to do' });
    expect(await advice.getAttribute('href')).toBe('/docs/WOKEN#supervisor-lost');
    await desk.look(390);
    expect(await desk.complaintsOfAxe('supervisor-lost-390')).toEqual([]);
    expect(await desk.widerThanThePage()).toEqual([]);
    desk.web.trader.silent = true;
    await expect.poll(band).toContain('nothing restarts the trader. Stops stay at the venue.');
    const inBand = desk.page.getByRole('region', { name: 'Mode' }).getByRole('link', { name: 'What to do' });
    expect(await inBand.getAttribute('href')).toBe('/docs/WOKEN#supervisor-lost');
    desk.processes = processes;
    await expect.poll(band).toContain('the supervisor restarts it');
    desk.processes = (processes ?? []).map((one) =>
      one.name === 'trader' ? { ...one, state: 'down' } : one,
    );
    await expect.poll(band).toContain('stays down');
    expect(await band()).toContain('restart trader');
    desk.processes = processes;
    desk.web.trader.silent = false;
    await expect.poll(band).toContain('Every check was clean');
  });

  it.each([
    ['Journal', '**/api/journal**'],
    ['Audit', '**/api/audit**'],
  ])(
    'of the section %s, whose reading hangs, that the web server does not answer, within seconds, with what to do',
    async (section, hanging) => {
      await desk.page.route(hanging, () => undefined);
      try {
        // Not `open`, which waits until nothing is being read.
        await desk.page
          .getByRole('navigation', { name: 'Sections' })
          .getByRole('link', { name: section })
          .click();
        const panel = desk.page.locator('main');
        await expect.poll(() => panel.innerText()).toContain('The web server has not answered for 10 s');
        expect(await panel.innerText()).toContain('restart web');
      } finally {
        await desk.page.unroute(hanging);
        await desk.open('Desk');
      }
    },
  );

  it('each command to type as a whole, on a phone too', async () => {
    await desk.page
      .locator('meta[name="command-line"]')
      .evaluate((meta) =>
        meta.setAttribute('content', 'npx fermata --desk crypto-bot-of-the-second-account'),
      );
    await desk.page.context().setOffline(true);
    for (const client of desk.web.app.websocketServer.clients) client.terminate();
    await expect.poll(band).toContain('npx fermata --desk crypto-bot-of-the-second-account stop');
    const hidden = () =>
      desk.page.locator('.mode-band code').evaluateAll((all) =>
        all.flatMap((one) => {
          const { bottom, right } = one.getBoundingClientRect();
          const line = (one.parentElement ?? one).getBoundingClientRect();
          return bottom <= line.bottom + 1 && right <= line.right + 1 ? [] : [one.textContent];
        }),
      );
    for (const width of WIDTHS) {
      await desk.look(width);
      await picture(desk.page, `commands-${width}`);
      expect(await hidden(), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
    await desk.page.context().setOffline(false);
    await expect.poll(band).toContain('Every check was clean');
  });

  it('each command in the desk’s own words as it is typed here, with the desk’s name where several run', async () => {
    const { marketMs } = scriptedStatus().marketData;
    const said = (text: string) => ({ text, marketMs, wallMs: marketMs });
    const texts = ['fermata paper reset begins anew', 'see `fermata desks`, npx fermata logs'];
    const typedAs = async (program: string): Promise<string> => {
      await desk.page
        .locator('meta[name="command-line"]')
        .evaluate((meta, value) => meta.setAttribute('content', value), program);
      is({ activity: texts.map(said), reason: `armed as ${program}` });
      await expect.poll(band).toContain(`Armed as ${program}`);
      return desk.page.getByRole('region', { name: 'What happened' }).innerText();
    };
    desk.web.alerts[0] = { ...WELL, problem: 'Nobody sends: the bot does not run (`fermata logs`).' };
    const several = await typedAs('npx fermata --desk slob');
    expect(several).toContain('npx fermata --desk slob paper reset begins anew');
    expect(several).toContain('npx fermata desks');
    await expect
      .poll(() => desk.text('alerts-problem'))
      .toContain('the bot does not run (npx fermata --desk slob logs)');
    desk.web.alerts.length = 0;
    expect(several).toContain(', npx fermata logs');
    expect(await typedAs('docker-compose run --rm cli')).toContain('docker-compose run --rm cli paper reset');
    await typedAs('fermata');
    is({});
  });

  it('what an approval of settings would change, in words and with the unit, and what came of others, with commands as typed here', async () => {
    const [open] = desk.approvals;
    const outcome = 'the trader did not answer at 2026-01-02T03:04:05.000Z: fermata logs';
    desk.approvals = [
      open!,
      { ...open!, id: 'over', state: 'rejected', title: 'Less room', outcome, closedMs: Date.now() },
    ];
    const audited = {
      ...{ desk: DESK, person: 'anna', via: 'cli', parameters: {} },
      action: 'vote:approve',
      outcome: 'not counted: fermata approvals',
    } as const;
    await appendAudit(desk.database.pool, audited);
    await desk.page
      .locator('meta[name="command-line"]')
      .evaluate((meta) => meta.setAttribute('content', 'npx fermata'));
    await desk.open('Waiting');
    const asked = () => desk.page.getByRole('region', { name: 'Approvals' }).innerText();
    await expect.poll(asked).toMatch(/Largest position[^(]*\(risk\.maxPositionSizePct\)\s+3 → 4 %/);
    await expect.poll(asked).toMatch(/did not answer at \S+ 03:04 UTC: npx fermata logs/);
    await desk.page.getByRole('button', { name: 'Approve…' }).click();
    expect(await desk.page.getByRole('dialog').innerText()).toMatch(
      /Largest position[^(]*\(risk\.maxPositionSizePct\)\s+3 → 4 %/,
    );
    await desk.page.getByRole('button', { name: 'Cancel' }).click();
    await desk.open('Audit');
    const trail = () => desk.page.getByRole('region', { name: 'Audit trail, newest first' }).innerText();
    // Also on a phone, where the first value of a row has no heading.
    await expect.poll(trail).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    await expect.poll(trail).toContain('not counted: npx fermata approvals');
    desk.approvals = [open!];
    await desk.open('Desk');
  });

  it('equity, drawdown and what is held at one look', async () => {
    is({ equity: '98765.43', drawdownPct: '4.99' });
    const figures = desk.page.locator('dl[aria-label="Key figures"]');
    await expect
      .poll(() => figures.innerText())
      .toMatch(/equity\s+98.765\.43[\s\S]*drawdown\s+4\.99 %[\s\S]*positions\s+1\b/i);
    const held = desk.page.getByRole('region', { name: 'Positions', exact: true });
    await expect.poll(() => held.innerText()).toMatch(/BTC\/USDT\s+long\b/);
    for (const width of [...WIDTHS, 1280]) {
      await desk.look(width);
      const cut = await figures
        .locator('dd')
        .evaluateAll((all) =>
          all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent),
        );
      expect(cut, `${width} px`).toEqual([]);
    }
    is({});
  });

  it('of a position of several trades each one’s strategy, stop and exits, and which trades end where it is closed', async () => {
    const [position] = scriptedStatus().positions;
    const trade = { id: 't1', openedMs: 1, fees: '0.10', result: '1.20', risk: '1.50', r: '0.80' };
    const exitsOf = (words: string): NonNullable<TradeStatus['exits']> => ({
      ...{ targets: [], trailBy: null, breakEven: null, timeExitMs: null, stopMovedBy: null },
      words: [words],
    });
    const part = { ...trade, quantity: '0.004', protection: 'confirmed', averagePrice: '43050.00' } as const;
    const parts = [
      { ...part, strategy: 'up', side: 'long', stopPrice: '42000.00', exits: exitsOf('target 43100.00') },
      { ...part, strategy: 'down', side: 'short', stopPrice: '44000.00', exits: exitsOf('trails by 50.00') },
      { ...part, strategy: 'fermata', side: 'long', stopPrice: '41000.00' },
    ] as const;
    const other = { ...position!, symbol: 'ETH/USDT', trade: { ...trade, exits: exitsOf('target 2400.00') } };
    const net = { ...position!, strategy: 'up', trade: { ...trade, exits: exitsOf('target 43100.00') } };
    is({ positions: [{ ...net, parts: [...parts] }, other] });
    await desk.look(1440);
    const panel = desk.page.getByRole('region', { name: 'Positions', exact: true });
    const cell = (symbol: string, title: string) =>
      panel.getByRole('row', { name: symbol }).locator(`td[data-label="${title}"]`).innerText();
    await expect.poll(() => cell('BTC/USDT', 'Strategy')).toBe('up, down, fermata');
    expect(await cell('BTC/USDT', 'Exits')).toBe('–');
    expect(await cell('ETH/USDT', 'Exits')).toBe('target 2400.00');
    const below = panel.getByText('BTC/USDT, by strategy:');
    expect(plain(await below.innerText())).toBe(
      'BTC/USDT, by strategy: up long 0.004 at 43 050.00, stop 42 000.00 (confirmed), exits: target 43100.00; ' +
        'down short 0.004 at 43 050.00, stop 44 000.00 (confirmed), exits: trails by 50.00; ' +
        'fermata long 0.004 at 43 050.00, stop 41 000.00 (confirmed).',
    );
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
      expect(await desk.cutOff(), `${width} px`).toEqual([]);
      expect(await panel.locator('td[data-label="Side"]').first().isVisible(), `${width} px`).toBe(true);
      await picture(desk.page, `several-trades-${width}`);
    }

    const asked = async (symbol: string): Promise<string> => {
      await panel.getByRole('button', { name: `Close ${symbol}` }).click();
      const dialog = desk.page.getByRole('dialog', { name: `Close ${symbol}?` });
      const text = plain(await dialog.locator('#dialog-text').innerText());
      await desk.page.keyboard.press('Escape');
      return text;
    };
    const several = await asked('BTC/USDT');
    expect(several).toContain(
      'Ends 3 trades: up long 0.004; down short 0.004; fermata long 0.004. Their stops go with them.',
    );
    expect(several).toContain('Sells 0.00696 BTC/USDT at the market; the result now is +0.49 USDT.');
    expect(several).not.toContain('Its stop');
    expect(several).toContain('where it is active, up and down may enter again.');
    expect(await asked('ETH/USDT')).toContain('where it is active, ema-cross may enter again.');

    is({ positions: [{ ...net, quantity: '0.00000', parts: parts.slice(0, 2) }] });
    await expect.poll(() => panel.innerText()).not.toContain('ETH/USDT');
    expect(await asked('BTC/USDT')).toContain(
      'They cancel out, and nothing is traded at the market; the result now is +0.49 USDT.',
    );
    is({});
  });

  it('whether the breaker has halted it by a colour: green while it trades, red at the maximum drawdown', async () => {
    const mode = desk.page.getByTestId('mode');
    const painted = () =>
      mode.evaluate((box) => {
        const { color, backgroundColor } = getComputedStyle(box);
        return [color, backgroundColor].flatMap((one) => {
          const [red = 0, green = 0, blue = 0, solid = 1] = (one.match(/[\d.]+/g) ?? []).map(Number);
          const isGrey = Math.max(red, green, blue) - Math.min(red, green, blue) < 40;
          return solid === 0 || isGrey ? [] : [red > green ? 'red' : 'green'];
        });
      });
    is({ mode: 'ACTIVE' });
    await expect.poll(painted).toEqual(['green']);
    is({ mode: 'HALTED', reason: 'the maximum drawdown of 25 % is reached' });
    await expect.poll(painted).toEqual(['red']);
    is({});
  });

  it('how many setups are active, and each of them on a page of its own, which a link leads to', async () => {
    const { marketMs } = scriptedStatus().marketData;
    const plan = 'SHORT BTC @ 42610.50, stop 42700.00, target 42431.50';
    const notes = [
      [3, 'Setup aaaa0001: first liquidity'],
      [2, 'Setup aaaa0001: EXPIRED, its day is over'],
      [2, 'Setup bbbb0002: first liquidity'],
      [1, `Setup Detected - bbbb0002: ${plan}`],
    ] as const;
    const active = () => desk.text('active-setups');
    await desk.open('Desk');
    await expect.poll(active).toBe('0 active');
    for (const [at, [hoursAgo, text]] of notes.entries()) {
      const atMs = marketMs - hoursAgo * 3_600_000;
      const record = { type: 'note', text, strategy: 'ema-cross', symbol: 'BTC/USDT', marketMs: atMs };
      await desk.database.ownerPool.query(
        `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
         values ('crypto-bot', 'k3f9aa', $1, to_timestamp($2), 'note', $3, '')`,
        [900_000 + at, atMs / 1_000, JSON.stringify(record)],
      );
    }
    const [strategy] = scriptedStatus().strategies;
    is({ strategies: [{ ...strategy!, state: `setup bbbb0002 ORDER_PLACED: ${plan}` }] });
    await expect.poll(active, { timeout: 20_000 }).toBe('1 active');
    await desk.page.evaluate(() => {
      location.hash = '/setups/bbbb0002';
    });
    const details = desk.page.getByRole('region', { name: 'Setup bbbb0002' });
    await expect
      .poll(() => details.innerText())
      .toMatch(
        /ORDER_PLACED[\s\S]*Entry\s+42.610\.50[\s\S]*Stop\s+42.700\.00[\s\S]*Target\s+42.431\.50[\s\S]*Reward to risk\s+2\.00[\s\S]*first liquidity/,
      );
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.complaintsOfAxe(`setup-${width}`), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
    await details.getByRole('link', { name: 'All setups' }).click();
    const list = desk.page.getByRole('region', { name: 'Setups', exact: true });
    await expect.poll(() => list.innerText()).toMatch(/1 active[\s\S]*bbbb0002[\s\S]*aaaa0001/);
    await picture(desk.page, 'setups');
    is({});
  });

  it('that there is no error, and each that the log has', async () => {
    await desk.open('Desk');
    const log = desk.page.getByRole('region', { name: 'Error log' });
    await expect.poll(() => log.innerText()).toMatch(/No error\.$/);
    desk.web.errors.push({ atMs: Date.now(), role: 'trader', message: 'the gateway is gone' });
    await desk.open('Audit');
    await desk.open('Desk');
    await expect.poll(() => log.innerText()).toMatch(/1[\s\S]*trader the gateway is gone$/);
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.complaintsOfAxe(`error-log-${width}`), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
    desk.web.errors.pop();
  });

  it('what each day came to, and what somebody notes on it', async () => {
    const figures = { setups: 2, orders: 1, trades: 1, result: '450.00', currency: 'USDT' };
    await writeDay(desk.database.pool, { desk: 'crypto-bot', date: '2026-01-05', figures });
    await desk.open('Journal');
    const journal = desk.page.getByRole('region', { name: 'Trading journal' });
    await expect
      .poll(() => journal.innerText())
      .toMatch(/2026-01-05[\s\S]*Setups detected\s+2[\s\S]*Orders placed\s+1[\s\S]*\+450\.00/);
    const asked = journal.getByRole('button', { name: 'Note on today…' });
    const words = desk.page.getByLabel('What the figures do not say');
    const send = desk.page.getByRole('button', { name: 'Note', exact: true });
    await asked.click();
    await words.fill('Clean day');
    await desk.page.route('**/api/journal**', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.fallback(),
    );
    await send.click();
    await expect.poll(() => desk.page.locator('.said.alarm').count()).toBe(1);
    await desk.page.unroute('**/api/journal**');
    // Nobody writes it twice.
    await asked.click();
    expect(await words.inputValue()).toBe('Clean day');
    await send.click();
    await expect.poll(() => desk.text('said')).toContain('Noted on 2026-01-05');
    await asked.click();
    expect(await words.inputValue()).toBe('');
    await desk.page.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => journal.innerText()).toMatch(/operator, .* UTC\s+Clean day/);
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.complaintsOfAxe(`journal-${width}`), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
  });

  it('what the weekly report found, step by step', async () => {
    const { pool } = desk.database;
    const run = { desk: 'crypto-bot', workflowId: 'routine:weekly-summary', firstRunId: 'w', runId: 'w' };
    const atMs = scriptedStatus().marketData.marketMs;
    await beginRoutineRun(pool, {
      ...{ ...run, routine: 'weekly-summary', title: 'Weekly summary', cause: 'schedule' },
      ...{ nominalMs: atMs, startedMs: atMs },
    });
    const observed = '7 days: equity 100000.00 to 99000.00 (-1.00 %); win rate 50.00 % of 2 closings';
    const step = (
      stepKey: string,
      name: string,
      observed: string,
      verdict: EvidenceInput['verdict'],
    ): EvidenceInput => ({
      ...{ ...run, routine: 'weekly-summary', stepKey, name },
      ...{ kind: 'report', verdict, observed, expected: '', startedMs: atMs, finishedMs: atMs },
      ...{ marketMs: atMs, person: null, reference: null, simulated: true },
    });
    await recordEvidenceBatch(pool, [
      step('performance', 'Win rate of the week', observed, 'pass'),
      step('calendar', 'Economic calendar of the next session', CALENDAR, 'pass'),
      step('security', 'Security audit', FINDINGS, 'warn'),
      step('sign-off', SIGN_OFF.title, `seen; ticked: ${SIGN_OFF.items?.join('; ticked: ')}`, 'pass'),
    ]);
    await finishRoutineRun(pool, { ...run, verdict: 'pass', finishedMs: atMs });
    await desk.open('Routines');
    const shown = desk.page.locator('details.run', { hasText: 'Weekly summary' });
    await shown.waitFor();
    if ((await shown.getAttribute('open')) === null) await shown.locator('summary').first().click();
    for (const name of ['Win rate of the week', 'Economic calendar', SIGN_OFF.title])
      await shown.getByText(name).click();
    const written = observed.replace('100000.00', '100\u202f000.00').replace('99000.00', '99\u202f000.00');
    await expect.poll(() => shown.innerText()).toContain(written);
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.complaintsOfAxe(`findings-${width}`), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
  });

  it('that recorded prices are recorded', async () => {
    const { marketData } = scriptedStatus();
    const label = 'recorded: btc-2026-03.csv.gz, 600x';
    is({ marketData: { ...marketData, kind: 'recorded', label } });
    await expect.poll(() => desk.text('market-source')).toMatch(new RegExp(`^Recorded\\s*${label}$`));
    is({});
    await expect.poll(() => desk.text('market-source')).toContain('Simulated');
  });

  it('what it is to a phone that keeps it on its home screen', async () => {
    const { origin } = desk.web;
    const href = await desk.page.locator('link[rel="manifest"]').getAttribute('href');
    const answer = await desk.page.request.get(origin + href);
    expect(answer.headers()['content-type']).toContain('application/manifest+json');
    const manifest = (await answer.json()) as { icons: { src: string }[]; start_url: string };
    expect(manifest).toMatchObject({ name: 'Fermata', display: 'standalone', start_url: '/' });
    for (const { src } of [...manifest.icons, { src: '/halted.svg' }, { src: '/caution.svg' }])
      expect((await desk.page.request.get(origin + src)).headers()['content-type'], src).toMatch(/^image\//);
    // As the browser reads it: the policy lets it, and there is nothing wrong with it.
    const debug = await desk.page.context().newCDPSession(desk.page);
    const { errors, data } = await debug.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    expect(data).toContain('standalone');
  });

  it('over every section that alerts do not arrive, and tries one', async () => {
    const { alerts } = desk.web;
    alerts[0] = REFUSING;
    await desk.open('Desk');
    const notice = desk.page.getByTestId('alerts-problem');
    await notice.waitFor();
    await expect
      .poll(() => notice.innerText())
      .toMatch(/chat not found\. Not delivered so far: 3\. What to do/);
    const advice = await notice.getByRole('link', { name: 'What to do' }).getAttribute('href');
    const document = await (await desk.page.request.get(desk.web.origin + advice)).text();
    expect(document).toContain(` id="${advice?.split('#')[1]}"`);
    const lamp = desk.page.getByRole('list', { name: 'Alerts' });
    await expect.poll(() => lamp.innerText()).toMatch(/alerts on telegram\s+400 Bad Request: chat not found/);
    for (const width of WIDTHS) {
      await desk.look(width, 'dark');
      expect(await desk.complaintsOfAxe(`alerts-refused-${width}`), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
    await desk.open('Audit');
    await expect.poll(() => notice.isVisible()).toBe(true);
    await notice.getByRole('button', { name: 'Send a test alert' }).click();
    await expect.poll(() => desk.text('said')).toContain('arrived');
    alerts[0] = WELL;
    await expect.poll(() => notice.count()).toBe(0);
    await desk.open('Desk');
    await expect.poll(() => lamp.innerText()).toMatch(/alerts on telegram\s+arrive/);
    await picture(desk.page, 'alerts-well');
  });

  it('where the guides are, which the desk serves itself', async () => {
    await desk.open('Desk');
    await desk.page.keyboard.press('?');
    const help = desk.page.getByRole('dialog', { name: 'Keyboard and words' });
    for (const [guide, title] of [
      ['Main guide', 'A tour'],
      ['Deployment', 'Containers'],
      ['Incidents', 'Incidents'],
      ['Testing', 'Go-live validation'],
    ] as const) {
      const href = await help.getByRole('link', { name: guide }).getAttribute('href');
      const answer = await desk.page.request.get(desk.web.origin + href);
      expect([answer.status(), await answer.text()], guide).toEqual([
        200,
        expect.stringContaining(`<title>${title}`),
      ]);
    }
    await desk.page.keyboard.press('Escape');
    await expect.poll(() => desk.page.locator('dialog').count()).toBe(0);
  });

  it('of what happened on another day the date, too', async () => {
    await desk.open('Desk');
    const { marketMs } = scriptedStatus().marketData;
    const line = (text: string, atMs: number) => ({ text, marketMs: atMs, wallMs: atMs });
    is({ activity: [line('today', marketMs), line('yesterday', marketMs - 86_400_000)] });
    const happened = desk.page.getByRole('region', { name: 'What happened' });
    await expect.poll(() => happened.innerText()).toMatch(/14:31:20\s+today\s+01-04 14:31:20\s+yesterday/);
    is({});
  });

  it('of each time that is the market’s that it is', async () => {
    await desk.open('Desk');
    for (const name of ['What happened', 'Equity', 'Fills', 'Price']) {
      const panel = desk.page.getByRole('region', { name, exact: true });
      await expect.poll(() => panel.innerText(), { message: name }).toMatch(/market time,? UTC/i);
    }
    expect(await desk.page.locator('.clock').innerText()).toMatch(/^Market/);
  });

  it('times by the clock that somebody chose for this browser, everywhere', async () => {
    await desk.open('Settings');
    const clock = () => desk.page.getByLabel('Times are shown by the clock of');
    const header = () => desk.page.locator('.clock').innerText();
    await desk.page.evaluate(() => localStorage.setItem('fermata.zone', 'America/New_York'));
    await desk.page.reload();
    await expect.poll(() => clock().inputValue()).toBe('America/New_York');
    await expect.poll(header).toMatch(/2026-01-05 09:31:20 New York$/);
    await desk.open('Results');
    await desk.page.getByRole('columnheader', { name: 'Closed, New York' }).waitFor();
    await desk.open('Settings');
    await clock().selectOption('UTC');
    await expect.poll(header).toMatch(/2026-01-05 14:31:20 UTC$/);
  });

  const listen = (): Promise<void> =>
    desk.page.evaluate(() => {
      const told: string[] = [];
      class Notice {
        static permission = 'granted';
        static requestPermission = async (): Promise<string> => 'granted';
        constructor(title: string) {
          told.push(title);
        }
      }
      class Speaker extends AudioContext {
        override resume(): Promise<void> {
          told.push('sound');
          return super.resume();
        }
      }
      Object.assign(globalThis, { told, Notification: Notice, AudioContext: Speaker });
    });
  const told = () => desk.page.evaluate(() => (globalThis as unknown as { told: string[] }).told);

  it('a halt and a new incident by notice and by sound, where somebody asked for it', async () => {
    await desk.open('Settings');
    await listen();
    is({ mode: 'HALTED', reason: 'lunch' });
    await expect.poll(() => desk.page.title()).toContain('HALTED');
    is({});
    await expect.poll(() => desk.page.title()).not.toContain('HALTED');
    expect(await told()).toEqual([]);
    await desk.page.getByLabel('Notify me when').check();
    await desk.page.getByLabel('Sound, too').check();
    await expect.poll(told).toEqual(['sound']);
    is({ mode: 'HALTED', reason: 'lunch' });
    await expect.poll(told).toEqual(['sound', 'sound', 'crypto-bot: HALTED']);
    is({});
    await expect.poll(() => desk.page.title()).not.toContain('HALTED');
    for (const choice of ['Notify me when', 'Sound, too']) await desk.page.getByLabel(choice).uncheck();
  });

  it('a halt by notice, too, where incidents could not be read since the page was opened', async () => {
    const incidents = /api\/incidents/;
    await desk.page.route(incidents, (route) =>
      route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{}' }),
    );
    await desk.page.reload();
    await desk.open('Settings');
    await listen();
    await desk.page.getByLabel('Notify me when').check();
    is({ mode: 'HALTED', reason: 'lunch' });
    await expect.poll(() => desk.page.title()).toContain('HALTED');
    await expect.poll(told).toEqual(['crypto-bot: HALTED']);
    is({});
    await expect.poll(() => desk.page.title()).not.toContain('HALTED');
    // That it is known how many are open is no news.
    await desk.page.unroute(incidents);
    await expect.poll(() => desk.page.title()).toBe('(1) crypto-bot · Fermata');
    expect(await told()).toEqual(['crypto-bot: HALTED']);
    await desk.page.getByLabel('Notify me when').uncheck();
  });

  it('in the tab of a page that nobody looks at how many incidents are open', async () => {
    await expect.poll(() => desk.page.title()).toBe('(1) crypto-bot · Fermata');
    await desk.page.evaluate(() =>
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' }),
    );
    const token = (await desk.web.signIn()).accessToken;
    await desk.web.call('POST', '/api/incidents', { token, body: { title: 'odd fills' } });
    // It is written down by its run: not at the first looks.
    const open = async () =>
      ((await (await desk.web.call('GET', '/api/incidents', { token })).json()) as { incidents: unknown[] })
        .incidents;
    await expect.poll(async () => (await open()).length).toBe(2);
    await expect.poll(() => desk.page.title(), { timeout: 30_000 }).toBe('(2) crypto-bot · Fermata');
  });
});
