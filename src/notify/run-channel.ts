/** What every channel's role does alike at the start: sets up its channel, or says why there is none. */
import { messageOf } from '../domain/message-of.js';
import { type Channel, keepChannelHealth } from '../home/channel-health.js';

interface ChannelPlace {
  readonly home: string;
  readonly desk: string;
  readonly channel: Channel;
  /** For use at the beginning of a log line, or within one. */
  readonly named: string;
  readonly log: (level: 'info' | 'error', text: string) => void;
}

/**
 * Null if `read` finds no settings (`whyOff` says why) or throws. Either is logged and recorded as the
 * channel's health, and goes no further: the rest of the process runs without the channel.
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
