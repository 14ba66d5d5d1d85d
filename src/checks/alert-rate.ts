import { z } from 'zod';
import { NOTICE_EVENTS } from '../contracts/notice.js';
import { eventsTold } from '../desk/notify-schema.js';
import { DAY_MS } from '../domain/civil-date.js';
import { isUnusual } from '../domain/statistics.js';
import { isTold } from '../home/channel-health.js';
import { countNotices, firstNoticeMs } from '../store/outbox.js';
import { NOTICES_KEPT_DAYS } from '../store/outbox-delivery.js';
import { check } from './check.js';

/**
 * Checks that an event raises the usual number of alerts. Only a few are expected in a month, so the number
 * is judged by the Poisson interval of the expected one. A desk that began to alert during the span is judged
 * only from then on. With `sameAs`, as many alerts are expected as of that other event; `most` is a plain limit instead.
 */
export const alertRate = check(
  'Alerts come as often as expected',
  z.strictObject({
    event: z.enum([...NOTICE_EVENTS, 'critical']).default('critical'),
    sameAs: z.enum(NOTICE_EVENTS).optional(),
    perWeek: z.number().positive().default(0.5),
    most: z.number().int().min(0).optional(),
    days: z.number().min(1).max(NOTICES_KEPT_DAYS).default(28),
  }),
  async ({ desk, pool, runtime }, { event, sameAs, perWeek, most, days }) => {
    const expectedIn = (told: number): number => (perWeek * told) / 7;
    const inWords = (told: number): string =>
      most !== undefined
        ? `at most ${most} alerts (${event}) in ${Number(days.toFixed(1))} days`
        : sameAs !== undefined
          ? `as many alerts (${event}) as of ${sameAs} in ${Number(told.toFixed(1))} days`
          : `about ${expectedIn(told).toFixed(1)} alerts (${event}) in ${Number(told.toFixed(1))} days, ${perWeek} a week`;
    const notRun = (observed: string) => ({ verdict: 'not_run' as const, observed, expected: inWords(days) });
    const events = eventsTold(desk.notify);
    const left = [event, sameAs ?? event].find((one) => one !== 'critical' && !events.includes(one));
    if (left !== undefined)
      return notRun(
        `nobody is told of it: neither notify.telegram.events nor notify.mail.events has ${left}`,
      );
    const firstMs = await firstNoticeMs(pool, desk.desk);
    const toMs = Date.now();
    if (firstMs === null || !isTold(runtime.home, desk.desk, toMs))
      return notRun('no alerts are sent from here: none can be counted');
    const fromMs = Math.max(firstMs, toMs - days * DAY_MS);
    const told = (toMs - fromMs) / DAY_MS;
    const counted = await countNotices(pool, { desk: desk.desk, fromMs, toMs }, events);
    const countOf = (wanted: string): number => counted.find(({ what }) => what === wanted)?.count ?? 0;
    const count = countOf(event);
    const usual = sameAs === undefined ? expectedIn(told) : countOf(sameAs);
    const isOff = most === undefined ? isUnusual(usual, count) : count > most;
    const verdict = isOff ? 'fail' : 'pass';
    return {
      verdict,
      observed: `${count} alerts (${event})${sameAs === undefined ? '' : `, ${usual} (${sameAs})`}`,
      expected: inWords(told),
    };
  },
);
