/** Whose decisions count on this desk: the desk file says who, the trader looks at each decision itself. */
import { settingsApproversNeeded, settingsSource } from '../../desk/desk-settings.js';
import { goLiveApprovers } from '../../desk/go-live-people.js';
import type { LoadedDesk } from '../../desk/load.js';
import { percentOfPpm } from '../../domain/money.js';
import { APPROVER, namesWith } from '../../domain/roles.js';
import type { Engine } from '../../engine/engine.js';
import { settingChanges, settingValues } from '../../engine/settings/setting-specs.js';
import type { ControlMethods, Decision } from '../protocol.js';
import { type ArmPermission, armAuthority } from './arm-authority.js';
import { readDecisionKey } from './decision-key.js';
import { type GoLivePermission, goLiveAuthority } from './go-live-authority.js';
import { settingsAuthority } from './settings-authority.js';
import { sizeAuthority } from './size-authority.js';

const HOUR_MS = 3_600_000;

/** Each throws `ControlRefusal` for a decision that does not count. */
export interface DeskAuthority {
  forArming(params: ControlMethods['arm']['params']): ArmPermission;
  /** Whether a person's decision allows exactly this size. */
  forSize(params: ControlMethods['resize']['params']): boolean;
  /** Whose approvals count for exactly this change. */
  forSettings(params: ControlMethods['reload']['params']): readonly string[];
  /** What exactly these people approved. */
  forGoLive(params: ControlMethods['goLive']['params']): GoLivePermission;
}

export interface DeskAuthorityParts {
  readonly home: string;
  readonly loaded: LoadedDesk;
  readonly engine: Pick<Engine, 'view'>;
  readonly incarnation: string;
  readonly nowMs: () => number;
}

export function deskAuthority({
  home,
  loaded,
  engine,
  incarnation,
  nowMs,
}: DeskAuthorityParts): DeskAuthority {
  const { desk, configHash } = loaded;
  const approvers = new Set(namesWith(desk.people, APPROVER));
  const votes = (decisions: readonly Decision[]) => ({
    desk: desk.desk,
    decisions,
    readKey: () => readDecisionKey(home),
    nowMs: nowMs(),
  });

  return {
    forArming: ({ haltId, decisions }) => armAuthority({ ...votes(decisions), haltId, approvers }),
    forSize: ({ sizePct, decisions }) =>
      sizeAuthority({
        ...votes(decisions),
        fromPct: percentOfPpm(engine.view.sizeFactorPpm),
        toPct: sizePct,
        approvers,
      }),
    forSettings: ({ approvalId, baseVersion, values, decisions }) => {
      const { changed, version } = engine.view.settings;
      const inForce = { ...settingValues(settingsSource(desk)), ...changed };
      const changes = settingChanges(inForce, values);
      // Made for other settings than those in force: the engine refuses it, whoever approved.
      if (changes.length === 0 || baseVersion !== version) return [];
      return settingsAuthority({
        ...votes(decisions),
        approvalId,
        proposal: { incarnation, version: baseVersion + 1, changes },
        approvers,
        needed: settingsApproversNeeded(desk),
      });
    },
    forGoLive: ({ proposal, decisions }) =>
      goLiveAuthority({
        ...votes(decisions),
        fileConfigHash: configHash,
        proposal,
        approvers: new Set(goLiveApprovers(desk)),
        needed: desk.goLive.needed,
        coolingOffMs: desk.goLive.coolingOffHours * HOUR_MS,
      }),
  };
}
