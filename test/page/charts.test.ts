/** The charts of the built page in Chromium: what is drawn, what the crosshair says, how they are moved. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DESK } from '../api/web-under-test.js';
import { scriptedStatus } from '../support/trader-status.js';
import { walk } from './candle-walk.js';
import { etherAt, missing, picture, ShownDesk } from './shown-desk.js';

const ASSETS = resolve(import.meta.dirname, '../../dist/dashboard/assets');
const PAGE_KILOBYTES_MAX = 140;
const START_KILOBYTES_MAX = 64;

const desk = new ShownDesk();
const requests: string[] = [];
const price = (): Locator => desk.page.getByRole('img', { name: /candles of one minute/ });
const equity = (): Locator => desk.page.getByRole('img', { name: /^Equity curve/ });
const pointed = () => desk.page.getByTestId('pointed').innerText();

describe.skipIf(missing.length > 0)('the charts', () => {
  beforeAll(async () => {
    await desk.start();
    desk.page.on('request', (request) => requests.push(request.url()));
    await desk.page.reload();
  });
  afterAll(() => desk.close());
  beforeEach(async () => {
    await desk.look(1440, 'dark');
    await price().locator('canvas').first().waitFor();
  });

  const range = async (name: string): Promise<void> => {
    await desk.page.getByRole('region', { name: 'Price' }).getByRole('button', { name, exact: true }).click();
  };
  /** What the crosshair says at a part of the chart's width. */
  const at = async (part: number): Promise<string> => {
    const box = await price().boundingBox();
    if (box === null) throw new Error('no chart');
    await desk.page.mouse.move(box.x + 2, box.y + 40);
    await desk.page.mouse.move(box.x + 4 + (box.width - 100) * part, box.y + 60, { steps: 3 });
    return pointed();
  };
  const minuteAt = async (part: number): Promise<number> => {
    const [, hours = '', minutes = ''] = /(\d\d):(\d\d) UTC/.exec(await at(part)) ?? [];
    return Number(hours) * 60 + Number(minutes);
  };

  /** Words are on the page some frames before the chart that they are about. */
  const settled = () =>
    price().evaluate(async () => {
      for (let frame = 0; frame < 12; frame += 1) await new Promise(requestAnimationFrame);
    });

  it('draws candles and volume, an arrow for each fill, a line for the stop', async () => {
    await expect.poll(() => price().evaluate(seenIn)).toMatchObject({ up: true, down: true, dashes: 2 });
    await expect
      .poll(() => price().getAttribute('aria-label'))
      .toBe('BTC/USDT candles of one minute, 5 fills marked');
    await expect
      .poll(() => desk.page.getByTestId('levels').innerText())
      .toMatch(/long from 43.050\.00[\s\S]*stop 42.610\.50/);
    const { status } = desk.web.trader;
    desk.web.trader.status = { ...status, positions: [] };
    await expect.poll(() => price().evaluate(seenIn)).toMatchObject({ dashes: 0 });
    desk.web.trader.status = status;
    await expect.poll(() => price().evaluate(seenIn)).toMatchObject({ dashes: 2 });
  });

  it('stands above its fills, where an entry has no result and a real zero of an exit stays', async () => {
    const fills = desk.page.getByRole('region', { name: 'Fills, newest first' });
    const realised = () => fills.locator('tbody td:nth-child(6)').allInnerTexts();
    await expect.poll(realised).toEqual(['–', '−0.70', '–', '+0.84', '–']);
    const last = {
      symbol: 'ETH/USDT',
      order_id: 'fk3f9aa0f',
      quantity: '1',
      price: '2000.0',
      fee: '0',
    } as const;
    const at_ms = scriptedStatus().marketData.marketMs - 3 * 86_400_000;
    await desk.fill([{ ...last, n: 90, side: 'sell', purpose: 'exit', realised: '0', at_ms }]);
    await expect.poll(async () => (await realised()).at(-1)).toBe('0.00');
    await desk.database.ownerPool.query('delete from fills where trade_id = $1', ['90']);
    await desk.page.reload();
  });

  it('draws a line for each target that is still ahead, and says the exits beside the stop', async () => {
    const { status } = desk.web.trader;
    const exits = {
      targets: [
        { price: '43100.00', pct: 50, reached: true },
        { price: '43200.00', pct: 50, reached: false },
      ],
      ...{ trailBy: null, breakEven: null, timeExitMs: null, stopMovedBy: null },
      words: ['target 43100.00 (50 %) reached', 'target 43200.00 (50 %)'],
    };
    const trade = { id: 't1', openedMs: 1, fees: '0.10', result: '1.20', risk: '1.50', r: '0.80', exits };
    const held = desk.page.getByRole('region', { name: 'Open positions' });
    expect(await held.innerText()).not.toMatch(/exits/i);
    desk.web.trader.status = { ...status, positions: status.positions.map((one) => ({ ...one, trade })) };
    await expect
      .poll(() => desk.page.getByTestId('levels').innerText())
      .toMatch(/stop 42.610\.50\s*target 43.200\.00$/);
    await expect.poll(() => price().evaluate(seenIn)).toMatchObject({ dashes: 3 });
    await expect.poll(() => held.innerText()).toContain(exits.words.join(', '));
    await picture(desk.page, 'charts-targets');
    const part = { ...trade, quantity: '0.003', stopPrice: '42610.50', protection: 'confirmed' } as const;
    const further = { ...exits, targets: [{ price: '43300.00', pct: 100, reached: false }] };
    const parts = [
      { ...part, strategy: 'up' },
      { ...part, strategy: 'down', exits: further },
    ];
    desk.web.trader.status = {
      ...status,
      positions: status.positions.map((one) => ({ ...one, trade, parts })),
    };
    await expect
      .poll(() => desk.page.getByTestId('levels').innerText())
      .toMatch(/target of up 43.200\.00\s*target of down 43.300\.00$/);
    desk.web.trader.status = status;
    await expect.poll(() => price().evaluate(seenIn)).toMatchObject({ dashes: 2 });
  });

  it('draws the averages that a strategy goes by, and names them with their newest values', async () => {
    const { bars } = desk.web.trader;
    const about = (minutes: number) =>
      bars.map((_, at) => {
        const some = bars.slice(Math.max(0, at - minutes), at + 1).map(({ close }) => Number(close));
        return at < minutes ? null : (some.reduce((sum, one) => sum + one, 0) / some.length).toFixed(2);
      });
    const before = await price().evaluate(linesIn);
    desk.web.trader.lines = [
      { strategy: 'ema-cross', name: 'fast average', values: about(5) },
      { strategy: 'ema-cross', name: 'slow average', values: about(60) },
    ];
    await desk.page.reload();
    await expect
      .poll(() => desk.page.getByTestId('levels').innerText())
      .toMatch(/fast average 43.\d{3}\.\d\d\s*slow average 4\d.\d{3}\.\d\d/);
    await expect.poll(() => price().evaluate(linesIn)).toMatchObject({ info: true, caution: true });
    expect(before).toEqual({ info: false, caution: false });
    await picture(desk.page, 'charts-lines');
    desk.web.trader.lines = [];
    await desk.page.reload();
    await expect.poll(() => price().evaluate(linesIn)).toEqual(before);
  });

  it('says under the crosshair what a candle was and what was traded in it', async () => {
    await range('All');
    const said = await at(0.5);
    const [, hours, minutes] = /(\d\d):(\d\d) UTC/.exec(said) ?? [];
    const bar = desk.web.trader.bars.find(({ openMs }) =>
      new Date(openMs).toISOString().includes(`T${hours}:${minutes}`),
    );
    const figures = said.replace(/\s/g, '');
    expect(bar).toBeDefined();
    for (const value of [bar?.open, bar?.high, bar?.low, bar?.close]) expect(figures).toContain(value);
    expect(figures).toContain(`Volume${Number(bar?.volume)}`);
  });

  it('shows an hour, four hours or all of it, zooms with the wheel and pans with the mouse', async () => {
    const newest = 14 * 60 + 31;
    await range('1h');
    await expect.poll(() => minuteAt(0)).toBeGreaterThan(newest - 65);
    expect(await minuteAt(0)).toBeLessThan(newest - 50);
    await range('All');
    await expect.poll(() => minuteAt(0)).toBeLessThan(newest - 580);
    await range('4h');
    await expect.poll(() => minuteAt(0)).toBeGreaterThan(newest - 250);
    await at(0.5);
    const before = (await minuteAt(0.9)) - (await minuteAt(0.1));
    await at(0.5);
    await desk.page.mouse.wheel(0, -300);
    await expect.poll(async () => (await minuteAt(0.9)) - (await minuteAt(0.1))).toBeLessThan(before - 10);
    const left = await minuteAt(0.1);
    await at(0.2);
    await desk.page.mouse.down();
    await at(0.7);
    await desk.page.mouse.up();
    await expect.poll(() => minuteAt(0.1)).toBeLessThan(left - 10);
  });

  it('stays where it is looked at when prices move', async () => {
    await range('All');
    await at(0.5);
    await desk.page.mouse.wheel(0, -300);
    await expect.poll(() => minuteAt(0.1)).toBeGreaterThan(14 * 60 + 31 - 530);
    const there = await minuteAt(0.3);
    const { status } = desk.web.trader;
    const { marketData } = status;
    const lastPrices = marketData.lastPrices.map((one) => ({ ...one, bid: '43150.00', ask: '43150.02' }));
    const marketMs = marketData.marketMs + 60_000;
    desk.web.trader.status = { ...status, marketData: { ...marketData, lastPrices, marketMs } };
    const panel = desk.page.getByRole('region', { name: 'Price' });
    await expect.poll(() => panel.innerText()).toMatch(/43.150\.02/);
    await expect.poll(() => price().evaluate(seenIn)).toMatchObject({ up: true });
    expect(Math.abs((await minuteAt(0.3)) - there)).toBeLessThanOrEqual(2);
    desk.web.trader.status = status;
    await range('4h');
  });

  it('moves the newest candle with the price as if all were drawn anew', async () => {
    const { status } = desk.web.trader;
    const drawn = () =>
      price().evaluate((chart) =>
        [...chart.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()).join(),
      );
    const { marketData } = status;
    const panel = desk.page.getByRole('region', { name: 'Price' });
    // Until the minute that the test before this one showed is gone, there is one candle too many.
    await expect.poll(() => panel.innerText()).toContain(`${marketData.lastPrices[0]?.ask}`.slice(2));
    await settled();
    await range('All');
    await settled();
    const before = await drawn();
    for (const bid of ['43000.00', '43090.00', '43010.00']) {
      const lastPrices = marketData.lastPrices.map((one) => ({ ...one, bid, ask: bid }));
      const marketMs = marketData.marketMs + Number(bid) / 1000;
      desk.web.trader.status = { ...status, marketData: { ...marketData, lastPrices, marketMs } };
      await expect.poll(() => panel.innerText()).toContain(bid.slice(3));
    }
    await desk.page.mouse.move(2, 2);
    await settled();
    const moved = await drawn();
    expect(moved).not.toBe(before);
    // Other colours make the chart anew.
    await desk.look(1440, 'light');
    await expect.poll(drawn).not.toBe(moved);
    await desk.look(1440, 'dark');
    await expect.poll(drawn).toBe(moved);
    desk.web.trader.status = status;
    await range('4h');
  });

  it('has the symbol with a position first, and shows it', async () => {
    const tabs = desk.page.getByRole('group', { name: 'Symbol' });
    await expect.poll(() => tabs.innerText()).toMatch(/^BTC\/USDT\s+ETH\/USDT$/);
    const { status } = desk.web.trader;
    const positions = status.positions.map((one) => ({ ...one, symbol: 'ETH/USDT' }));
    desk.web.trader.status = { ...status, positions };
    await expect.poll(() => tabs.innerText()).toMatch(/^ETH\/USDT\s+BTC\/USDT$/);
    await expect.poll(() => price().getAttribute('aria-label')).toMatch(/^ETH\/USDT/);
    desk.web.trader.status = status;
    await expect.poll(() => price().getAttribute('aria-label')).toMatch(/^BTC\/USDT/);
  });

  it('shows equity with its drawdown, beside what buying and holding would have brought', async () => {
    const said = () => desk.page.getByTestId('equity-pointed').innerText();
    const bars = desk.web.trader.bars;
    const [first, last] = [bars.at(-61), bars.at(-2)];
    const bitcoin = Number(last?.close) / Number(first?.close);
    const ether = Number(etherAt(last?.openMs ?? 0)) / Number(etherAt(first?.openMs ?? 0));
    const held = ((bitcoin + ether) / 2 - 1) * 100;
    const words = `${held < 0 ? '−' : '+'}${Math.abs(held).toFixed(2)} %`;
    await expect.poll(said).toContain(words);
    expect(await said()).not.toContain('Buy and hold at');
    // The equity goes on by itself; what holding brought is as old as when it was read.
    const { status } = desk.web.trader;
    const marketMs = status.marketData.marketMs + 5 * 60_000;
    desk.web.trader.status = { ...status, marketData: { ...status.marketData, marketMs } };
    await expect.poll(said).toMatch(/01-05 14:36 UTC[\s\S]*Buy and hold at 01-05 14:3\d/);
    desk.web.trader.status = status;
    await expect.poll(said).not.toContain('Buy and hold at');
    const box = await equity().boundingBox();
    if (box === null) throw new Error('no chart');
    await desk.page.mouse.move(box.x + 10, box.y + 50);
    await desk.page.mouse.move(box.x + (box.width - 75) / 2, box.y + 50, { steps: 3 });
    // From the peak that counted then, which follows money taken out, not from the highest point drawn.
    await expect.poll(said).toMatch(/Equity\s+10.00\d\.\d\d\s+Drawdown\s+1\.3\d %/);
    expect(await equity().evaluate(seenIn)).toMatchObject({ panes: 2 });
  });

  it('shows a gap as one, and says that there is nothing where there is nothing', async () => {
    const { bars } = desk.web.trader;
    const { marketMs } = scriptedStatus().marketData;
    desk.web.trader.bars = [...bars.slice(0, 400), ...bars.slice(460)];
    await range('All');
    await desk.page.reload();
    await price().locator('canvas').first().waitFor();
    await range('All');
    // In the middle of the time, not of the candles: those would be half an hour further back.
    await expect.poll(() => minuteAt(0.5)).toBeLessThan(14 * 60 + 31 - 285);
    expect(await minuteAt(0.5)).toBeGreaterThan(14 * 60 + 31 - 315);
    await picture(desk.page, 'charts-gap');
    desk.web.trader.bars = walk(1, marketMs);
    desk.web.trader.status = scriptedStatus({
      marketData: { ...scriptedStatus().marketData, lastPrices: [] },
      positions: [],
    });
    await desk.page.reload();
    await expect
      .poll(() => desk.page.getByRole('region', { name: 'Price' }).innerText())
      .toMatch(/no price yet[\s\S]*Collecting prices/);
    desk.web.trader.bars = bars;
    desk.web.trader.status = scriptedStatus();
  });

  it('draws nothing while the history loads, instead of the minutes since the page was opened', async () => {
    const status = scriptedStatus();
    const { marketData } = status;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await desk.page.route(/\/api\/(bars|equity)\?/, async (route) => {
      await released;
      await route.continue();
    });
    const [prices, curve] = ['Price', 'Equity'].map((name) => desk.page.getByRole('region', { name }));
    await desk.page.reload();
    for (let minute = 1; minute <= 3; minute += 1) {
      const marketMs = marketData.marketMs + minute * 60_000;
      desk.web.trader.status = {
        ...status,
        equity: `1000${minute}.00`,
        marketData: { ...marketData, marketMs },
      };
      const shown = new RegExp(`10 00${minute}`.replace(' ', '.'));
      await expect.poll(() => desk.page.locator('body').innerText()).toMatch(shown);
    }
    expect(await prices?.innerText()).toContain('Loading prices');
    expect(await curve?.innerText()).toContain('Loading…');
    expect([await price().count(), await equity().count()]).toEqual([0, 0]);
    release();
    await expect.poll(() => price().evaluate(seenIn)).toMatchObject({ up: true, down: true });
    await expect.poll(() => equity().evaluate(seenIn)).toMatchObject({ panes: 2 });
    await desk.page.unroute(/\/api\/(bars|equity)\?/);
    desk.web.trader.status = status;
  });

  it('draws on with thousands of fills, without a word at each', async () => {
    await desk.database.ownerPool.query(
      `insert into fills select desk, symbol, 'many' || n, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, caught_up, market - n * interval '3 seconds', wall, incarnation, 1000 + n
       from fills, generate_series(1, 10000) n where desk = $1 and trade_id = '5'`,
      [DESK],
    );
    await desk.page.reload();
    await expect.poll(() => price().getAttribute('aria-label')).toContain('200 fills marked');
    await picture(desk.page, 'charts-many-fills');
    await desk.database.ownerPool.query(`delete from fills where trade_id like 'many%'`);
  });

  it('asks nobody else for anything, keeps its policy and the library’s notice, and weighs little', async () => {
    expect(requests.filter((url) => !url.startsWith(desk.web.origin))).toEqual([]);
    expect(desk.complaints).toEqual([]);
    const notice = await desk.page.request.get(`${desk.web.origin}/NOTICE.txt`);
    expect(await notice.text()).toMatch(/TradingView, Inc\.[\s\S]*Apache License\s+Version 2\.0/);
    const link = desk.page.getByRole('link', { name: 'TradingView Lightweight Charts' });
    await expect.poll(() => link.getAttribute('href')).toBe('https://www.tradingview.com/');
    const sizes = readdirSync(ASSETS).map((name) => ({
      name,
      kilobytes: gzipSync(readFileSync(resolve(ASSETS, name)), { level: 9 }).length / 1000,
    }));
    const sum = (some: typeof sizes) => some.reduce((total, { kilobytes }) => total + kilobytes, 0);
    expect(sum(sizes)).toBeLessThan(PAGE_KILOBYTES_MAX);
    expect(sum(sizes.filter(({ name }) => name.startsWith('index')))).toBeLessThan(START_KILOBYTES_MAX);
  });
});

/** Whether much of the chart is of the colours of the first and of the second line. */
function linesIn(chart: HTMLElement | SVGElement) {
  const style = getComputedStyle(document.documentElement);
  const tones = ['info', 'caution'].map((tone) =>
    [1, 3, 5].map((at) =>
      Number.parseInt(
        style
          .getPropertyValue(`--${tone}`)
          .trim()
          .slice(at, at + 2),
        16,
      ),
    ),
  );
  const [info = 0, caution = 0] = tones.map((tone) =>
    [...chart.querySelectorAll('canvas')].reduce((sum, canvas) => {
      const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
        data: [],
      };
      let found = 0;
      for (let at = 0; at < data.length; at += 4)
        if (tone.every((value, channel) => Math.abs((data[at + channel] ?? 0) - value) < 24)) found += 1;
      return sum + found;
    }, 0),
  );
  return { info: (info ?? 0) > 200, caution: (caution ?? 0) > 200 };
}

/** In the first pane: rows as wide as an arrow's, in the colours of gain and loss; rows of dashes; how many panes there are. */
function seenIn(chart: HTMLElement | SVGElement) {
  const canvases = [...chart.querySelectorAll('canvas')];
  const pane = canvases.reduce((one, other) =>
    other.width * other.height > one.width * one.height ? other : one,
  );
  const layers = canvases.filter(({ width, height }) => width === pane.width && height === pane.height);
  const { width, height } = pane;
  let up = false;
  let down = false;
  let dashes = 0;
  let dashed = -9;
  const pixels = layers.map((layer) => layer.getContext('2d')?.getImageData(0, 0, width, height).data ?? []);
  for (let y = 0; y < height; y += 1) {
    for (const data of pixels) {
      let [run, before, longest, changes, coloured] = [0, '', { go: 0, alarm: 0 }, 0, 0];
      for (let x = 0; x < width; x += 1) {
        const [red = 0, green = 0, , opaque = 0] = data.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
        const tone =
          opaque < 200 ? '' : green - red > 60 ? 'go' : red - green > 60 ? 'alarm' : red > 60 ? 'soft' : '';
        run = tone === before ? run + 1 : 1;
        if (tone !== before) changes += 1;
        if (tone !== '') coloured += 1;
        before = tone;
        if (tone === 'go' || tone === 'alarm') longest = { ...longest, [tone]: Math.max(longest[tone], run) };
      }
      up ||= longest.go >= 7 && longest.go < 30;
      down ||= longest.alarm >= 7 && longest.alarm < 30;
      // One price line is always there: that of the newest price.
      if (changes > width / 6 && coloured > width / 4 && y - dashed > 1) {
        dashes += 1;
        dashed = y;
      }
    }
  }
  return { up, down, dashes: dashes - 1, panes: chart.querySelectorAll('tr').length - 2 };
}
