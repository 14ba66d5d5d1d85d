/** What people are woken for. Each has its section in docs/WOKEN.md, by the same name, and each message about it links there. */

import { isShippedKind, type ShippedKind } from '../desk/incident-schema.js';
import type { HaltCause } from '../domain/mode.js';

export type WokenTopic =
  | HaltCause
  | ShippedKind
  | 'own-incident'
  | 'alarm'
  | 'undecided'
  | 'routine-failed'
  | 'forged-row'
  | 'stuck-run'
  | 'earlier-build'
  | 'abandoned'
  | 'unwatched-go-live'
  | 'watched-on';

export const topicOfIncident = (kind: string): WokenTopic => (isShippedKind(kind) ? kind : 'own-incident');
