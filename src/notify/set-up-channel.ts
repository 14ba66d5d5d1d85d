/** What a channel is set up with, as its role finds it at the start. */
import { messageOf } from '../domain/message-of.js';
import { type Channel, keepChannelHealth } from '../home/channel-health.js';

interface ChannelPlace {
  readonly home: string;
  readonly desk: string;
  readonly channel: Channel;
  /** At the beginning of a line of the log, or within one. */
  readonly named: string;
  readonly log: (level: 'info' | 'error', text: string) => void;
}

/**
 * Null where `read` finds none, for the reason that `whyOff` gives, and where it throws. Either is logged, kept for the
 * channel's lamp, and goes no further: what else is in the process works without it.
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
      // A disk that takes nothing ends no dashboard.
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
