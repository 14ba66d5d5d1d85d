import { messageOf } from './message-of.js';

/** The last sentence of an error chain is the one with the cause; the outer ones only name the plumbing. */
export function causeOf(error: unknown): string {
  let current: unknown = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return messageOf(current);
}
