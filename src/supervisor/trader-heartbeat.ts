/** A trader that does not answer its socket for ten seconds is killed; it comes back HALTED. */
import { askSocket, SocketRefusal } from '../home/ask-socket.js';
import type { ManagedProcess } from './managed-process.js';

const EVERY_MS = 2_000;
const SILENT_MAX_MS = 10_000;
/** If this loop itself stood still (the machine slept), the silence was ours. */
const OWN_GAP_MAX_MS = 4 * EVERY_MS;

export interface TraderHeartbeat {
  close(): void;
}

export interface HeartbeatOptions {
  readonly socketPath: string;
  /** The trader that runs now; null while it is being restarted. */
  readonly trader: () => ManagedProcess | null;
  readonly onSilent: (silentMs: number) => void;
}

export function watchTrader(options: HeartbeatOptions): TraderHeartbeat {
  let watched: ManagedProcess | null = null;
  let lastAnswerMs = performance.now();
  let lastTurnMs = performance.now();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const turn = async (): Promise<void> => {
    const now = performance.now();
    const trader = options.trader();
    if (trader !== watched || now - lastTurnMs > OWN_GAP_MAX_MS) lastAnswerMs = now;
    watched = trader;
    lastTurnMs = now;
    if (trader !== null) {
      if (await answers(options.socketPath)) lastAnswerMs = performance.now();
      lastTurnMs = performance.now();
      const silentMs = lastTurnMs - lastAnswerMs;
      if (silentMs >= SILENT_MAX_MS && options.trader() === trader && !closed) {
        options.onSilent(Math.round(silentMs));
        trader.signal('SIGKILL');
      }
    }
    if (!closed) timer = setTimeout(() => void turn(), EVERY_MS);
  };
  timer = setTimeout(() => void turn(), EVERY_MS);
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function answers(socketPath: string): Promise<boolean> {
  try {
    await askSocket(socketPath, 'heartbeat', { from: 'supervisor' }, EVERY_MS);
    return true;
  } catch (error) {
    // A refusal is an answer too.
    return error instanceof SocketRefusal;
  }
}
