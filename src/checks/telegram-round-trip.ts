import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import { isDatedAhead, moment } from '../domain/moment.js';
import { telegramCredentials } from '../notify/channel-credentials.js';
import { awaitDeliveries, notify } from '../notify/notify.js';
import { type ChatDelivery, deliveriesOf, readBotState } from '../store/outbox-delivery.js';
import { check } from './check.js';

/**
 * Sends a message along the path of an alert, and checks that Telegram returns its message id and that the
 * bot has recently polled for people's messages.
 */
export const telegramRoundTrip = check(
  'A message reaches Telegram and is answered',
  z.strictObject({
    waitSeconds: z.number().min(0).default(20),
    // A poll lasts half a minute, and a second one may be under way.
    pollAgeSeconds: z.number().min(0).default(90),
  }),
  async ({ desk, runtime, pool }, { waitSeconds, pollAgeSeconds }) => {
    const waitMs = waitSeconds * 1_000;
    const pollAgeMs = pollAgeSeconds * 1_000;
    const expected = 'a test message is delivered, and the bot reads what people write';
    if (telegramCredentials(runtime.home, desk) === null) {
      const observed = `Telegram is not set up: ${desk.notify.telegram.tokenEnv} is not given`;
      return { verdict: desk.mode === 'paper' ? 'not_run' : 'fail', observed, expected };
    }
    const fingerprint = `round-trip:${randomUUID()}`;
    await notify(pool, {
      desk: desk.desk,
      event: 'test',
      severity: 'info',
      title: `${desk.desk}: alerts arrive`,
      text: 'This is the daily test.',
      fingerprint,
    });
    const read = () => deliveriesOf(pool, desk.desk, fingerprint);
    const { deliveries, tookMs } = await awaitDeliveries(read, waitMs);
    return verdictOf(deliveries, await readBotState(pool, desk.desk), { tookMs, pollAgeMs, expected });
  },
);

function verdictOf(
  deliveries: readonly ChatDelivery[],
  bot: Awaited<ReturnType<typeof readBotState>>,
  { tookMs, pollAgeMs, expected }: { tookMs: number; pollAgeMs: number; expected: string },
): CheckOutcome {
  const fail = (observed: string): CheckOutcome => ({ verdict: 'fail', observed, expected });
  if (deliveries.length === 0) return fail('nobody to tell: no chat is given and nobody is linked');
  const missing = deliveries.find(({ arrived }) => !arrived);
  if (missing) return fail(`not delivered within ${tookMs} ms: ${missing.reason || missing.state}`);
  const ids = deliveries.map(({ messageId }) => messageId).join(', ');
  const delivered = `delivered in ${tookMs} ms (message ${ids})`;
  if (bot === null || bot.lastPollMs === null)
    return fail(`${delivered}, but the bot never read what people write`);
  const agoMs = Date.now() - bot.lastPollMs;
  if (agoMs > pollAgeMs || bot.problem !== '')
    return fail(`${delivered}, but last read ${Math.round(agoMs / 1_000)} s ago. ${bot.problem}`.trim());
  if (isDatedAhead(bot.lastPollMs, Date.now()))
    return fail(`${delivered}, but last read ${moment(bot.lastPollMs)}, which is ahead of now`);
  return {
    verdict: 'pass',
    observed: `${delivered}, last read ${Math.round(agoMs / 1_000)} s ago`,
    expected,
  };
}
