/** The screen that a started desk shows. */

import { moneyAtStake } from '../domain/account.js';
import { moment } from '../domain/moment.js';
import type { UpSummary } from '../supervisor/up-options.js';
import { keptOverRestart } from '../trader/status/kept-over-restart.js';

const LABEL_WIDTH = 12;

/** Plain lines, so that they suit a log file and a narrow terminal too. */
export function screenLines(summary: UpSummary): string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['Desk', `${summary.desk} (${moneyText(summary)})`],
    ['Mode', summary.headline],
    ['Prices', summary.simulated ? `${summary.prices} (NOT LIVE)` : summary.prices],
    ['Account', accountText(summary)],
    ['Restart', keptOverRestart(summary.trading, summary.account?.name ?? null)],
    ['Dashboard', summary.signInUrl],
    ['', `(this link signs in once, within ${summary.signInMinutes} minutes; a new one: fermata link)`],
    ...elsewhere(summary),
    ['Sign-in', `user operator, password ${passwordPlace(summary.passwordFile)}`],
    ['Temporal UI', `${summary.temporalUiUrl} (after the dashboard's sign-in)`],
    ['Metrics', summary.metricsUrl],
    ['Next', nextText(summary.next[0])],
    ['Log', summary.logFile],
  ];
  return [
    '',
    ...rows.map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH)} ${text}`),
    '',
    '  Ctrl-C ends it in order: entries are cancelled, positions and their stops are kept.',
    '  In another terminal, in this folder: fermata status; stop, close-all or resume --reason TEXT; fermata --help',
    '',
  ];
}

const elsewhere = ({ publicUrl }: UpSummary): readonly (readonly [string, string])[] =>
  publicUrl === null
    ? []
    : [['Elsewhere', `${publicUrl}/ through your proxy or tunnel; a link for it: fermata link`]];

function moneyText({ trading, account }: UpSummary): string {
  const money = moneyAtStake(trading, account?.name ?? null);
  if (money === 'simulator money') return 'live (exchange simulator)';
  if (money === 'test money') return 'live (the exchange’s test environment)';
  return money === 'real money' ? 'REAL MONEY' : money;
}

/** Each price source has a paper account of its own: this mentions the others, since people look for them here. */
function accountText({ account }: UpSummary): string {
  if (account === null) return 'not known yet';
  const { name, resting } = account;
  return resting.length === 0 ? name : `${name}; kept as they were for other prices: ${resting.join(', ')}`;
}

function passwordPlace(file: string | null): string {
  return file === null ? 'as given in DASHBOARD_PASSWORD' : `in ${file}`;
}

function nextText(next: UpSummary['next'][number] | undefined): string {
  if (next === undefined) {
    return 'nothing is scheduled';
  }
  return `${next.title} (${next.routine}) at ${moment(next.atMs)}`;
}
