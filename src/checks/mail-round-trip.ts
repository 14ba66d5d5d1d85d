import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { shownChannel } from '../home/channel-health.js';
import { awaitDeliveries, notify } from '../notify/notify.js';
import { MAIL_TEST_EVENT, mailsOf } from '../store/mail-outbox.js';
import { check } from './check.js';

/** Sends a mail along the path of an alert, and checks that the mail server accepts it for each address. */
export const mailRoundTrip = check(
  'Mail arrives',
  z.strictObject({ waitSeconds: z.number().min(0).default(20) }),
  async ({ desk, runtime, pool }, { waitSeconds }) => {
    const expected = 'the mail server takes a test mail for each address';
    const mailer = shownChannel(runtime.home, desk.desk, 'mail', Date.now());
    if (mailer === null || mailer.state === 'off')
      return { verdict: 'not_run', observed: mailer?.why ?? 'no mailer of this desk has run yet', expected };
    const fingerprint = `round-trip:${randomUUID()}`;
    await notify(pool, {
      desk: desk.desk,
      event: MAIL_TEST_EVENT,
      severity: 'info',
      title: `${desk.desk}: mail arrives`,
      text: 'This is a test of the way that mail takes.',
      fingerprint,
    });
    const read = () => mailsOf(pool, desk.desk, fingerprint);
    const { deliveries, tookMs } = await awaitDeliveries(read, waitSeconds * 1_000);
    const missing = deliveries.find(({ arrived }) => !arrived);
    if (deliveries.length > 0 && missing === undefined)
      return { verdict: 'pass', observed: `taken in ${tookMs} ms: ${deliveries[0]?.reason}`, expected };
    const why = (missing?.reason || mailer.why) ?? missing?.state ?? 'the mailer has not picked it up';
    return { verdict: 'fail', observed: `not taken within ${tookMs} ms: ${why}`, expected };
  },
);
