/** A sweep as one page: the heat map, the trials, and the result of walk-forward. */
import { counted, grouped } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { escapeHtml } from '../report/chart.js';
import { list, pageHtml, table } from '../report/page.js';
import { FIGURES, figureText, spanText } from '../report/report-html.js';
import type { HeatMap, SweepReport } from './sweep-report.js';
import { type RankedBy, type Trial, untradedText, valuesText } from './trial.js';
import type { WalkForward } from './walk-forward.js';

/** Most rows of the table; the JSON has all. */
const TRIALS_SHOWN_MAX = 500;
/** Opacity of the strongest colour, so that text on it stays readable. */
const OPACITY_MAX = 0.55;
const COLUMNS = ['sharpe', 'returnPct', 'maxDrawdownPct', 'trades', 'winRatePct', 'profitFactor'] as const;

export function titleOf(by: RankedBy): string {
  return FIGURES.find(([name]) => name === by)?.[1] ?? by;
}

/** Also of a trial that is judged by nothing since it held nothing: its return is 0 %. */
export function figureWords({ figures, failed }: Trial, by: RankedBy, currency: string): string {
  const figure = failed === null ? (figures?.[by] ?? null) : null;
  return figureText(figure, FIGURES.find(([name]) => name === by)?.[2] ?? '', currency);
}

/** What the number of trials means for the best one. */
export function luckText({ deflatedSharpe, judged }: SweepReport): string {
  if (deflatedSharpe === null)
    return 'the number of trials can’t be accounted for: too few of them can be judged';
  return `${(deflatedSharpe * 100).toFixed(0)} % probable that the best Sharpe ratio is more than luck among ${judged} trials that can be judged`;
}

export function sweepHtml(report: SweepReport): string {
  const { desk, market, period, best, rankedBy, currency, trials } = report;
  const when = (at: string | null): string => (at === null ? 'no price' : moment(Date.parse(at)));
  const title = titleOf(rankedBy);
  const body = `<h1>${counted(trials.length, 'trial')} of ${escapeHtml(desk)}</h1>
<p>On ${escapeHtml(market.symbols.join(', '))}, ${when(period.from)} to ${when(period.to)}${spanText(period)}.
${best === null ? 'None can be judged.' : `Best by ${escapeHtml(title)}: <b>${escapeHtml(valuesText(best.values))}</b>, ${escapeHtml(figureWords(best, rankedBy, currency))}.`}
Deflated Sharpe ratio: ${escapeHtml(luckText(report))} (Bailey and López de Prado, 2014).</p>
${list('What was wrong with the data', report.problems)}
${report.heatMap === null ? '' : heatMapHtml(report.heatMap, rankedBy)}
${walkHtml(report)}
<h2>Trials, best first</h2>
${trialTable(report)}
${list('How orders were filled', report.execution)}
${list('Set the same for all', report.set)}
${list(
  'Left out, because the rules of a desk file refuse them',
  report.leftOut.map(({ values, why }) => `${valuesText(values)}: ${why}`),
)}
<footer>Files: ${escapeHtml(market.files.map(({ name, symbol, sha256 }) => `${symbol} ${name} ${sha256}`).join(', '))}.</footer>`;
  return pageHtml(`Sweep of ${desk}`, body);
}

/** Each cell shows its value: colour alone says nothing to people who can't see it. */
function heatMapHtml(
  { keys: [across, down], across: columns, down: rows, cells }: HeatMap,
  by: RankedBy,
): string {
  const known = cells.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const better = by === 'maxDrawdownPct' ? -1 : 1;
  const colour = (value: number): string => {
    const place = high === low ? 0.5 : (value - low) / (high - low);
    const worth = better > 0 ? place : 1 - place;
    const strength = (Math.abs(worth - 0.5) * 2 * OPACITY_MAX).toFixed(2);
    return `background:color-mix(in srgb,var(${worth < 0.5 ? '--bad' : '--good'}) calc(${strength}*100%),transparent)`;
  };
  const cell = (value: number | null): string =>
    value === null
      ? '<td>–</td>'
      : `<td style="${colour(value)}">${grouped(String(Number(value.toFixed(2))))}</td>`;
  const head = columns.map((value) => `<th>${escapeHtml(value)}</th>`).join('');
  const body = rows.map(
    (value, row) => `<tr><th>${escapeHtml(value)}</th>${(cells[row] ?? []).map(cell).join('')}</tr>`,
  );
  const of = down === null ? across : `${across} across, ${down} down`;
  return `<h2>${escapeHtml(titleOf(by))}: ${escapeHtml(of)}</h2>
<table><thead><tr><th></th>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table>
<p>A good value beside bad ones is likely luck. Of trials that differ in further keys the best is shown.</p>`;
}

const CANT_BE_SAID = 'can’t be said';

/** What all traded parts made, and how that compares with where the values were chosen. */
export function walkedTexts({ steps, returnPct, efficiency }: WalkForward): readonly [string, string] {
  const shown = (value: number): string => grouped(String(Number(value.toFixed(2))));
  const isTraded = steps.some(({ traded }) => traded !== null && traded.failed === null);
  return [
    isTraded ? `${shown(returnPct)} %` : CANT_BE_SAID,
    isTraded && efficiency !== null ? shown(efficiency) : CANT_BE_SAID,
  ];
}

/** On two lines: a narrow screen broke each time into its parts. */
const spanOf = ({ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }): string =>
  `${moment(fromMs)} –\n${moment(untilMs)}`;

function walkHtml({ walkForward, rankedBy, currency }: SweepReport): string {
  if (walkForward === null) return '';
  const { steps, efficiency } = walkForward;
  const [made, compared] = walkedTexts(walkForward);
  const rows = steps.map(({ chosenOn, tradedOn, chosen, traded }) => [
    spanOf(chosenOn),
    chosen === null ? 'none can be judged' : valuesText(chosen.values),
    chosen === null ? '–' : figureWords(chosen, rankedBy, currency),
    spanOf(tradedOn),
    traded === null ? '–' : figureWords(traded, rankedBy, currency),
    traded === null ? '–' : figureWords(traded, 'returnPct', currency),
  ]);
  const title = titleOf(rankedBy);
  const head = ['Chosen on', 'Values', title, 'Traded on, unseen before', title, 'Return'];
  return `<h2>Walking forward</h2>
<p>Where it was traded: ${made}, one part after the other. Return a day there ÷ where it was chosen:
${compared}${efficiency === null ? ', the chosen ones made nothing' : ''}.</p>
<div class="wrapped">${table(head, rows)}</div>`;
}

function trialTable({ trials, currency, rankedBy }: SweepReport): string {
  const columns = COLUMNS.some((name) => name === rankedBy) ? COLUMNS : [rankedBy, ...COLUMNS];
  const chosen = FIGURES.filter(([name]) => columns.some((column) => column === name));
  const shown = trials.slice(0, TRIALS_SHOWN_MAX);
  // An empty column would push the last one off the page.
  const isUntraded = shown.some((trial) => untradedText(trial) !== '');
  const rows = shown.map(({ values, figures, configHash, ...counts }) => [
    valuesText(values),
    ...chosen.map(([name, , unit]) => figureText(figures?.[name] ?? null, unit, currency)),
    ...(isUntraded ? [untradedText(counts)] : []),
    configHash.slice(0, 12),
  ]);
  const left = trials.length - rows.length;
  const head = [
    'Values',
    ...chosen.map(([, title]) => title),
    ...(isUntraded ? ['Entered nothing'] : []),
    'Configuration',
  ];
  return `${table(head, rows)}${left > 0 ? `<p>${left} more are in the JSON.</p>` : ''}`;
}
