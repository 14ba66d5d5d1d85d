/** A desk in the middle of its day as the page shows it: candles, a position with its stop, fills, somebody to be answered. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Task } from '../../src/contracts/operations-activities.js';
import { storeBars } from '../../src/store/bars.js';
import { OpenedPage } from '../api/opened-page.js';
import { DESK } from '../api/web-under-test.js';
import { resize } from '../support/page.js';
import { scriptedStatus } from '../support/trader-status.js';
import { walk } from './candle-walk.js';

export { missing } from '../api/opened-page.js';

/** A phone, a tablet, a desk. */
export const WIDTHS = [390, 820, 1440] as const;
type Scheme = 'light' | 'dark';
/** Where pictures of what was tried are put; none are made without. */
const PICTURES = process.env.SCREENSHOTS ?? '';
const EVERY_LOOK: readonly (readonly [number, Scheme])[] = WIDTHS.flatMap(
  (width) =>
    [
      [width, 'light'],
      [width, 'dark'],
    ] as const,
);
/** Each width, and each palette with everything that the widest screen shows; for pictures all of them. */
export const LOOKS = EVERY_LOOK.filter(
  ([width, scheme]) => PICTURES !== '' || width === 1440 || (width === 820) === (scheme === 'dark'),
);
const MINUTE_MS = 60_000;

export class ShownDesk extends OpenedPage {
  override async start(): Promise<void> {
    await super.start();
    const { marketMs, identity } = scriptedStatus().marketData;
    this.web.trader.bars = walk(600, marketMs);
    const candles = this.web.trader.bars.flatMap((bar) => [
      { symbol: 'BTC/USDT', ...bar },
      { symbol: 'ETH/USDT', ...bar, close: etherAt(bar.openMs) },
    ]);
    await storeBars(this.database.pool, { desk: DESK, source: identity, simulated: true }, candles);
    await this.fill(roundTrips(marketMs));
    await this.signIn();
    await this.page.getByRole('navigation', { name: 'Sections' }).waitFor();
  }

  async open(section: string): Promise<void> {
    const { page } = this;
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: section }).click();
    await expect.poll(() => page.locator('.tab-bar [aria-current]').innerText()).toContain(section);
    await settled(page);
  }

  async look(width: number, colorScheme: Scheme = 'light'): Promise<void> {
    await resize(this.page, { width, height: width < 760 ? 844 : 900 });
    await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  }

  /** What axe has against the page as it stands; a picture of it where they are wanted. */
  async complaintsOfAxe(name: string): Promise<readonly string[]> {
    const { page } = this;
    await picture(page, name);
    // By the debugger's way in: the page's own policy lets no foreign script in.
    // Once in each document: to send and to compile it takes longer than to run it.
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
        resultTypes: ['violations'],
        // Nobody reads where an element is: its text tells.
        selectors: false,
      });
      return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 160)) }));
    });
    return found.map(({ id, nodes }) => `${id}: ${nodes.join(' | ')}`);
  }

  /** What is wider than the page is. */
  async widerThanThePage(): Promise<readonly string[]> {
    return this.page.evaluate(() => {
      if (document.documentElement.scrollWidth <= innerWidth) return [];
      return [...document.querySelectorAll('body *')]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => `${one.tagName} ${one.className}`);
    });
  }

  /** What is pressed and lower than 44 px; links within text are part of its lines. Fields in whose text a phone zooms in. */
  async awkwardForAThumb(): Promise<readonly string[]> {
    return this.page.evaluate(() =>
      [
        ...document.querySelectorAll<HTMLElement>(
          'button, summary, select, .tab-bar a, input:not([type=checkbox])',
        ),
      ]
        .filter((one) => one.checkVisibility())
        .filter(
          (one) =>
            one.getBoundingClientRect().height < 44 ||
            (one.matches('input, select') && Number.parseFloat(getComputedStyle(one).fontSize) < 16),
        )
        .map((one) => `${one.tagName} ${one.ariaLabel ?? one.textContent}`),
    );
  }

  /** Tables, and buttons beside a title, of which something is hidden at their side; values that lie over the next one's label. */
  async cutOff(): Promise<readonly string[]> {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('.table-box, .panel-aside:has(button), .blocks td')]
        .filter((box) => box.scrollWidth > box.clientWidth)
        .map((box) => box.getAttribute('aria-label') ?? box.textContent ?? ''),
    );
  }

  async fill(fills: readonly Fill[]): Promise<void> {
    await this.database.ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       select $1, symbol, n, order_id, side, quantity, price, fee, 'taker', purpose, 'ema-cross', realised, true,
         to_timestamp(at_ms / 1000.0), to_timestamp(at_ms / 1000.0), 'k3f9aa', n::bigint
       from jsonb_to_recordset($2) fills (symbol text, n text, order_id text, side text, quantity numeric, price numeric,
         fee numeric, purpose text, realised numeric, at_ms bigint)`,
      [DESK, JSON.stringify(fills)],
    );
  }
}

/** A routine's, whose end is that each of its items was looked at. */
export const SIGN_OFF: Task = {
  ...{ desk: DESK, id: 7, source: 'routine:pre-market:sign-off', state: 'open' },
  title: 'Morning sign-off',
  detail: 'Look at each of the items, and tick it.',
  items: ['system health green', 'no critical errors', 'backup younger than 24 hours'],
  ...{ createdMs: Date.now(), dueMs: Date.now() + 3_600_000 },
  ...{ finishedMs: null, doneBy: null, note: null },
};

/** A hundredth up each minute: half of what buying and holding both comes to. */
export const etherAt = (openMs: number): string => (2_000 + ((openMs / MINUTE_MS) % 1_440) / 100).toFixed(2);

export interface Fill {
  readonly symbol: string;
  readonly n: number;
  readonly order_id: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
  readonly purpose: 'entry' | 'protective' | 'exit' | 'close';
  readonly realised: string;
  readonly at_ms: number;
}

export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === '') return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

/** Nothing says any more that it is being read. */
async function settled(page: Page): Promise<void> {
  await expect
    .poll(() => page.locator('main').innerText())
    .not.toMatch(/Reading|Collecting|Waiting for the trader/);
}

/** Two of BTC that are over, won and lost, and the entry of the position that is open. */
function roundTrips(nowMs: number): readonly Fill[] {
  const at = (minutesAgo: number): number => Math.floor(nowMs / MINUTE_MS - minutesAgo) * MINUTE_MS + 20_000;
  const one = { symbol: 'BTC/USDT', fee: '0.30' } as const;
  const entry = { ...one, side: 'buy', purpose: 'entry', realised: '0' } as const;
  const end = { ...one, side: 'sell' } as const;
  return [
    { ...entry, n: 1, order_id: 'fk3f9aa01', quantity: '0.00700', price: '42900.00', at_ms: at(190) },
    {
      ...end,
      n: 2,
      order_id: 'fk3f9aa02',
      quantity: '0.00700',
      price: '43020.00',
      purpose: 'exit',
      realised: '0.84',
      at_ms: at(130),
    },
    { ...entry, n: 3, order_id: 'fk3f9aa03', quantity: '0.00700', price: '43090.00', at_ms: at(110) },
    {
      ...end,
      n: 4,
      order_id: 'fk3f9aa04',
      quantity: '0.00700',
      price: '42990.00',
      purpose: 'protective',
      realised: '-0.70',
      at_ms: at(70),
    },
    { ...entry, n: 5, order_id: 'fk3f9aa05', quantity: '0.00696', price: '43050.00', at_ms: at(19) },
  ];
}
