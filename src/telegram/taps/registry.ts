/** Every kind of button. A new one is a file and a line. */
import { confirmTap } from './confirm.js';
import type { TapHandler } from './tap.js';
import { voteTap } from './vote.js';

export const TAP_HANDLERS: readonly TapHandler[] = [confirmTap, voteTap];
