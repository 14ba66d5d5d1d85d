/** Sends a test alert the whole way that an alert takes, and says whether it reached anybody. */
import { z } from 'zod';
import type { Shape } from '../contracts/json-values.js';
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
});
export type AlertTested = Shape<typeof alertTestedSchema>;

const WAIT_MS = 20_000;

interface TestedChannel {
  readonly event: typeof TEST_EVENT | typeof MAIL_TEST_EVENT;
  readonly deliveriesOf: typeof mailsOf;
  readonly places: string;
  /** What to say if nothing picked it up. */
  readonly nobody: (context: OperationContext) => string;
}

const CHANNELS: Readonly<Record<Channel, TestedChannel>> = {
  telegram: {
    event: TEST_EVENT,
    deliveriesOf,
    places: 'chats',
    nobody: () =>
      'Nobody to tell: the bot does not run (TELEGRAM_BOT_TOKEN), or it knows no chat (TELEGRAM_CHAT_ID) and nobody is linked (fermata telegram link NAME).',
  },
  mail: {
    event: MAIL_TEST_EVENT,
    deliveriesOf: mailsOf,
    places: 'addresses',
    nobody: ({ runtime, desk, nowMs }) => {
      const why = shownChannel(runtime.home, desk.desk, 'mail', nowMs())?.why;
      return `No mail was sent: ${why ?? 'the mailer does not run (SMTP_SERVER, SENDER_EMAIL)'}.`;
    },
  },
};

/** Resolves within 20 s. It may be sent even if there is nobody to reach. */
export async function testAlert(
  context: OperationContext,
  caller: Caller,
  channel: Channel,
): Promise<AlertTested> {
  const tested = await send(context, caller, CHANNELS[channel]).catch((error: unknown) =>
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
  if (deliveries.length === 0) return failed(deliveries, channel.nobody(context));
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

const failed = (deliveries: readonly DeliveryState[], detail: string): AlertTested => ({
  ok: false,
  detail,
  reached: 0,
  chats: deliveries.length,
});
