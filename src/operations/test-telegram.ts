/** Sends a test alert the whole way that an alert takes, and says whether it reached anybody. */
import { setTimeout as sleep } from 'node:timers/promises';
import { causeOf } from '../domain/cause-of.js';
import { notify } from '../notify/notify.js';
import { TEST_EVENT } from '../notify/telegram-proof.js';
import { type DeliveryState, deliveriesOf } from '../store/outbox-delivery.js';
import type { Caller, OperationContext } from './operation.js';
import { recordAudit } from './record-audit.js';

export interface AlertTested {
  /** It reached a chat or a linked person. */
  readonly ok: boolean;
  readonly detail: string;
  /** How many chats it reached, and how many it was meant for. */
  readonly reached: number;
  readonly chats: number;
}

const WAIT_MS = 20_000;
const LOOK_MS = 200;

/** Resolves within 20 s; nobody has to be linked for it to be asked. */
export async function testTelegram(context: OperationContext, caller: Caller): Promise<AlertTested> {
  const tested = await send(context, caller).catch((error: unknown) =>
    failed([], `The test alert was not sent: Postgres does not answer (${causeOf(error)}).`),
  );
  await recordAudit(context, caller, { action: 'notify:test', parameters: {}, outcome: tested.detail });
  return tested;
}

async function send({ pool, desk, newId }: OperationContext, { person }: Caller): Promise<AlertTested> {
  const fingerprint = `test-alert:${newId()}`;
  await notify(pool, {
    desk: desk.desk,
    event: TEST_EVENT,
    severity: 'info',
    title: `${desk.desk}: a test alert`,
    text: `${person} asked whether alerts arrive here. They do.`,
    fingerprint,
  });
  const untilMs = performance.now() + WAIT_MS;
  for (;;) {
    const deliveries = await deliveriesOf(pool, desk.desk, fingerprint);
    const over = deliveries.length > 0 && deliveries.every(({ finished }) => finished);
    if (over || performance.now() > untilMs) return verdictOf(deliveries);
    await sleep(LOOK_MS);
  }
}

function verdictOf(deliveries: readonly DeliveryState[]): AlertTested {
  const reached = deliveries.filter(({ messageId }) => messageId !== null).length;
  const chats = deliveries.length;
  if (chats === 0)
    return failed(
      deliveries,
      'Nobody to tell: the bot does not run (TELEGRAM_BOT_TOKEN), or it knows no chat (TELEGRAM_CHAT_ID) and nobody is linked (fermata telegram link NAME).',
    );
  const missing = deliveries.find(({ messageId }) => messageId === null);
  if (reached === 0)
    return failed(
      deliveries,
      `It reached nobody within ${WAIT_MS / 1000} s: ${missing?.reason || missing?.state}.`,
    );
  const rest = missing === undefined ? '' : `; one did not arrive: ${missing.reason || missing.state}`;
  return { ok: true, detail: `A test alert reached ${reached} of ${chats} chats${rest}.`, reached, chats };
}

const failed = (deliveries: readonly DeliveryState[], detail: string): AlertTested => ({
  ok: false,
  detail,
  reached: 0,
  chats: deliveries.length,
});
