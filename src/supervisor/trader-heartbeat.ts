/** A trader whose socket doesn't answer for ten seconds is killed; it comes back HALTED. */
import type { Mode } from '../domain/mode.js';
import { askSocket, SocketRefusal } from '../home/local-socket.js';
import type { ManagedProcess } from './managed-process.js';

const EVERY_MS = 2_000;
const SILENT_MAX_MS = 10_000;
/** If this loop itself was suspended (the machine slept), the silence was ours. */
const OWN_GAP_MAX_MS = 4 * EVERY_MS;

export interface TraderHeartbeat {
  close(): void;
}

interface HeartbeatOptions {
  readonly socketPath: string;
  /** The running trader; null while it is being restarted. */
  readonly trader: () => ManagedProcess | null;
  readonly onSilent: (silentMs: number) => void;
  /** The mode changed; a trader begins HALTED. `again`: it was in this mode before. */
  readonly onMode: (mode: Mode, again: boolean) => void;
}

export function watchTrader(options: HeartbeatOptions): TraderHeartbeat {
  let watched: ManagedProcess | null = null;
  let lastAnswerMs = performance.now();
  let lastTurnMs = performance.now();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  let mode: Mode = 'HALTED';
  const seen = new Set<Mode>();
  const follow = (now: Mode): void => {
    if (now === mode || closed) return;
    mode = now;
    options.onMode(now, seen.has(now));
    seen.add(now);
  };

  const turn = async (): Promise<void> => {
    const now = performance.now();
    const trader = options.trader();
    if (trader !== watched || now - lastTurnMs > OWN_GAP_MAX_MS) lastAnswerMs = now;
    if (trader !== watched) mode = 'HALTED';
    watched = trader;
    lastTurnMs = now;
    if (trader !== null) {
      const answer = await answerOf(options.socketPath);
      if (answer !== null) lastAnswerMs = performance.now();
      if (answer !== null && answer !== 'refused') follow(answer);
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

/** Null: no answer. A refusal is an answer, too. */
async function answerOf(socketPath: string): Promise<Mode | 'refused' | null> {
  try {
    const answer = await askSocket(socketPath, 'heartbeat', { from: 'supervisor' }, EVERY_MS);
    return (answer as { readonly mode: Mode }).mode;
  } catch (error) {
    return error instanceof SocketRefusal ? 'refused' : null;
  }
}
