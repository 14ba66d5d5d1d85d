import type { CheckOutcome } from '../../contracts/routine.js';
import { NO_PARAMETERS, stepPart } from '../../desk/step-parts.js';
import { placed } from '../../domain/figure-text.js';
import { MONEY_PLACES } from '../../domain/money.js';
import { datesOf, tradingDaysOf } from '../../domain/zone-offset.js';
import type { ReportContext } from '../../reports/report.js';
import { countOrders, readClosings } from '../../store/ledger-figures.js';
import { countSetups, type DayFigures, figuresText, writeDay } from '../../store/trading-journal-rows.js';

/**
 * Writes the results so far of the desk's day on which its routine was due into the trading journal; a later run of that
 * day replaces them.
 */
export const tradingJournal = stepPart(
  'Writes the trading journal',
  NO_PARAMETERS,
  async ({ desk, pool, marketMs, nominalMs = marketMs }: ReportContext): Promise<CheckOutcome> => {
    const days = tradingDaysOf(desk);
    const date = datesOf(desk)(nominalMs);
    const span = {
      desk: desk.desk,
      fromMs: days.startOfDay(nominalMs),
      // A routine may begin when its day is over.
      toMs: Math.min(marketMs + 1, days.endOfDay(nominalMs)),
    };
    const [setups, orders, closings] = await Promise.all([
      countSetups(pool, desk.desk, span),
      countOrders(pool, span),
      readClosings(pool, span),
    ]);
    const sent = orders.filter(({ what }) => what.startsWith('entry ') && what !== 'entry denied');
    const figures: DayFigures = {
      setups,
      orders: sent.reduce((sum, { count }) => sum + count, 0),
      trades: closings.length,
      result: placed(
        closings.reduce((sum, { net }) => sum + net, 0).toFixed(MONEY_PLACES),
        desk.paper.currency,
      ),
      currency: desk.paper.currency,
    };
    await writeDay(pool, { desk: desk.desk, date, figures });
    const expected = 'date, setups, orders and P&L are in the trading journal';
    return { verdict: 'pass', observed: `${date}: ${figuresText(figures)}`, expected };
  },
);
