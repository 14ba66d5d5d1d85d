import { MAY_STOP, whyStaysKilled } from '../../domain/roles.js';
import { answer, missingRole } from '../bot-context.js';
import { confirmButtons } from '../taps.js';
import type { ChatCommand } from './command.js';
import { positionLines } from './status.js';

export const closeAllCommand: ChatCommand = {
  name: 'closeall',
  description: 'halt trading and close all positions at market (asks first)',
  help: '/closeall: stop and close every position (asks first)',
  run: async (context, person, { chatId }) => {
    const refusal = missingRole(person, MAY_STOP);
    if (refusal !== null) {
      await answer(context, chatId, refusal);
      return;
    }
    const status = await context.operations.readStatus().catch(() => null);
    const staysKilled = whyStaysKilled(context.desk.people);
    const lines =
      status === null
        ? ['The trader does not answer: what is open is not known. The command is sent all the same.']
        : [
            `Open: ${status.openPositions}, orders: ${status.openOrders}.`,
            ...status.positions.slice(0, 20).flatMap((one) => positionLines(one, status.currency)),
          ];
    await answer(
      context,
      chatId,
      [
        `Close ALL positions of ${context.desk.desk} at market (${status?.trading ?? 'unknown'})?`,
        ...lines,
        ...(staysKilled === null ? [] : [staysKilled]),
      ].join('\n'),
      [
        ...confirmButtons('closeall', '-', context.nowMs(), 'Close all'),
        ...confirmButtons('kill', '-', context.nowMs(), 'Close all, two people to resume').slice(0, 1),
      ],
    );
  },
};
