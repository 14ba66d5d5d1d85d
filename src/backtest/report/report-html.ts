/** A backtest as one page: prices with trades, equity with drawdown, months, figures with their formulas. */

import { exitReasonWords } from '../../domain/exits.js';
import { amountText, counted, gainText, grouped, lasted, roundedAmount } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { type FigureName, FORMULAS, type Group } from '../statistics/figures.js';
import type { BacktestReport } from './build-report.js';
import { type ChartPoint, chartSvg, escapeHtml } from './chart.js';
import { rollTexts, untradedLists } from './execution.js';
import { list, pageHtml, table } from './page.js';
import { priceChart } from './price-chart.js';

/** A page shows no more trades, so a run need not retain more for it. */
export const TRADES_SHOWN_MAX = 500;

/** In the order of the page: name, title, unit. */
export const FIGURES: readonly (readonly [name: FigureName, title: string, unit: string])[] = [
  ['returnPct', 'Return', ' %'],
  ['cagrPct', 'Return a year (CAGR)', ' %'],
  ['volatilityPct', 'Volatility a year', ' %'],
  ['sharpe', 'Sharpe ratio', ''],
  ['sortino', 'Sortino ratio', ''],
  ['calmar', 'Calmar ratio', ''],
  ['maxDrawdownPct', 'Largest drawdown', ' %'],
  ['longestDrawdownHours', 'Longest drawdown', ' h'],
  ['trades', 'Trades', ''],
  ['winRatePct', 'Win rate', ' %'],
  ['profitFactor', 'Profit factor', ''],
  ['expectancy', 'Expectancy', ' money'],
  ['averageR', 'Average R', ''],
  ['averageWin', 'Average win', ' money'],
  ['averageLoss', 'Average loss', ' money'],
  ['largestWin', 'Largest win', ' money'],
  ['largestLoss', 'Largest loss', ' money'],
  ['longestLossStreak', 'Losses in a row', ''],
  ['averageHours', 'Average time in a trade', ' h'],
  ['exposurePct', 'Exposure', ' %'],
  ['turnover', 'Turnover', ' × equity'],
  ['fees', 'Fees', ' money'],
  ['feesPct', 'Fees, share of starting equity', ' %'],
];

export function reportHtml(report: BacktestReport): string {
  const { desk, period, market, currency } = report;
  const when = (at: string | null): string => (at === null ? 'no price' : moment(Date.parse(at)));
  const money = (text: string): string => roundedMoney(text, currency);
  const profit = Number(report.netProfit);
  const body = `<h1 class="${profit > 0 ? 'go' : 'nogo'}">${escapeHtml(roundedMoney(report.netProfit, currency, gainText))}</h1>
<p>Backtest of <b>${escapeHtml(desk)}</b> on ${escapeHtml(market.symbols.join(', '))}, ${when(period.from)} to ${when(period.to)}${spanText(period)}:
${escapeHtml(money(report.startingEquity))} became ${escapeHtml(money(report.finalEquity))}, open positions at their last price. ${holdText(report)}</p>
${list('What was wrong with the data', problemsOf(report))}
<h2>Prices and trades</h2>
${report.candles.map((prices) => priceChart(prices, report.trades.slice(0, TRADES_SHOWN_MAX), countOf(report, prices.symbol), report.actions)).join('\n')}
<h2>Equity and drawdown</h2>
${equityCharts(report)}
<h2>Months</h2>
${monthTable(report)}
<h2>Figures</h2>
${figureTable(report.figures, currency)}
${groupTables(report.by, currency)}
${list('How orders were filled', report.execution)}
${list('Set for this run', report.set)}
${untradedLists(report)
  .map(([title, lines]) => list(title, lines))
  .join('\n')}
${list('Rolls', rollTexts(report))}
${list(
  'Halts',
  report.halts.map(
    ({ at, cause, reason, lifted }) =>
      `${when(at)} ${cause}: ${reason} (${lifted === null ? 'to the end' : `lifted ${when(lifted)}`})`,
  ),
)}
${list(
  'Switched off',
  report.switchedOff.map(
    ({ strategy, at, reason, onAgain }) =>
      `${when(at)} ${strategy}: ${reason} (${onAgain === null ? 'to the end' : `on again ${when(onAgain)}`})`,
  ),
)}
${list(
  'Paid or received while held',
  (report.holding ?? []).map(
    ({ kind, symbol, amount, times }) =>
      `${kind} of ${symbol}: ${roundedMoney(amount, currency, gainText)}, ${counted(times, 'time')}`,
  ),
)}
${list(
  'Open at the end',
  report.positions.map(
    ({ symbol, quantity, averagePrice, unrealised, strategy }) =>
      `${symbol}: ${grouped(quantity)} at ${grouped(averagePrice)}, ${roundedMoney(unrealised, currency, gainText)} (${strategy})`,
  ),
)}
<h2>Trades</h2>
${tradesTable(report)}
<footer>${counted(report.orders, 'order')}, ${counted(report.fills, 'fill')}, ${report.trials} set of values tried. Configuration ${report.configHash}.
State ${report.stateHash ?? 'none'}. Time zones ${escapeHtml(report.timeZones)}. Files: ${escapeHtml(
    market.files.map(({ name, symbol, sha256 }) => `${symbol} ${name} ${sha256}`).join(', '),
  )}.</footer>`;
  return pageHtml(`Backtest of ${desk}`, body);
}

/** With its currency. */
export const roundedMoney = (amount: string | number, currency: string, written = amountText): string =>
  `${roundedAmount(amount, currency, written)} ${currency}`;

export const spanText = ({ from, to }: BacktestReport['period']): string =>
  from === null || to === null ? '' : ` (${lasted(Date.parse(to) - Date.parse(from))})`;

function countOf({ by }: BacktestReport, symbol: string): number {
  return by.instrument.find(({ key }) => key === symbol)?.trades ?? 0;
}

function holdText({ buyAndHold, figures }: BacktestReport): string {
  if (buyAndHold === null || figures === null) return '';
  const { returnPct, maxDrawdownPct, excessReturnPct } = buyAndHold;
  return `That is ${shown(figures.returnPct)} %; buying and holding made ${shown(returnPct)} % (drawdown ${shown(maxDrawdownPct)} %), ${shown(Math.abs(excessReturnPct))} percentage points ${excessReturnPct < 0 ? 'more' : 'less'}.`;
}

function problemsOf({ data, market }: BacktestReport): readonly string[] {
  const without = market.leftOut.map(
    (symbol) => `${symbol} is traded or looked at by the desk and had no prices here`,
  );
  return [...data.problems.map(({ text }) => text), ...without];
}

function equityCharts({ equity, currency }: BacktestReport): string {
  const points = (of: (slot: BacktestReport['equity'][number]) => number): ChartPoint[] =>
    equity.map((slot) => ({ atMs: Date.parse(slot[0]), value: of(slot) }));
  const plain = { marks: [], bound: null };
  return [
    chartSvg({
      ...plain,
      title: `Equity in ${currency}, open results included; dashed: buying and holding`,
      unit: '',
      points: points(([, value]) => Number(value)),
      beside: points(([, , , hold]) => Number(hold)),
      filled: false,
    }),
    chartSvg({
      ...plain,
      title: 'Drawdown from the highest equity so far',
      unit: ' %',
      points: points(([, , drawdown]) => -drawdown),
      filled: true,
    }),
  ].join('\n');
}

/** Returns in percent, one row for each year. The return of a year compounds those of its months. */
export function monthTable({ months }: BacktestReport): string {
  const years = [...new Set(months.map(({ month }) => month.slice(0, 4)))];
  const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const rows = years.map((year) => {
    const ofYear = months.filter(({ month }) => month.startsWith(year));
    const cells = names.map((_, at) => {
      const found = ofYear.find(({ month }) => Number(month.slice(5)) === at + 1);
      return found === undefined ? '' : shown(found.returnPct);
    });
    const grown = ofYear.reduce((product, { returnPct }) => product * (1 + returnPct / 100), 1);
    return [year, ...cells, shown((grown - 1) * 100)];
  });
  return `<p>Percent, UTC; the first and the last one are as long as the run was in them.</p>${table(['', ...names, 'Year'], rows)}`;
}

export function figureTable(figures: BacktestReport['figures'], currency: string): string {
  if (figures === null) return '<p>No price came.</p>';
  const rows = FIGURES.map(([name, title, unit]) => [
    title,
    figureText(figures[name], unit, currency),
    FORMULAS[name],
  ]);
  return `<div class="formulas">${table(['', '', 'Formula'], rows)}</div>`;
}

export function figureText(value: number | null, unit: string, currency: string): string {
  if (value === null) return 'can’t be said';
  if (unit !== ' money') return `${shown(value)}${unit}`;
  return roundedMoney(value, currency);
}

export function groupTables(by: BacktestReport['by'], currency: string): string {
  const head = [
    'Trades',
    'Win rate',
    `Result, ${currency}`,
    `Fees, ${currency}`,
    'Profit factor',
    `Expectancy, ${currency}`,
    'Average R',
  ];
  const row = (group: Group, key: string): string[] => [
    key,
    String(group.trades),
    figureText(group.winRatePct, ' %', currency),
    roundedAmount(group.result, currency, gainText),
    roundedAmount(group.fees, currency),
    figureText(group.profitFactor, '', currency),
    group.expectancy === null
      ? figureText(null, '', currency)
      : roundedAmount(group.expectancy, currency, gainText),
    figureText(group.averageR, '', currency),
  ];
  const tables = [
    ['Strategy', by.strategy.map((group) => row(group, group.key))],
    ['Instrument', by.instrument.map((group) => row(group, group.key))],
    ['Why trades ended', by.exitReason.map((group) => row(group, exitReasonWords(group.key)))],
  ] as const;
  return tables
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) => `<h2>${title}</h2>${table(['', ...head], rows)}`)
    .join('\n');
}

function tradesTable({ trades, tradesLeftOut, currency }: BacktestReport): string {
  const rows = trades
    .slice(0, TRADES_SHOWN_MAX)
    .map(
      ({ symbol, strategy, side, opened, closed, quantity, entryPrice, exitPrice, result, fees, r, why }) => [
        ...[
          symbol,
          strategy,
          side,
          moment(Date.parse(opened)),
          moment(Date.parse(closed)),
          grouped(quantity),
        ],
        ...[
          grouped(entryPrice),
          grouped(exitPrice ?? '–'),
          roundedAmount(result, currency, gainText),
          roundedAmount(fees, currency),
        ],
        ...[r === null ? '–' : shown(r), exitReasonWords(why)],
      ],
    );
  const head = [
    ...['Instrument', 'Strategy', 'Side', 'Opened', 'Closed', 'Quantity', 'Entry', 'Exit'],
    ...[`Result, ${currency}`, `Fees, ${currency}`, 'R', 'Ended'],
  ];
  const left = trades.length - rows.length + tradesLeftOut;
  return `${table(head, rows)}${left > 0 ? `<p>${grouped(String(left))} more are left out here; --json lists all of them.</p>` : ''}`;
}

const shown = (value: number): string => grouped(String(Number(value.toFixed(2))));
