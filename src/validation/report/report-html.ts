/** The report as one self-contained page: inline charts, no script, no external host. */

import { type ChartPoint, chartSvg, escapeHtml } from '../../backtest/report/chart.js';
import { rollTexts } from '../../backtest/report/execution.js';
import { list, pageHtml, table } from '../../backtest/report/page.js';
import { figureTable, groupTables, roundedMoney } from '../../backtest/report/report-html.js';
import { HOUR_MS } from '../../domain/civil-date.js';
import { exitReasonWords } from '../../domain/exits.js';
import { gainText, grouped, roundedAmount, signed } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { type SignedReport, verdictCells } from './report.js';

const TRADES_SHOWN_MAX = 200;

/** `48 h`, `1.67 h`. */
export const hoursText = (ms: number): string => `${Number((ms / HOUR_MS).toFixed(2))} h`;

export function reportHtml(report: SignedReport): string {
  const { recommendation, desk, period, market, reasons, goLive, results, figures, by } = report;
  const title = `${recommendation}: paper validation of ${desk}`;
  return pageHtml(
    title,
    `<h1 class="${recommendation === 'GO' ? 'go' : 'nogo'}">${recommendation}</h1>
<p>Paper validation of <b>${escapeHtml(desk)}</b> over ${hoursText(period.requestedMs)} of market time,
${period.from === null ? 'no price' : when(period.from)} to ${when(period.reached)}. Prices: ${escapeHtml(market.label)}.</p>
${list('Why it is a NO-GO', reasons)}
${recommendation === 'GO' ? list('It does not stand for real money', goLive.because) : ''}
<h2>Criteria</h2>
${criteriaTable(report)}
<h2>Equity, drawdown and trades</h2>
${charts(report)}
<h2>Results</h2>
${resultsTable(report)}
${figures === undefined ? '' : `<h2>Figures</h2>\n${figureTable(figures, results.currency)}`}
${by === undefined ? '' : groupTables(by, results.currency)}
<h2>Data</h2>
${list('Rolls', rollTexts(report))}
${coverageTable(report)}
${list(
  'Halts',
  report.halts.map(
    ({ at, cause, reason, lifted }) =>
      `${when(at)} ${cause}: ${reason} (${lifted === null ? 'to the end' : `lifted ${when(lifted)}`})`,
  ),
)}
<h2>Trades</h2>
${tradesTable(report)}
<footer>Validation ${escapeHtml(report.id)}, asked for by ${escapeHtml(report.requestedBy)} at ${report.created}.
Configuration ${report.configHash}. Content ${report.hash}. Seal ${report.seal ?? 'none'}.</footer>`,
  );
}

function charts(report: SignedReport): string {
  const equity = report.equity.map(
    ([at, value]): ChartPoint => ({ atMs: Date.parse(at), value: Number(value) }),
  );
  const marks = report.trades.map((trade) => ({
    atMs: Date.parse(trade.closed),
    good: Number(trade.profit) > 0,
    title: `${trade.symbol} ${trade.side} ${grouped(trade.quantity)}: ${roundedAmount(trade.profit, report.results.currency, gainText)}`,
  }));
  const { currency } = report.results;
  const { maxDrawdownPct } = report.criteria;
  return [
    chartSvg({
      title: `Equity in ${currency}, open results included; a dot for each closed trade`,
      unit: '',
      points: equity,
      marks,
      bound: null,
      filled: false,
    }),
    chartSvg({
      title: `Drawdown from the highest equity so far; at most ${maxDrawdownPct} % is asked for`,
      unit: ' %',
      points: drawdownOf(equity),
      marks: [],
      bound: null,
      filled: true,
    }),
    chartSvg({
      title: `Profit of closed trades in ${currency}, added up`,
      unit: '',
      points: profitOf(report, equity),
      marks: [],
      bound: { value: 0, label: '' },
      filled: false,
    }),
  ].join('\n');
}

function drawdownOf(equity: readonly ChartPoint[]): ChartPoint[] {
  let peak = Number.NEGATIVE_INFINITY;
  return equity.map(({ atMs, value }) => {
    peak = Math.max(peak, value);
    return { atMs, value: (value / peak - 1) * 100 };
  });
}

/** Extended to the time of the equity curve, which begins and ends between trades. */
function profitOf({ trades }: SignedReport, equity: readonly ChartPoint[]): ChartPoint[] {
  let sum = 0;
  const closed = trades.map((trade) => ({ atMs: Date.parse(trade.closed), profit: Number(trade.profit) }));
  const points = closed
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, profit }) => {
      sum += profit;
      return { atMs, value: sum };
    });
  const ends = [equity[0], equity.at(-1)].flatMap((point) => point?.atMs ?? []);
  const [fromMs, toMs] = ends;
  if (fromMs === undefined || toMs === undefined) return points;
  return [{ atMs: fromMs, value: 0 }, ...points, { atMs: toMs, value: sum }];
}

function criteriaTable({ verdicts }: SignedReport): string {
  return table(
    ['', 'Criterion', 'Asked for', 'Found', 'Missed by'],
    verdicts.map((verdict) => [verdict.passed ? '✓' : '✗', verdict.title, ...verdictCells(verdict)]),
  );
}

function resultsTable({ results: r }: SignedReport): string {
  const money = (decimal: string): string => roundedMoney(decimal, r.currency);
  return table(
    ['', ''],
    [
      ['Equity at the beginning', money(r.startingEquity)],
      ['Equity at the end, open positions at their last price', money(r.finalEquity)],
      ['Result', `${roundedMoney(r.netProfit, r.currency, gainText)} (${signed(figure(r.netProfitPct))} %)`],
      ['Fees paid', money(r.fees)],
      ['Closed trades, with a profit', `${r.trades}, ${r.wins}`],
      ['Fills', String(r.fills)],
      [
        'Largest drawdown',
        `${figure(r.maxDrawdownPct)} %, ${when(r.maxDrawdownFrom)} to ${when(r.maxDrawdownTo)}`,
      ],
      ['Positions open at the end', String(r.openPositions)],
    ],
  );
}

function coverageTable({ data }: SignedReport): string {
  const rows = data.coverage.map(({ symbol, expected, bars, missing, longestGapMs }) => [
    symbol,
    String(expected),
    String(bars),
    String(missing),
    `${figure(longestGapMs / 60_000)} min`,
  ]);
  return table(['Instrument', 'Bars expected', 'Bars', 'Missing', 'Longest gap'], rows);
}

function tradesTable({ trades, tradesLeftOut, results }: SignedReport): string {
  const shown = trades.slice(0, TRADES_SHOWN_MAX);
  const left = trades.length - shown.length + tradesLeftOut;
  const rows = shown.map((t) => [
    t.symbol,
    t.side,
    when(t.opened),
    when(t.closed),
    ...[t.quantity, t.entryPrice, t.exitPrice ?? '–'].map(grouped),
    roundedAmount(t.profit, results.currency, gainText),
    t.strategy ?? '–',
    t.why === undefined ? '–' : exitReasonWords(t.why),
  ]);
  const head = [
    'Instrument',
    'Side',
    'Opened',
    'Closed',
    'Quantity',
    'Entry',
    'Exit',
    `Profit after fees, ${results.currency}`,
    'Strategy',
    'Ended',
  ];
  return `${table(head, rows)}${left > 0 ? `<p>${left} more are left out here.</p>` : ''}`;
}

const when = (at: string | null): string => (at === null ? '–' : moment(Date.parse(at)));

const figure = (value: number): string => String(Number(value.toFixed(2)));
