/**
 * Whether people can be reached: sends a test alert all the way and reports whether it reached anybody; and
 * the errors of the desk's log.
 */
import { z } from 'zod';
import { findLines } from '../checks/find-log-lines.js';
import { type Shape, wallMs } from '../contracts/json-values.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { causeOf } from '../domain/message-of.js';
import { type Channel, shownChannel } from '../home/channel-health.js';
import { TEST_EVENT } from '../notify/channel-credentials.js';
import { awaitDeliveries, notify } from '../notify/notify.js';
import { MAIL_TEST_EVENT, mailsOf } from '../store/mail-outbox.js';
import { type DeliveryState, deliveriesOf } from '../store/outbox-delivery.js';
import type { Caller, OperationContext } from './operation.js';
import { recordAudit } from './record-audit.js';

export const alertTestedSchema = z.object({
  ok: z.boolean().describe('It reached somebody: a chat, a linked person, an address'),
  detail: z.string(),
  reached: z.number().describe('How many chats or addresses'),
  chats: z.number().describe('How many it was meant for'),
  doThis: z.string().optional().describe('What helps, where nobody could be reached'),
});
export type AlertTested = Shape<typeof alertTestedSchema>;

const WAIT_MS = 20_000;

interface TestedChannel {
  readonly event: typeof TEST_EVENT | typeof MAIL_TEST_EVENT;
  readonly deliveriesOf: typeof mailsOf;
  readonly places: string;
  /** What to do if the channel is not set up, or nothing picks the alert up. */
  readonly setUp: string;
  /** What to say if nothing picked it up. */
  readonly nobody: (context: OperationContext) => string;
}

const CHANNELS: Readonly<Record<Channel, TestedChannel>> = {
  telegram: {
    event: TEST_EVENT,
    deliveriesOf,
    places: 'chats',
    setUp:
      'set TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID, or link a person (fermata telegram link NAME), and start the desk again: docs/TELEGRAM.md, "Setting it up"',
    nobody: () =>
      'Nobody to tell: the bot does not run (TELEGRAM_BOT_TOKEN), or it knows no chat (TELEGRAM_CHAT_ID) and nobody is linked (fermata telegram link NAME).',
  },
  mail: {
    event: MAIL_TEST_EVENT,
    deliveriesOf: mailsOf,
    places: 'addresses',
    setUp: 'set SMTP_SERVER and SENDER_EMAIL, and start the desk again: docs/MAIL.md',
    nobody: ({ runtime, desk, nowMs }) => {
      const why = shownChannel(runtime.home, desk.desk, 'mail', nowMs())?.why;
      return `No mail was sent: ${why ?? 'the mailer does not run (SMTP_SERVER, SENDER_EMAIL)'}.`;
    },
  },
};

/**
 * Resolves within 20 s; at once if the channel has reported that it is not set up, or knows nobody. The alert
 * may be sent even if there is nobody to reach.
 */
export async function testAlert(
  context: OperationContext,
  caller: Caller,
  channel: Channel,
): Promise<AlertTested> {
  const { runtime, desk, nowMs } = context;
  const health = shownChannel(runtime.home, desk.desk, channel, nowMs());
  const tested =
    health?.state === 'off' || health?.nobody === true
      ? notSetUp(`Nothing was sent: ${health.why ?? 'it is not set up'}.`, CHANNELS[channel])
      : await send(context, caller, CHANNELS[channel]).catch((error: unknown) =>
          failed([], `The test alert was not sent: Postgres does not answer (${causeOf(error)}).`),
        );
  const parameters = channel === 'telegram' ? {} : { channel };
  await recordAudit(context, caller, { action: 'notify:test', parameters, outcome: tested.detail });
  return tested;
}

async function send(
  context: OperationContext,
  { person }: Caller,
  channel: TestedChannel,
): Promise<AlertTested> {
  const { pool, desk, newId } = context;
  const fingerprint = `test-alert:${newId()}`;
  await notify(pool, {
    desk: desk.desk,
    event: channel.event,
    severity: 'info',
    title: `${desk.desk}: a test alert`,
    text: `${person} asked whether alerts arrive here. They do.`,
    fingerprint,
  });
  const read = () => channel.deliveriesOf(pool, desk.desk, fingerprint);
  const { deliveries } = await awaitDeliveries<DeliveryState>(read, WAIT_MS);
  if (deliveries.length === 0) return notSetUp(channel.nobody(context), channel);
  return verdictOf(deliveries, channel.places);
}

function verdictOf(deliveries: readonly DeliveryState[], places: string): AlertTested {
  const reached = deliveries.filter(({ arrived }) => arrived).length;
  const chats = deliveries.length;
  const missing = deliveries.find(({ arrived }) => !arrived);
  if (reached === 0)
    return failed(
      deliveries,
      `It reached nobody within ${WAIT_MS / 1000} s: ${missing?.reason || missing?.state}.`,
    );
  const rest = missing === undefined ? '' : `; one did not arrive: ${missing.reason || missing.state}`;
  return {
    ok: true,
    detail: `A test alert reached ${reached} of ${chats} ${places}${rest}.`,
    reached,
    chats,
  };
}

const notSetUp = (detail: string, { setUp }: TestedChannel): AlertTested => ({
  ...failed([], detail),
  doThis: setUp,
});

const failed = (deliveries: readonly DeliveryState[], detail: string): AlertTested => ({
  ok: false,
  detail,
  reached: 0,
  chats: deliveries.length,
});

export const errorsSchema = z.object({
  known: z.boolean().describe('False: no log is kept here'),
  missing: z.array(z.string()).describe('Processes that run alone and whose log is not here'),
  count: z.number(),
  errors: z
    .array(
      z.object({
        /** Null if the line has no time. */
        atMs: wallMs.nullable(),
        role: z.string(),
        message: z.string(),
      }),
    )
    .describe('The newest 50, newest first'),
});
export type ErrorsShown = Shape<typeof errorsSchema>;
export type ErrorLogged = ErrorsShown['errors'][number];

const SHOWN_MAX = 50;

/**
 * The errors in the logs of all processes, over the last `hours` of wall time; all are counted, the newest 50 shown.
 */
export async function readErrors(
  { runtime }: Pick<OperationContext, 'runtime'>,
  { hours }: { readonly hours: number },
): Promise<ErrorsShown> {
  const { lines, missing } = await findLines(
    runtime,
    Date.now() - hours * HOUR_MS,
    ({ level }) => level === 'error',
  );
  const errors = (lines ?? []).slice(0, SHOWN_MAX).map(({ time, role = '?', message = '' }) => ({
    ...{ role, message },
    atMs: time === undefined ? null : Date.parse(time),
  }));
  return { known: lines !== null, missing, count: lines?.length ?? 0, errors };
}
