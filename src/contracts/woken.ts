/** What people are woken for. Each has its section in docs/WOKEN.md, by the same name, and each message about it links there. */
import type { HaltCause } from '../domain/mode.js';
import type { IncidentKind } from './incident.js';

export type WokenTopic =
  | HaltCause
  | IncidentKind
  | 'alarm'
  | 'undecided'
  | 'routine-failed'
  | 'forged-row'
  | 'stuck-run'
  | 'earlier-build'
  | 'abandoned'
  | 'unwatched-go-live'
  | 'watched-on';
