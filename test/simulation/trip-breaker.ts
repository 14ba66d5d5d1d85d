import type { Message } from './faulty-venue.js';
import type { Random } from './random.js';
import type { VirtualTime } from './virtual-time.js';

/** The adapter's breaker opens, tries one request, and closes or opens again. */
export function tripBreaker(time: VirtualTime, random: Random, post: (message: Message) => void): void {
  post({ kind: 'venue.breaker', state: 'open', detail: 'too many errors' });
  time.after(random.whole(500, 8_000), () => {
    post({ kind: 'venue.breaker', state: 'halfOpen', detail: 'one request tries' });
  });
  time.after(random.whole(8_001, 12_000), () => {
    post({ kind: 'venue.breaker', state: 'closed', detail: 'it answers' });
  });
}
