import type { CheckOutcome } from '../../contracts/routine.js';
import { NO_PARAMETERS, stepPart } from '../../desk/step-parts.js';
import { placed } from '../../domain/figure-text.js';
import { MONEY_PLACES } from '../../domain/money.js';
import { tradingDate, tradingDayStart } from '../../domain/trading-day.js';
import type { ReportContext } from '../../reports/report.js';
import { countSetups } from '../../store/noted-setups.js';
import { countOrders, readClosings } from '../../store/performance.js';
import { type DayFigures, figuresText, writeDay } from '../../store/trading-journal.js';
import { zoneOffset } from '../../trader/zone-offset.js';

/**
 * Writes the results of the desk's day so far into the trading journal; a later run on that day replaces
 * them.
 */
export const tradingJournal = stepPart(
  'Writes the trading journal',
  NO_PARAMETERS,
  async ({ desk, pool, marketMs }: ReportContext): Promise<CheckOutcome> => {
    const offsetAt = zoneOffset(desk.timezone);
    const date = tradingDate(marketMs, desk.dayBoundary, offsetAt);
    const span = {
      desk: desk.desk,
      fromMs: tradingDayStart(marketMs, desk.dayBoundary, offsetAt),
      toMs: marketMs + 1,
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
