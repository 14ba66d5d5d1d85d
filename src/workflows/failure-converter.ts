/** Puts a failure's message and stack trace where the codec reaches them; they would travel in plain text otherwise. */
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
