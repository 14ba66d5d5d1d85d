/** Every kind of button. A new one is a file and a line here. */
import { acknowledgeTap } from './acknowledge.js';
import { confirmTap } from './confirm.js';
import type { TapHandler } from './tap.js';
import { voteTap } from './vote.js';

export const TAP_HANDLERS: readonly TapHandler[] = [acknowledgeTap, confirmTap, voteTap];
