/** The buttons Approve, Reject and Details below an approval. */
import { moment } from '../../domain/moment.js';
import { approvalText, parseVoteButton } from '../../notify/approval-notice.js';
import { findApproval, readVotes } from '../../store/approvals.js';
import { answer } from '../answer.js';
import type { BotContext } from '../bot-context.js';
import type { TapHandler } from './tap.js';

const NOTE_LENGTH_MAX = 190;

export const voteTap: TapHandler = {
  prefix: 'v',
  run: async (context, person, tap) => {
    const button = parseVoteButton(tap.data);
    if (button === null) {
      await tap.note('This button is not known here.');
      return;
    }
    if (button.tap === 'details') {
      await tap.note('');
      await answer(context, tap.chatId, await details(context, button.token));
      return;
    }
    const result = await context.operations.castVote(
      { person: person.name, via: 'telegram' },
      {
        approval: button.token,
        choice: button.tap,
        parametersHash: button.hashStart,
        reason: `${button.tap} on Telegram`,
      },
    );
    await tap.note(`${result.ok ? '✅' : '❌'} ${result.detail}`.slice(0, NOTE_LENGTH_MAX));
    if (!result.ok) await answer(context, tap.chatId, `${person.name}: ${result.detail}`);
  },
};

async function details({ pool, desk }: BotContext, token: string): Promise<string> {
  const approval = await findApproval(pool, desk.desk, token);
  if (approval === null) return 'There is no such approval any more.';
  const votes = (await readVotes(pool, [approval.id])).get(approval.id) ?? [];
  return [
    approval.title,
    `${approval.kind}: ${approval.subject}`,
    approvalText(approval),
    `State: ${approval.state}${approval.outcome === '' ? '' : ` (${approval.outcome})`}`,
    ...votes.map(({ person, choice, via, votedMs }) => `${person}: ${choice} (${via}, ${moment(votedMs)})`),
    `Parameters ${approval.parametersHash}`,
  ].join('\n');
}
