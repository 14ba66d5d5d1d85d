import { countBadRuns, countHalts } from '../store/performance.js';
import { report } from './report.js';
import { listed, SPAN, spanOf } from './span.js';

/** What stopped the desk, and which procedures failed or were missed. */
export const incidents = report(SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const [halts, runs] = await Promise.all([countHalts(context.pool, span), countBadRuns(context.pool, span)]);
  return `${span.days} days: halts ${listed(halts)}; routines ${listed(runs)}`;
});
