/** The control endpoint (`/_simulator/…`, JSON): what people do and what fails. Not part of the protocol. */
import type { Fault } from './faults.js';
import type { Simulation } from './simulation.js';

type Body = Record<string, unknown>;

export const CONTROL_HELP: readonly (readonly [string, string])[] = [
  ['GET  /_simulator', 'bots, chats, messages, updates not confirmed, faults that wait'],
  [
    'POST /_simulator/type',
    '{"user":7,"text":"/status"}: a person writes; "chat":-1001 in a group, "date":seconds, "replyTo":message, "topic":id',
  ],
  ['POST /_simulator/topic', '{"chat":-1001}: somebody opens a topic in the group; the answer has its id'],
  ['POST /_simulator/administer', '{"chat":-1001,"on":true}: the bot is an administrator of the group'],
  ['POST /_simulator/privacy', '{"on":false}: the bot reads everything in its groups'],
  ['POST /_simulator/tap', '{"user":7,"chat":7,"message":12,"label":"Approve"}: a person taps a button'],
  ['POST /_simulator/callback', '{"user":7,"chat":7,"message":12,"data":"…"}: data of a client of one’s own'],
  ['POST /_simulator/block', '{"user":7,"blocked":true}'],
  ['POST /_simulator/away', '{"on":true}: every connection breaks'],
  ['POST /_simulator/fault', '{"method":"sendMessage","times":1,"effect":{"kind":"tooMany","retryAfter":3}}'],
  ['', 'effects: error, tooMany, break, dropAfterAccept, hangAfterAccept, slow'],
  ['POST /_simulator/calm', '{}: no fault waits any more'],
];

export function controlActions(simulation: Simulation): ReadonlyMap<string, (body: Body) => unknown> {
  const place = (body: Body) => ({ chatId: number(body, 'chat'), messageId: number(body, 'message') });
  return new Map<string, (body: Body) => unknown>([
    ['', () => summary(simulation)],
    [
      'type',
      (body) =>
        simulation.type(number(body, 'user'), text(body, 'text'), {
          ...(body.chat === undefined ? {} : { chatId: number(body, 'chat') }),
          ...(body.date === undefined ? {} : { date: number(body, 'date') }),
          ...(body.replyTo === undefined ? {} : { replyTo: number(body, 'replyTo') }),
          ...(body.topic === undefined ? {} : { topic: number(body, 'topic') }),
        }),
    ],
    ['topic', (body) => ({ topic: simulation.openTopic(number(body, 'chat')) })],
    ['tap', (body) => ({ callback: simulation.tap(number(body, 'user'), place(body), text(body, 'label')) })],
    [
      'callback',
      (body) => ({
        callback: simulation.sendCallback(number(body, 'user'), place(body), text(body, 'data')),
      }),
    ],
    ['block', (body) => simulation.block(number(body, 'user'), body.blocked === true)],
    ['administer', (body) => simulation.administer(number(body, 'chat'), body.on === true)],
    [
      'privacy',
      (body) => {
        simulation.bot().readsAllOfGroups = body.on === false;
      },
    ],
    ['away', (body) => simulation.setAway(body.on === true)],
    ['fault', (body) => simulation.faults.add(body as unknown as Fault)],
    ['calm', () => simulation.faults.clear()],
  ]);
}

function summary({ bots, faults, away, requests }: Simulation): object {
  return {
    bots: [...bots.values()].map((bot) => ({
      username: bot.user.username,
      chats: [...bot.chats.values()],
      messages: [...bot.messages.values()],
      unconfirmed: bot.unconfirmed,
      commands: bot.commands,
    })),
    faults: faults.count,
    away,
    requests: requests.length,
  };
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`expected "${name}" as text`);
  return value;
}

function number(body: Body, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new Error(`expected "${name}" as a whole number`);
  return value;
}
