import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { grouped, ungrouped } from '../../src/domain/figure-text.js';
import type { SignedReport } from '../../src/validation/report/report.js';
import { reportHtml } from '../../src/validation/report/report-html.js';
import {
  isGenuine,
  signReport,
  summaryLines,
  writeReport,
} from '../../src/validation/report/write-report.js';
import { HOUR_MS, SIMULATED, temporaryFolder, validate } from './support/validations.js';

const KEY = 'ab'.repeat(32);
const OTHER_KEY = 'cd'.repeat(32);

let made: Promise<SignedReport> | null = null;
/** One for all tests, which change none of it. */
function signed(): Promise<SignedReport> {
  made ??= validate(temporaryFolder(), { market: SIMULATED, durationMs: 4 * HOUR_MS }).then((report) =>
    signReport(KEY, report),
  );
  return made;
}

describe('the report of a validation', () => {
  it('is written as JSON and as a page, named by the time it was asked for', async () => {
    const folder = temporaryFolder();
    const report = await signed();
    const { json, html } = writeReport(folder, report);
    expect(json).toBe(`${folder}/validation_report_20260309T120000000Z.json`);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(report);
    expect(readFileSync(html, 'utf8')).toContain(`<h1 class="nogo">NO-GO</h1>`);
  });

  it('shows equity, drawdown and trades without a script or anything from elsewhere', async () => {
    const html = reportHtml(await signed());
    expect(html.match(/<svg /g)).toHaveLength(2 * 3);
    expect(html).not.toMatch(/<script|https?:|src=|@import|url\(/);
    expect(html).not.toContain('NaN');
    expect(html).not.toContain('Infinity');
  });

  it('of an older version, without figures and with less of each trade, is still genuine and a page', async () => {
    const { hash: _hash, seal: _seal, figures, by, ...report } = await signed();
    expect(figures?.trades).toBe(report.results.trades);
    expect(by?.strategy).toHaveLength(1);
    const trade = {
      symbol: 'BTC/USDT',
      side: 'long',
      opened: report.period.from!,
      closed: report.period.to!,
    } as const;
    const prices = { quantity: '0.1', entryPrice: '60000.00', exitPrice: '60010.00', profit: '1.00000000' };
    const older = signReport(KEY, { ...report, trades: [{ ...trade, ...prices }] });
    expect(isGenuine(KEY, JSON.parse(JSON.stringify(older)))).toBe(true);
    const html = reportHtml(older);
    expect(html).toContain('<td>60\u202f010.00</td><td>+1.00</td><td>–</td><td>–</td>');
    expect(html).not.toContain('<h2>Figures');
    expect(reportHtml(await signed())).toContain('<h2>Figures');
  });

  it('draws its three charts over one span of time, and drawdown down from 0', async () => {
    const html = reportHtml(await signed());
    const charts = html
      .split('<svg class="wide"')
      .slice(1)
      .map((chart) => chart.slice(0, chart.indexOf('</svg>')));
    const times = charts.map((chart) => [...chart.matchAll(/>(\d\d-\d\d \d\d:\d\d)</g)].map(([, at]) => at));
    expect(times[0]?.length).toBeGreaterThan(2);
    expect(times[1]).toEqual(times[0]);
    expect(times[2]).toEqual(times[0]);
    const falls = [...(charts[1] ?? '').matchAll(/>(\u2212?[\d.]+) %</g)].map(([, value]) =>
      Number(ungrouped(value ?? '')),
    );
    expect(Math.max(...falls)).toBe(0);
    expect(Math.min(...falls)).toBeLessThan(0);
  });

  it('says money to the cent, times to the minute, and what was missed with its unit', async () => {
    const report = await signed();
    const html = reportHtml(report);
    const text = html.slice(html.indexOf('<h2>Results'), html.indexOf('<footer'));
    expect(report.results.finalEquity).toMatch(/\.\d{3,}$/);
    expect(text).toContain(`${grouped(report.results.finalEquity.replace(/(\.\d\d).*/, '$1'))} USDT</td>`);
    expect(text).not.toMatch(/\d{4}-\d\d-\d\dT/);
    const winRate = /<td>✗<\/td><td>Win rate<\/td>(.*)<\/tr>/.exec(html)?.[1] ?? '';
    expect(winRate).toMatch(/^<td>at least 45 %<\/td><td>[\d.]+ %<\/td><td>[\d.]+ %<\/td>$/);
    expect(summaryLines(report).join('\n')).toMatch(
      /equity +\d+\u202f\d{3}\.\d\d to \d+\u202f\d{3}\.\d\d USDT/,
    );
  });

  it('shows text of the desk as text', async () => {
    const report = { ...(await signed()), requestedBy: '<img onerror=alert(1)>', desk: '"><b>' };
    const html = reportHtml(report);
    expect(html).not.toContain('<img');
    expect(html).not.toContain('"><b>');
  });

  it('tells a genuine report from one that was changed or made elsewhere', async () => {
    const report = await signed();
    expect(isGenuine(KEY, report)).toBe(true);
    expect(isGenuine(KEY, JSON.parse(JSON.stringify(report)) as SignedReport)).toBe(true);
    expect(isGenuine(OTHER_KEY, report)).toBe(false);
    expect(isGenuine(KEY, { ...report, recommendation: 'GO' })).toBe(false);
    expect(isGenuine(KEY, { ...report, seal: null })).toBe(false);
    const { hash: _hash, seal, ...changed } = { ...report, recommendation: 'GO' as const };
    expect(isGenuine(KEY, { ...signReport(null, changed), seal })).toBe(false);
  });

  it('says in its summary what it traded on and came to, what kept it from a GO, and what from real money', async () => {
    const report = await signed();
    const short = { kind: 'damaged', symbol: null, text: 'a.csv ends in the middle of a line' } as const;
    const about = {
      ...report,
      period: { ...report.period, from: '2026-03-09T00:00:00.000Z', reached: '2026-03-09T04:00:00.000Z' },
      market: { ...report.market, label: 'recorded: a.csv', symbols: ['BTC/USDT', 'ETH/USDT'] },
      results: {
        ...report.results,
        ...{ startingEquity: '10000', finalEquity: '9876.5', netProfitPct: -1.235 },
      },
    };
    const verdict = { ...report.verdicts[0]!, passed: false, text: 'Trades 9: 1 too little' };
    const halted = 'Trading was halted for 60.0 % of the time';
    const noGo = {
      ...about,
      ...{ verdicts: [verdict], reasons: [verdict.text, short.text, halted] },
      data: { ...report.data, problems: [short] },
    };
    const [begun, ...lines] = summaryLines(noGo);
    expect(begun).toBe('✗ NO-GO: paper validation of crypto-bot, 4 h');
    const traded = [
      '  prices      recorded: a.csv (BTC/USDT, ETH/USDT)',
      '  from, to    2026-03-09 00:00 UTC, 2026-03-09 04:00 UTC',
      '  equity      10\u202f000.00 to 9\u202f876.50 USDT (\u22121.24 %)',
    ];
    expect(lines).toEqual([...traded, '  ✗ Trades 9: 1 too little', `  ✗ ${short.text}`, `  ✗ ${halted}`]);
    const met = { ...verdict, passed: true, text: 'Trades 11' };
    const go = {
      ...({ ...about, recommendation: 'GO', reasons: [], verdicts: [met] } as const),
      ...{ data: { ...report.data, problems: [] }, goLive: { qualifies: false, because: ['too short'] } },
    };
    expect(summaryLines(go)).toEqual([
      '✓ GO: paper validation of crypto-bot, 4 h',
      ...traded,
      '  ✓ Trades 11',
      '  It does not stand for real money:',
      '  ! too short',
    ]);
  });

  it('names each shortfall by amount in its summary', async () => {
    const lines = summaryLines(await signed());
    expect(lines[0]).toBe('✗ NO-GO: paper validation of crypto-bot, 4 h');
    const report = await signed();
    const odd = { ...report, period: { ...report.period, requestedMs: 100 * 60_000 } };
    expect(summaryLines(odd)[0]).toMatch(/, 1\.67 h$/);
    expect(reportHtml(odd)).toContain(' over 1.67 h of market time');
    const { trades, results } = report;
    const wins = trades.filter(({ profit }) => Number(profit) > 0).length;
    expect([wins > 0, wins < trades.length]).toEqual([true, true]);
    expect(results).toMatchObject({ trades: trades.length, wins });
    const rate = (100 * wins) / trades.length;
    expect(lines.join('\n')).toContain(
      `✗ Win rate ${rate.toFixed(2)} %, at least 45 % is asked for: ${(45 - rate).toFixed(2)} % too little`,
    );
  });
});
