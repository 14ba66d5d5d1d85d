/**
 * The topics that people are woken for. Each has a section of the same name in docs/WOKEN.md, to which each message
 * about it links.
 */

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
  | 'watched-on'
  | 'contract-ends';

export const topicOfIncident = (kind: string): WokenTopic => (isShippedKind(kind) ? kind : 'own-incident');
