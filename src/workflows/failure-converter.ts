/**
 * Moves a failure's message and stack trace to where the codec encrypts them; otherwise they would travel in plain
 * text. A reader without our key finds a sentence in their place that reveals nothing.
 */
import { DefaultFailureConverter, type ProtoFailure } from '@temporalio/common';

class SealedFailures extends DefaultFailureConverter {
  override errorToFailure(...given: Parameters<DefaultFailureConverter['errorToFailure']>): ProtoFailure {
    const failure = super.errorToFailure(...given);
    failure.message = `${kindOf(failure)}. Why is sealed: open this run by its link in Fermata, and sign in there.`;
    return failure;
  }
}

/** Kind, type and name are not encrypted anyway. */
function kindOf(failure: ProtoFailure): string {
  const { activityFailureInfo: activity, applicationFailureInfo: application } = failure;
  if (activity) return `The activity ${activity.activityType?.name ?? ''} failed`;
  if (failure.childWorkflowExecutionFailureInfo) return 'A run that it started failed';
  if (failure.timeoutFailureInfo) return 'It took too long';
  if (failure.canceledFailureInfo) return 'It was cancelled';
  if (failure.terminatedFailureInfo) return 'It was terminated';
  return application?.type ? `It failed: ${application.type}` : 'It failed';
}

export const failureConverter = new SealedFailures({ encodeCommonAttributes: true });
