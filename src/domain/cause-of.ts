import { messageOf } from './message-of.js';

/** The innermost message of an error chain names the cause; the outer ones only name the plumbing. */
export function causeOf(error: unknown): string {
  let current: unknown = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return messageOf(current);
}
