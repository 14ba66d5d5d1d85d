/** Operations that wait for people, as a page test needs them: one approval, one incident, settings that ask. */
import type { WebDependencies } from '../../src/api/dependencies.js';
import type { Incident } from '../../src/contracts/incident.js';
import type { Task } from '../../src/contracts/operations-activities.js';
import type { ApprovalShown } from '../../src/contracts/published.js';
import { changesAsked, restOfFile, settingsInForce } from '../../src/desk/desk-settings.js';
import type { VoteRequest } from '../../src/operations/approvals.js';
import type { SettingsRequest } from '../../src/operations/settings/change-settings.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { DESK } from './web-under-test.js';

const NOW_MS = Date.now();

export const APPROVAL: ApprovalShown = {
  id: 'settings:crypto-bot:1:abcd1234',
  desk: DESK,
  kind: 'settings',
  subject: 'settings version 1 of journal k3f9aa',
  title: 'Settings version 1: more room',
  parameters: { 'risk.maxPositionSizePct': '3 → 4' },
  parametersHash: 'ab'.repeat(32),
  lifts: ['Halt since 2026-03-02 10:00 UTC: startup by fermata: the trader was started'],
  needed: 1,
  roles: ['approver'],
  requestedBy: 'otto',
  workflowId: 'settings:crypto-bot:1',
  createdMs: NOW_MS,
  expiresMs: NOW_MS + 86_400_000,
  state: 'open',
  closedMs: null,
  outcome: '',
  votes: [],
};

export const INCIDENT: Incident = {
  desk: DESK,
  workflowId: 'incident:venue-down',
  firstRunId: 'r1',
  id: 'i1',
  fingerprint: 'venue-down',
  kind: 'exchange-down',
  subject: '',
  severity: 'critical',
  title: 'Exchange down',
  detail: 'the exchange has not answered for 30 s',
  state: 'open',
  phase: 'waiting for the exchange',
  openedMs: NOW_MS,
  respondByMs: NOW_MS + 300_000,
  escalations: 0,
  acknowledgedMs: null,
  acknowledgedBy: null,
  resolvedMs: null,
  resolvedBy: null,
  outcome: '',
  simulated: true,
  revision: 1,
};

const TASK: Task = {
  ...{ id: 12, desk: DESK, source: 'incident', state: 'open', createdMs: NOW_MS, dueMs: NOW_MS + 3_600_000 },
  title: 'Restart the gateway by hand',
  detail: 'Restart it as it is set up, and log in to it.',
  ...{ finishedMs: null, doneBy: null, note: null },
};

/** `changed`, `votes`: what was asked for, in order. */
export function scriptedPeople(asked: {
  readonly changed: SettingsRequest[];
  readonly votes: VoteRequest[];
}): Partial<WebDependencies['operations']> {
  const settings = settingsInForce(cryptoDesk(), {});
  const restartOnly = restOfFile(cryptoDesk(), settings);
  /** Open before it can be read, as an incident is whose run has yet to write it down. */
  let reported: { readonly incident: Incident; looksBefore: number } | null = null;
  return {
    listSchedules: async () => [
      {
        ...{ scheduleId: 'crypto-bot-pre-market', routine: 'pre-market', title: 'Pre-market', known: true },
        ...{ paused: false, note: '', clock: 'wall', nextMs: NOW_MS + 60_000, nextMarketMs: NOW_MS + 60_000 },
        ...{ when: 'timed', byTrades: null, last: null, missed: null },
      },
      {
        ...{
          scheduleId: 'crypto-bot-look-around',
          routine: 'look-around',
          title: 'Look around',
          known: true,
        },
        ...{ paused: false, note: '', clock: 'wall', nextMs: null, nextMarketMs: null },
        ...{ when: 'asked', byTrades: null, last: null, missed: null },
      },
      {
        ...{ scheduleId: 'crypto-bot-edge-drift', routine: 'edge-drift', title: 'Edge drift', known: true },
        ...{ paused: false, note: '', clock: 'wall', nextMs: null, nextMarketMs: null },
        ...{ when: 'trades', byTrades: { every: 50, closed: 92, next: 100 }, last: null },
        missed: { nominalMs: NOW_MS - 60_000, reason: 'the desk was off' },
      },
    ],
    listApprovals: async () => [APPROVAL],
    castVote: async (_caller, request) => {
      asked.votes.push(request);
      return { ok: true, detail: 'approved by operator', approvalId: APPROVAL.id };
    },
    openIncident: async (_caller, { title }) => {
      const incident = { ...INCIDENT, id: 'i2', workflowId: 'incident:reported', firstRunId: 'r2', title };
      reported = { incident, looksBefore: 3 };
      return {
        ...{ ok: true, proven: true, detail: `The incident "${title}" is open.`, haltId: null, problems: [] },
        ...{ workflowId: incident.workflowId, incident: incident.id },
      };
    },
    ownKinds: () => [],
    readIncident: async (id) =>
      id === INCIDENT.id
        ? { ...INCIDENT, timeline: [], alerts: [], files: [], tasks: [TASK], contacts: [] }
        : null,
    listIncidents: async () => {
      if (reported === null) return [INCIDENT];
      reported.looksBefore -= 1;
      return reported.looksBefore >= 0 ? [INCIDENT] : [INCIDENT, reported.incident];
    },
    readSettings: async () => ({
      ...{ version: 0, configHash: 'c0ffee', fileConfigHash: 'c0ffee', settings, restartOnly },
      ...{ waiting: [], history: [], problems: [] },
    }),
    changeSettings: async (_caller, request) => {
      asked.changed.push(request);
      return {
        state: 'waiting',
        detail: 'It waits until an approver agrees.',
        ...changesAsked(settings, request.values),
        ...{ version: 0, configHash: 'c0ffee', approvalId: APPROVAL.id, workflowId: null, problems: [] },
      };
    },
  };
}
