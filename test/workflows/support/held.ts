/** An activity whose answer waits until a test lets it go: something is under way meanwhile. */

export interface Held {
  /** Resolves once one is waiting. */
  readonly reached: Promise<void>;
  readonly after: (name: string) => Promise<void>;
  release(): void;
}

/** Of the activities with this name, each waits until `release`. */
export function holdActivity(held: string): Held {
  let markReached = (): void => undefined;
  let release = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    markReached = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    reached,
    after: async (name) => {
      if (name !== held) return;
      markReached();
      await released;
    },
    release: () => release(),
  };
}
