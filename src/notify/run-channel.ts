/** What the roles of all channels do alike: set up a channel at the start, and repeat its tasks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import { type Channel, keepChannelHealth } from '../home/channel-health.js';

interface ChannelPlace {
  readonly home: string;
  readonly desk: string;
  readonly channel: Channel;
  /** For the beginning of a log line, or within one. */
  readonly named: string;
  readonly log: (level: 'info' | 'error', text: string) => void;
}

/**
 * Null if `read` finds no settings, for the reason that `whyOff` gives, or if it throws. Either is logged, recorded
 * as the channel's health, and goes no further: the rest of the process runs without the channel.
 */
export function setUpOrSaidWhy<T>(
  { home, desk, channel, named, log }: ChannelPlace,
  read: () => T | null,
  whyOff: () => string,
): T | null {
  const say = (state: 'off' | 'silent', why: string): void => {
    const health = { channel, state, sinceMs: Date.now(), why, waiting: 0, refused: 0 };
    try {
      keepChannelHealth(home, desk, health, Date.now());
    } catch (error) {
      // A full disk must not end the process.
      log('error', `the state of ${named} could not be kept: ${messageOf(error)}`);
    }
  };
  try {
    const found = read();
    if (found !== null) return found;
    const why = whyOff();
    log('info', why);
    say('off', why);
  } catch (error) {
    log('error', `${named} is off: ${messageOf(error)}`);
    say('silent', messageOf(error));
  }
  return null;
}

const FAILED_PAUSE_MS = 1_000;

export interface KeptTask {
  /** Waits for the run in progress. */
  stop(): Promise<void>;
}

/**
 * Repeats one task for ever, one run after the other; a failure is logged once and retried. `task` resolves with the
 * pause before its next run, in milliseconds.
 */
export function keepDoing(
  name: string,
  log: (level: 'info' | 'warn' | 'error', text: string) => void,
  task: (stopping: AbortSignal) => Promise<number>,
): KeptTask {
  const stopping = new AbortController();
  const running = (async () => {
    let lastFailure: string | null = null;
    while (!stopping.signal.aborted) {
      let pauseMs = FAILED_PAUSE_MS;
      try {
        pauseMs = await task(stopping.signal);
        if (lastFailure !== null) log('info', `${name}: works again`);
        lastFailure = null;
      } catch (error) {
        const failure = messageOf(error);
        if (failure !== lastFailure && !stopping.signal.aborted) log('warn', `${name}: ${failure}`);
        lastFailure = failure;
      }
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
