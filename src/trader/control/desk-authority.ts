/** Whose decisions count on this desk. The desk file names the people; the trader verifies each decision itself. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlMethods } from '../../contracts/control.js';
import { settingsApproversNeeded, settingsSource } from '../../desk/desk-settings.js';
import { chatVotesMax, goLiveApprovers } from '../../desk/live-rules.js';
import type { LoadedDesk } from '../../desk/load.js';
import { HOUR_MS } from '../../domain/civil-date.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Decision } from '../../domain/decision.js';
import { percentOfPpm, ppmOfPercent } from '../../domain/money.js';
import { APPROVER, namesWith } from '../../domain/people-roles.js';
import type { RealMoneyRules } from '../../domain/signed-vote.js';
import type { RealMoneyKind } from '../../domain/vote-statement.js';
import type { Engine } from '../../engine/engine.js';
import { settingChanges, settingValues } from '../../engine/settings/setting-specs.js';
import { votesEndedMs } from '../../home/people-folder.js';
import { peoplesKeys } from '../../home/person-keys.js';
import { deskPaths, homePaths, type Runtime, SECRET_FILES } from '../../home/runtime.js';
import { readSecret } from '../../home/secrets.js';
import { VoteCounters } from './vote-counters.js';
import {
  type ArmPermission,
  armAuthority,
  coinsAuthority,
  type GoLivePermission,
  goLiveAuthority,
  SizeVotes,
  settingsAuthority,
  sizeAuthority,
} from './votes.js';

/** Each throws `ControlRefusal` for a decision that does not count. */
export interface DeskAuthority {
  forArming(params: ControlMethods['arm']['params']): ArmPermission;
  /** Passes if an approver decided on exactly those coins that are nobody's now. */
  forCoins(params: ControlMethods['claimCoins']['params']): void;
  /** Whether a person's decision allows exactly this size. */
  forSize(params: ControlMethods['resize']['params']): boolean;
  /** The people whose approvals of exactly this change count. */
  forSettings(params: ControlMethods['reload']['params']): readonly string[];
  /** What exactly these people approved. */
  forGoLive(params: ControlMethods['goLive']['params']): GoLivePermission;
}

interface DeskAuthorityParts {
  readonly home: string;
  /** Address of the desk's page, for votes by passkey. */
  readonly web: Runtime['web'];
  readonly loaded: LoadedDesk;
  readonly engine: Pick<Engine, 'view'>;
  readonly incarnation: string;
  readonly nowMs: () => number;
}

export function deskAuthority({
  home,
  web,
  loaded,
  engine,
  incarnation,
  nowMs,
}: DeskAuthorityParts): DeskAuthority {
  const { desk, configHash } = loaded;
  const approvers = new Set(namesWith(desk.people, APPROVER));
  const counters = new VoteCounters(deskPaths(homePaths(home), desk.desk).voteCounters);
  const sizeVotes = new SizeVotes();
  const votes = (decisions: readonly Decision[]) => ({
    desk: desk.desk,
    decisions,
    counters,
    readKey: () => readDecisionKey(home),
    nowMs: nowMs(),
    endedMs: (person: string) => votesEndedMs(home, person),
  });
  const realMoney = (kind: RealMoneyKind, needed: number): RealMoneyRules | null => {
    if (desk.mode !== 'live') return null;
    return {
      kind,
      inForce: { account: incarnation, configHash: engine.view.configHash },
      ...peoplesKeys(home, web),
      chatVotesMax: chatVotesMax(desk, needed),
    };
  };
  // A decision is enough to resume. Lifting a kill or raising the size needs the person's own signed vote.
  const forArming = (decisions: readonly Decision[]): RealMoneyRules | null => {
    const { halts, sizeFactorPpm } = engine.view;
    if (halts.some(({ cause }) => cause === 'kill')) return realMoney('resume', 2);
    const isLarger = decisions.some(
      ({ sizePct }) => sizePct !== undefined && ppmOfPercent(sizePct) > sizeFactorPpm,
    );
    return isLarger ? realMoney('resume', 1) : null;
  };

  return {
    forArming: ({ haltId, decisions }) =>
      armAuthority({
        ...votes(decisions),
        ...{ haltId, approvers, realMoney: forArming(decisions) },
        inForcePpm: engine.view.sizeFactorPpm,
      }),
    forCoins: ({ symbol, owner, cost, decisions }) => {
      const at = desk.instruments.findIndex((instrument) => instrument.symbol === symbol);
      const lots = engine.view.coins.find(({ instrument }) => instrument === at)?.nobodys ?? 0;
      // If no coins are nobody's, the engine says so itself, whoever asks.
      if (lots === 0) return;
      const nobodys = formatDecimal(lots, desk.instruments[at]?.lotSize ?? '1');
      coinsAuthority({
        ...votes(decisions),
        realMoney: realMoney('coins', 1),
        said: { symbol, owner, cost, nobodys },
        approvers,
      });
    },
    forSize: ({ commandId, sizePct, decisions }) =>
      sizeAuthority({
        ...votes(decisions),
        commandId,
        used: sizeVotes,
        realMoney: realMoney('size', 1),
        fromPct: percentOfPpm(engine.view.sizeFactorPpm),
        toPct: sizePct,
        approvers,
      }),
    forSettings: ({ approvalId, baseVersion, values, decisions }) => {
      const { contracts, settings } = engine.view;
      const { changed, version } = settings;
      const inForce = { ...settingValues(settingsSource(desk, contracts)), ...changed };
      const changes = settingChanges(inForce, values);
      // The change is empty, or was proposed for settings no longer in force: no approval makes a difference.
      if (changes.length === 0 || baseVersion !== version) return [];
      return settingsAuthority({
        ...votes(decisions),
        realMoney: realMoney('settings', settingsApproversNeeded(desk)),
        approvalId,
        proposal: { incarnation, version: baseVersion + 1, changes },
        approvers,
        needed: settingsApproversNeeded(desk),
      });
    },
    forGoLive: ({ proposal, decisions }) =>
      goLiveAuthority({
        ...votes(decisions),
        realMoney: realMoney('go-live', desk.goLive.needed),
        fileConfigHash: configHash,
        proposal,
        approvers: new Set(goLiveApprovers(desk)),
        needed: desk.goLive.needed,
        coolingOffMs: desk.goLive.coolingOffHours * HOUR_MS,
      }),
  };
}

/** Throws if the file is missing, or if anybody but its owner can read or change it. */
function readDecisionKey(home: string): string {
  const key = readSecret(home, 'decisionKey');
  const path = join(homePaths(home).secrets, SECRET_FILES.decisionKey);
  const { mode, uid } = statSync(path);
  if ((mode & 0o077) !== 0 || uid !== (process.getuid?.() ?? uid)) {
    throw new Error(
      `${path} is open to others than its owner; no decision is believed. Run: chmod 600 ${path}`,
    );
  }
  return key;
}
