/** Why a venue can't be traded on now. It is up when there are no reasons. */
export interface VenueHealth {
  readonly state: 'up' | 'down';
  /** Each reason once, oldest first, however many causes share it; empty while up. */
  readonly reasons: readonly string[];
  against(cause: string, detail: string): void;
  resolved(cause: string): void;
  /**
   * Something was missed: goes down and up again, so that the engine reconciles. Does nothing while already
   * down.
   */
  missed(detail: string): void;
}

export function createVenueHealth(
  emit: (state: 'up' | 'down', detail: string) => void,
  firstCauses: Readonly<Record<string, string>>,
): VenueHealth {
  const causes = new Map(Object.entries(firstCauses));
  return {
    get state() {
      return causes.size === 0 ? 'up' : 'down';
    },
    get reasons() {
      return [...new Set(causes.values())];
    },
    against(cause, detail) {
      const wasUp = causes.size === 0;
      causes.set(cause, detail);
      if (wasUp) emit('down', detail);
    },
    resolved(cause) {
      if (!causes.delete(cause) || causes.size > 0) return;
      emit('up', 'connected; everything since the last reading is read again');
    },
    missed(detail) {
      if (causes.size > 0) return;
      emit('down', detail);
      emit('up', detail);
    },
  };
}
