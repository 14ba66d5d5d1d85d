/** Buttons of approvals, as people see and tap them. */
import type { Message } from '../../../simulators/telegram/wire.js';
import { eventually } from '../../support/eventually.js';
import type { ApprovalBench, Asked } from './approval-bench.js';

/** The message with the buttons of this approval. */
export function shown(bench: ApprovalBench, user: number, asked: Asked): Promise<Message> {
  return eventually(() => {
    const found = bench
      .sent(user)
      .find(({ text, reply_markup: markup }) => text.includes(asked.request.id) && markup !== undefined);
    if (!found) throw new Error('no buttons yet');
    return found;
  });
}

export async function tap(bench: ApprovalBench, user: number, asked: Asked, label: string): Promise<string> {
  const message = await shown(bench, user, asked);
  return bench.simulator.simulation.tap(user, { chatId: user, messageId: message.message_id }, label);
}

/** What the person who tapped is told. */
export function note(bench: ApprovalBench, callback: string): Promise<string> {
  return eventually(() => {
    const said = bench.simulator.simulation.bot().callbacks.get(callback)?.answer;
    if (said === null || said === undefined) throw new Error('not answered yet');
    return said;
  });
}
