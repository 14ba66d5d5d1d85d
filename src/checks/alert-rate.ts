import { z } from 'zod';
import { NOTICE_EVENTS } from '../desk/notify-schema.js';
import { poissonTails } from '../domain/statistics.js';
import { channelHealth } from '../home/channel-health.js';
import { countNotices } from '../store/count-notices.js';
import { check } from './check.js';

const DAY_MS = 86_400_000;
/** Rarer than one time in forty, on each side, is not chance. */
const TAIL_MIN = 0.025;

/**
 * Whether so many alerts of an event are what is usual. Few come in a month even where all is well: judged is by the
 * Poisson interval of what is expected, not by the number itself.
 */
export const alertRate = check(
  z.strictObject({
    event: z.enum([...NOTICE_EVENTS, 'critical']).default('critical'),
    perWeek: z.number().positive().default(0.5),
    days: z.number().min(1).max(366).default(28),
  }),
  async ({ desk, pool, runtime }, { event, perWeek, days }) => {
    const mean = (perWeek * days) / 7;
    const expected = `about ${mean.toFixed(1)} alerts (${event}) in ${days} days, ${perWeek} a week`;
    if (!channelHealth(runtime.home, desk.desk, Date.now()).some(({ state }) => state !== 'off'))
      return { verdict: 'not_run', observed: 'no alerts are sent from here: none can be counted', expected };
    const toMs = Date.now();
    const counted = await countNotices(pool, { desk: desk.desk, fromMs: toMs - days * DAY_MS, toMs });
    const count = counted.find(({ what }) => what === event)?.count ?? 0;
    const { atMost, atLeast } = poissonTails(mean, count);
    const verdict = atMost < TAIL_MIN || atLeast < TAIL_MIN ? 'fail' : 'pass';
    return { verdict, observed: `${count} alerts (${event})`, expected };
  },
);
