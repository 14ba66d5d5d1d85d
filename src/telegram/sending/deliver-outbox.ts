/**
 * Sends the outbox to Telegram, in order within each chat, each message once. Each request is recorded before
 * it is made; a message whose outcome is unknown is looked for before it is sent again.
 */

import { eventsOnTelegram } from '../../desk/notify-schema.js';
import type { Desk } from '../../desk/schema.js';
import { momentToSecond } from '../../domain/moment.js';
import { leavesOut } from '../../domain/people-roles.js';
import { addressNotice, type Delivery, nextDeliveries, unaddressedNotices } from '../../store/outbox.js';
import {
  beginSending,
  buttonsToClose,
  lookLater,
  markButtonsClosed,
  markRefused,
  markSent,
  sendLater,
} from '../../store/outbox-delivery.js';
import { sumUpBacklog } from '../../store/outbox-repair.js';
import type { Pool } from '../../store/pool.js';
import type { BotLog } from '../bot-context.js';
import type { KnownPeople } from '../known-people.js';
import type { ChatWatch } from './chat-watch.js';
import type { Outgoing, SendLane } from './send-lane.js';
import type { SendOutcome } from './send-outcome.js';

interface OutboxContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly lane: SendLane;
  readonly people: KnownPeople;
  readonly watch: ChatWatch;
  /** The desk's own chat. */
  readonly chatId: string | null;
  readonly log: BotLog;
  /** A request that was cut off may still arrive: its delivery waits this long, in milliseconds. */
  readonly settleMs: number;
  /** Called when a delivery has arrived. */
  readonly onSent?: (delivery: Delivery, messageId: number) => Promise<void>;
}

/** True if anything was done: there may be more. */
export async function deliverOnce(context: OutboxContext): Promise<boolean> {
  const addressed = await addressAll(context);
  const due = await nextDeliveries(context.pool, context.desk.desk);
  await Promise.all(due.map((delivery) => deliver(context, delivery)));
  return addressed || due.length > 0;
}

/** Chats are chosen once there is somebody to notify: until then, the notice waits. */
async function addressAll({ desk, pool, people, chatId }: OutboxContext): Promise<boolean> {
  const notices = await unaddressedNotices(pool, desk.desk, chatId === null ? people.rolesLinked() : null);
  const ownChat = chatId === null ? [] : [chatId];
  const told = eventsOnTelegram(desk.notify);
  const everybody = chatId === null ? people.chats() : ownChat;
  if (notices.length > 0 && everybody.length > 0) {
    if (await sumUpBacklog(pool, desk.desk, everybody, told)) return true;
  }
  let done = false;
  for (const { id, event, audience } of notices) {
    const wanted = event === 'test' || told.includes(event);
    const theirs = audience.length === 0 ? everybody : [...ownChat, ...people.chatsOf(audience)];
    const chats = [...new Set(theirs)];
    // Only who is left out of it is linked: by the time somebody else is, it is no news.
    const hasOnlyLeftOut = audience.some(leavesOut);
    if (wanted && chats.length === 0 && !hasOnlyLeftOut) continue;
    await addressNotice(pool, desk.desk, id, wanted ? chats : []);
    done = true;
  }
  return done;
}

async function deliver(context: OutboxContext, delivery: Delivery): Promise<void> {
  const { pool, lane, settleMs } = context;
  const message = messageOf(delivery);
  if (delivery.state === 'sending') {
    const found = await lane.find(message, delivery.afterMessageId ?? 0);
    if (found !== null) await context.watch.saw(delivery.chatId, found);
    if (found?.kind === 'sent') return arrived(context, delivery, found.messageId);
    if (found?.kind === 'refused') return refuse(context, delivery, found);
    if (found !== null) return lookLater(pool, delivery.id, laterMs(found, settleMs), found.reason);
    context.log('warn', `notice ${delivery.noticeId} did not arrive at the first try: it is sent again`);
  }
  const unknown = await firstMessage(context, delivery.chatId);
  if (unknown !== null) return sendLater(pool, delivery.id, laterMs(unknown, settleMs), unknown.reason);
  const outcome = await lane.send(message, () =>
    beginSending(pool, delivery.id, lane.newestKnown(delivery.chatId)),
  );
  if (outcome.kind === 'sent') await arrived(context, delivery, outcome.messageId);
  else if (outcome.kind === 'refused') await refuse(context, delivery, outcome);
  else if (outcome.kind === 'later') await sendLater(pool, delivery.id, outcome.afterMs, outcome.reason);
  else await lookLater(pool, delivery.id, settleMs, outcome.reason);
  await context.watch.saw(delivery.chatId, outcome);
}

async function arrived(
  { pool, onSent }: OutboxContext,
  delivery: Delivery,
  messageId: number,
): Promise<void> {
  await onSent?.(delivery, messageId);
  await markSent(pool, delivery.id, messageId);
}

/**
 * While no message id is known, a message whose answer is lost can't be found again: so a greeting, which may
 * come twice, goes first. Null once an id is known, or if even the greeting is refused, as the notice itself
 * will be.
 */
async function firstMessage({ lane, desk }: OutboxContext, chatId: string): Promise<NotSent | null> {
  if (lane.newestKnown(chatId) > 0) return null;
  const text = `The desk ${desk.desk} writes here from now on.`;
  const outcome = await lane.send({ chatId, text, buttons: [], silent: true });
  return outcome.kind === 'sent' || outcome.kind === 'refused' ? null : outcome;
}

type NotSent = Extract<SendOutcome, { kind: 'later' | 'unknown' }>;

async function refuse(
  { pool, log }: OutboxContext,
  delivery: Delivery,
  { reason, ofChat }: Extract<SendOutcome, { kind: 'refused' }>,
): Promise<void> {
  log('error', `Telegram refuses notice ${delivery.noticeId} ("${delivery.title}"): ${reason}`);
  await markRefused(pool, delivery.id, ofChat ? 'refused' : 'given_up', reason);
}

function laterMs(outcome: SendOutcome, settleMs: number): number {
  return outcome.kind === 'later' ? outcome.afterMs : settleMs;
}

const SIGNS = { info: '', warning: '⚠️ ', critical: '🛑 ' } as const;

/** The same delivery always has the same text, so that it can be found again. */
function messageOf(delivery: Delivery): Outgoing {
  const { severity, title, text, occurredMs, buttons, chatId } = delivery;
  const at = momentToSecond(occurredMs);
  return {
    chatId,
    text: [`${SIGNS[severity]}${title}`, text, at].filter((line) => line !== '').join('\n'),
    buttons,
    silent: severity === 'info',
  };
}

/** Messages of closed approvals lose their buttons and show the outcome. */
export async function closeButtons({ desk, pool, lane }: OutboxContext): Promise<void> {
  for (const open of await buttonsToClose(pool, desk.desk)) {
    const text = `${open.title}\n${open.text}`;
    const ending = `\n\n→ ${open.outcome}`;
    const outcome = await lane.edit({ chatId: open.chatId, text, ending, buttons: [] }, open.messageId);
    if (outcome.kind === 'sent' || outcome.kind === 'refused')
      await markButtonsClosed(pool, open.id, open.outcome);
  }
}
