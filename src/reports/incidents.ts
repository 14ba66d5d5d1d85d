import { z } from 'zod';
import { eventsTold } from '../desk/notify-schema.js';
import { isTold } from '../home/channel-health.js';
import { countBadRuns, countHalts } from '../store/ledger-figures.js';
import { countNotices } from '../store/outbox.js';
import { NOTICES_KEPT_DAYS } from '../store/outbox-delivery.js';
import { lengthOf, listed, report, SPAN, spanOf } from './report.js';

/** What stopped the desk, and which procedures failed or were missed. */
export const incidents = report('Incidents', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const [halts, runs] = await Promise.all([countHalts(context.pool, span), countBadRuns(context.pool, span)]);
  return `${lengthOf(span.days)}: halts ${listed(halts)}; routines ${listed(runs)}`;
});

const TOLD = z.strictObject({ days: z.number().min(0).max(NOTICES_KEPT_DAYS).default(7) });

/**
 * The number of notices by event. Throws if no notices are sent: nothing is known then, and 0 would be false.
 * Counts in wall time: a simulated market's time differs, and notices don't carry it.
 */
export const alerts = report('Alerts by event', TOLD, async (context, parameters) => {
  const nowMs = Date.now();
  const span = spanOf({ ...context, marketMs: nowMs }, parameters);
  if (!isTold(context.runtime.home, span.desk, nowMs))
    throw new Error(
      'no alerts are sent from here, so that none can be counted: set Telegram up (docs/TELEGRAM.md)',
    );
  return `${lengthOf(span.days)}: ${listed(await countNotices(context.pool, span, eventsTold(context.desk.notify)))}`;
});
