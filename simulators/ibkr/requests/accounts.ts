/** Accounts: summaries (62), positions (61), updates (6, 76) and profit and loss (92). */
import { DateTime } from 'luxon';
import { type Account, type Figure, figuresOf, ledgerOf } from '../accounts.js';
import { withoutExchange } from '../contracts.js';
import { moneyText, priceText } from '../decimals.js';
import { refused } from '../refusal.js';
import type { Session } from '../session.js';
import {
  CANCEL_ACCOUNT_SUMMARY,
  CANCEL_ACCOUNT_UPDATES_MULTI,
  CANCEL_PNL,
  CANCEL_POSITIONS,
  REQ_ACCOUNT_DATA,
  REQ_ACCOUNT_SUMMARY,
  REQ_ACCOUNT_UPDATES_MULTI,
  REQ_PNL,
  REQ_POSITIONS,
} from '../wire/from-client.js';
import {
  ACCOUNT_SUMMARY,
  ACCOUNT_SUMMARY_END,
  ACCOUNT_UPDATE_MULTI,
  ACCOUNT_UPDATE_MULTI_END,
  ACCT_DOWNLOAD_END,
  ACCT_UPDATE_TIME,
  ACCT_VALUE,
  PNL,
  PORTFOLIO_VALUE,
  POSITION,
  POSITION_END,
} from '../wire/to-client.js';
import { on } from './handler.js';

const SUMMARIES_MAX = 2;
const TOO_MANY_SUMMARIES = refused.processing(
  'Maximum number of account summary requests exceeded; desubscribe to previous request first',
);
const invalidAccount = (account: string) => refused.validating(`Invalid account code '${account}'`);

export const ACCOUNT_HANDLERS = [
  on(REQ_ACCOUNT_SUMMARY, (session, { reqId, group, tags }) => {
    const { summaries } = session.subscriptions;
    if (reqId === null) return session.error(null, refused.reading('reqId is missing'));
    if (group !== 'All') return session.error(reqId, refused.validating(`Invalid account group '${group}'`));
    if (!summaries.has(reqId) && summaries.size >= SUMMARIES_MAX)
      return session.error(reqId, TOO_MANY_SUMMARIES);
    const wanted = tags.split(',').filter((tag) => tag !== '');
    summaries.set(reqId, wanted);
    for (const account of session.simulation.accounts.values()) sendSummary(session, reqId, account, wanted);
    session.send(ACCOUNT_SUMMARY_END, { reqId });
  }),
  on(CANCEL_ACCOUNT_SUMMARY, (session, { reqId }) => {
    session.subscriptions.summaries.delete(reqId ?? 0);
  }),
  on(REQ_POSITIONS, (session) => {
    session.subscriptions.positions = true;
    for (const account of session.simulation.accounts.values()) sendPositions(session, account);
    session.send(POSITION_END, {});
  }),
  on(CANCEL_POSITIONS, (session) => {
    session.subscriptions.positions = false;
  }),
  on(REQ_ACCOUNT_DATA, (session, { subscribe, account: code }) => {
    const account = named(session, code);
    if (account === null) return session.error(null, invalidAccount(code));
    session.subscriptions.account = subscribe ? account : null;
    if (!subscribe) return;
    sendAccount(session, account);
    session.send(ACCT_DOWNLOAD_END, { account: account.id });
  }),
  on(REQ_ACCOUNT_UPDATES_MULTI, (session, { reqId, account: code, modelCode, ledgerAndNLV }) => {
    if (reqId === null) return session.error(null, refused.reading('reqId is missing'));
    const all = [...session.simulation.accounts.values()];
    const accounts = code === '' || code === 'All' ? all : all.filter(({ id }) => id === code);
    if (accounts.length === 0) return session.error(reqId, invalidAccount(code));
    const asked = { accounts, modelCode, ledgerOnly: ledgerAndNLV };
    session.subscriptions.multi.set(reqId, asked);
    for (const account of accounts) sendMulti(session, reqId, account, asked);
    session.send(ACCOUNT_UPDATE_MULTI_END, { reqId });
  }),
  on(CANCEL_ACCOUNT_UPDATES_MULTI, (session, { reqId }) => {
    session.subscriptions.multi.delete(reqId ?? 0);
  }),
  on(REQ_PNL, (session, { reqId, account: code }) => {
    const account = session.simulation.accounts.get(code);
    if (reqId === null) return session.error(null, refused.reading('reqId is missing'));
    if (account === undefined) return session.error(reqId, invalidAccount(code));
    session.subscriptions.pnl.set(reqId, account);
    sendPnl(session, reqId, account);
  }),
  on(CANCEL_PNL, (session, { reqId }) => {
    session.subscriptions.pnl.delete(reqId ?? 0);
  }),
];

/** A single account need not be named. */
function named(session: Session, code: string): Account | null {
  const { accounts } = session.simulation;
  const [first] = accounts.values();
  return accounts.get(code) ?? (code === '' && accounts.size === 1 && first ? first : null);
}

export function sendSummary(
  session: Session,
  reqId: number,
  account: Account,
  tags: readonly string[],
): void {
  const figures = figuresOf(account);
  for (const tag of tags) {
    // TWS ignores unknown tags: ib_async sends some.
    const told = tag.startsWith('$LEDGER')
      ? ledgerAsked(account, tag)
      : figures.filter(({ key }) => key === tag);
    for (const { key, value, currency } of told)
      session.send(ACCOUNT_SUMMARY, { reqId, account: account.id, tag: key, value, currency });
  }
}

function ledgerAsked(account: Account, tag: string): readonly Figure[] {
  const [, currency = 'BASE'] = tag.split(':');
  if (currency === 'ALL') return [...ledgerOf(account, 'USD'), ...ledgerOf(account, 'BASE')];
  return currency === 'USD' || currency === 'BASE' ? ledgerOf(account, currency) : [];
}

export function sendPositions(session: Session, account: Account): void {
  for (const { instrument, quantity, averageCost } of account.positions.values())
    session.send(POSITION, {
      account: account.id,
      ...withoutExchange(instrument, ''),
      exchange: instrument.primaryExchange || instrument.exchange,
      position: String(quantity),
      avgCost: moneyText(averageCost),
    });
}

export function sendAccount(session: Session, account: Account): void {
  const { simulation } = session;
  const first: Figure[] = [
    { key: 'AccountCode', value: account.id, currency: '' },
    { key: 'AccountReady', value: 'true', currency: '' },
  ];
  const figures = [
    ...first,
    ...figuresOf(account),
    ...ledgerOf(account, 'USD'),
    ...ledgerOf(account, 'BASE'),
  ];
  for (const figure of figures) session.send(ACCT_VALUE, { ...figure, account: account.id });
  for (const position of account.positions.values()) {
    const { instrument, quantity, averageCost } = position;
    session.send(PORTFOLIO_VALUE, {
      ...withoutExchange(instrument, ''),
      right: '0',
      primaryExchange: instrument.primaryExchange || instrument.exchange,
      position: String(quantity),
      marketPrice: priceText(account.price(position), instrument.minTick),
      marketValue: moneyText(account.marketValue(position)),
      averageCost: moneyText(averageCost),
      unrealizedPNL: moneyText(account.unrealized(position)),
      realizedPNL: '0.00',
      account: account.id,
    });
  }
  const now = DateTime.fromMillis(simulation.nowMs(), { zone: simulation.zone });
  session.send(ACCT_UPDATE_TIME, { time: now.toFormat('HH:mm') });
}

export function sendMulti(
  session: Session,
  reqId: number,
  account: Account,
  { modelCode, ledgerOnly }: { readonly modelCode: string; readonly ledgerOnly: boolean },
): void {
  const figures = figuresOf(account).filter(({ key }) => !ledgerOnly || key === 'NetLiquidation');
  for (const figure of [...figures, ...ledgerOf(account, 'USD'), ...ledgerOf(account, 'BASE')])
    session.send(ACCOUNT_UPDATE_MULTI, { reqId, account: account.id, modelCode, ...figure });
}

/** The day's profit is the open result plus what was realized since the start: nothing was held overnight. */
export function sendPnl(session: Session, reqId: number, account: Account): void {
  session.send(PNL, {
    reqId,
    dailyPnL: moneyText(account.unrealizedSum + account.realized),
    unrealizedPnL: moneyText(account.unrealizedSum),
    realizedPnL: moneyText(account.realized),
  });
}
