/** The other side of `src/workflows/bound-answers.ts`, for every worker that carries activities out. */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { boundAnswer, isAnswerOf, isBoundActivityId } from '../domain/bound-answer.js';
import { isUnsealed } from '../domain/unsealed.js';

export const bindAnswers = ({ info }: Context): ActivityInterceptors => ({
  inbound: {
    execute: async (input, next) => {
      const { activityId, activityType } = info;
      if (!isBoundActivityId(activityId)) return next(input);
      // Without our seal, or an answer as an argument: put there by somebody who polls for workflows.
      if (input.args.some((argument) => isUnsealed(argument) || isAnswerOf(activityType, argument)))
        throw ApplicationFailure.nonRetryable(
          'these arguments are not from our workflows',
          'ForgedArguments',
        );
      return boundAnswer(activityType, await next(input));
    },
  },
});
