/** The message of a thrown value, which may be anything. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The innermost message of an error chain names the cause; the outer ones only name the plumbing. */
export const causeOf = (error: unknown): string => messageOf(innermost(error));

/** Whether a failure of this name, as an activity throws it, is the cause of an error. */
export function isCausedBy(error: unknown, name: string): boolean {
  const cause = innermost(error);
  return cause instanceof Error && 'type' in cause && cause.type === name;
}

function innermost(error: unknown): unknown {
  let current: unknown = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current;
}
