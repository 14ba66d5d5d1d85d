/** Notices when those who watch the trader are gone themselves. */

const LOOK_EVERY_MS = 1000;

/** If this process itself stood still for so long, the silence was ours. */
const OWN_GAP_MAX_MS = 5000;

export interface OperationsWatch {
  heard(): void;
  close(): void;
}

/**
 * Calls `onSilent` once the operations side has not been heard for `silentMaxMs`, counted from the start, and again
 * after each further such time: whoever arms meanwhile must not stay unguarded.
 */
export function watchOperations(
  silentMaxMs: number,
  monotonicMs: () => number,
  onSilent: () => void,
): OperationsWatch {
  let heardMs = monotonicMs();
  let lookedMs = heardMs;
  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    if (nowMs - lookedMs > OWN_GAP_MAX_MS) heardMs = nowMs;
    lookedMs = nowMs;
    if (nowMs - heardMs < silentMaxMs) return;
    heardMs = nowMs;
    onSilent();
  }, LOOK_EVERY_MS);
  return {
    heard: () => {
      heardMs = monotonicMs();
    },
    close: () => clearInterval(timer),
  };
}

/** Calls `onLost` when the channel to the supervisor that started this process closes. */
export function watchSupervisor(onLost: () => void): { close(): void } {
  process.on('disconnect', onLost);
  return { close: () => process.removeListener('disconnect', onLost) };
}
