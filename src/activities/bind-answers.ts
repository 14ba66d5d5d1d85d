/** The counterpart of `src/workflows/interceptors.ts`, installed in every worker that runs activities. */
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
      // An argument without our seal, or an answer passed as an argument, comes from somebody who polls for our
      // workflows' tasks.
      if (input.args.some((argument) => isUnsealed(argument) || isAnswerOf(activityType, argument)))
        throw ApplicationFailure.nonRetryable(
          'these arguments are not from our workflows',
          'ForgedArguments',
        );
      return boundAnswer(activityType, await next(input));
    },
  },
});
