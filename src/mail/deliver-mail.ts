/**
 * Sends the outbox to the mail server: critical notices first, each address separately, retried until accepted or
 * refused.
 */
import { mailChoices } from '../desk/notify-schema.js';
import type { Desk } from '../desk/schema.js';
import {
  addressMail,
  giveBack,
  type Mail,
  mailLater,
  markMailed,
  markMailRefused,
  takeDueMail,
} from '../store/mail-outbox.js';
import type { Pool } from '../store/pool.js';
import type { MailOutcome, MailServer } from './mail-server.js';

export interface DeliveryContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly server: MailServer;
  readonly to: readonly string[];
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
  /**
   * Pause before the second attempt, in milliseconds. It doubles for each further one, up to half an hour, or up to a
   * minute if the server can't be reached.
   */
  readonly retryMs: number;
}

/** Handing over a mail takes seconds: one that takes longer was lost with its mailer. */
const LEASE_MS = 120_000;
const RETRY_MS_MAX = 1_800_000;
/**
 * A server that is back gets the waiting mail soon. A server that was reached needs time, or delivers mail without
 * ever answering.
 */
const UNREACHED_RETRY_MS_MAX = 60_000;

/** True if something was done: then there may be more. After `stopping` it begins no further mail. */
export async function deliverMail(context: DeliveryContext, stopping: AbortSignal): Promise<boolean> {
  const { desk, pool, to, server } = context;
  const { events, critical } = mailChoices(desk.notify);
  const addressed = await addressMail(pool, desk.desk, { to, events, critical });
  const due = await takeDueMail(pool, desk.desk, LEASE_MS);
  for (const [at, mail] of due.entries()) {
    if (stopping.aborted) {
      await giveBack(
        pool,
        due.slice(at).map(({ id }) => id),
      );
      break;
    }
    await keep(context, mail, await server.send(mail));
  }
  return addressed > 0 || due.length > 0;
}

async function keep({ pool, log, retryMs }: DeliveryContext, mail: Mail, outcome: MailOutcome) {
  const { kind, reply } = outcome;
  if (kind === 'sent') return markMailed(pool, mail.id, reply);
  if (kind === 'refused') {
    log('error', `mail to ${mail.address} ("${mail.title}") is refused and not sent again: ${reply}`);
    return markMailRefused(pool, mail.id, reply);
  }
  const mostMs = outcome.wasReached ? RETRY_MS_MAX : UNREACHED_RETRY_MS_MAX;
  const afterMs = Math.min(retryMs * 2 ** (mail.attempts - 1), mostMs);
  log(
    'warn',
    `mail to ${mail.address} ("${mail.title}") is sent again in ${Math.ceil(afterMs / 1_000)} s: ${reply}`,
  );
  return mailLater(pool, mail.id, afterMs, reply);
}
