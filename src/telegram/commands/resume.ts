import { APPROVER } from '../../domain/roles.js';
import { answer } from '../answer.js';
import { missingRole } from '../bot-context.js';
import { confirmButtons } from '../taps/confirm-button.js';
import type { ChatCommand } from './command.js';

export const resumeCommand: ChatCommand = {
  name: 'resume',
  description: 'check everything again and trade (asks first)',
  run: async (context, person, { chatId }) => {
    const refusal = missingRole(person, APPROVER);
    if (refusal !== null) {
      await answer(context, chatId, refusal);
      return;
    }
    const status = await context.operations.readStatus().catch(() => null);
    if (status === null || status.haltId === null) {
      const why = status === null ? 'The trader does not answer.' : `The desk is ${status.mode} already.`;
      await answer(context, chatId, `${why} Nothing was changed.`);
      return;
    }
    const text = [
      `Trade again on ${status.desk} (${status.trading})?`,
      ...status.halts.map(({ cause, by, reason }) => `Halt: ${cause} by ${by}: ${reason}`),
      `Halt id ${status.haltId}`,
      `Equity ${status.equity} ${status.currency}, drawdown ${status.drawdownPct} %, open positions ${status.openPositions}`,
      'Every check runs again first.',
    ];
    await answer(
      context,
      chatId,
      text.join('\n'),
      confirmButtons('resume', status.haltId, context.nowMs(), 'Resume'),
    );
  },
};
