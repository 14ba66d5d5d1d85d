/** Puts an approved go-live into force; its first step also arms the desk. */
import { counted } from '../../domain/figure-text.js';
import { type GoLiveGrant, PERMISSION_ENDED } from '../../domain/go-live-terms.js';
import { type Core, commit } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { raiseHalt } from '../halts.js';
import { bringIntoForce } from '../settings/apply-settings.js';
import { arm, armingRefusal } from './arm.js';
import { done, refused } from './outcome.js';

type GoLive = Extract<Command, { readonly name: 'goLive' }>;

/** All or nothing: if the desk can't be armed, no permission is granted. */
export function goLive(core: Core, command: GoLive, event: CommandEvent): CommandOutcome {
  const { grant } = command;
  const refusal =
    unfit(core, grant) ?? (grant.step === 0 ? notArmable(core, command) : noNextStep(core, grant));
  if (refusal !== null) return refusal;
  const { by, reason } = event;
  commit(core, { type: 'golive.granted', grant, by, reason, marketMs: core.marketMs });
  bringIntoForce(core, core.state.settings.changed);
  const { maxPositionSizePct, maxConcurrentPositions } = grant.size;
  const size = `${maxPositionSizePct} % a position, ${counted(maxConcurrentPositions, 'position')}`;
  if (grant.step > 0) return done(core, `size step ${grant.step}: ${size}`);
  const armed = arm(core, armOf(command), event, { goLive: true });
  if (!armed.ok) return armed;
  // Arming may have found a loss limit that was passed while the desk was halted.
  return core.state.mode === 'ACTIVE'
    ? done(core, `live: the desk is ACTIVE with ${size}`)
    : done(core, `live with ${size}; ${armed.detail}`);
}

function armOf({ grant, authority }: GoLive): Parameters<typeof arm>[1] {
  return { name: 'arm', haltId: grant.haltId ?? '', configHash: grant.configHash, authority };
}

function unfit(core: Core, grant: GoLiveGrant): CommandOutcome | null {
  const { config, base } = core;
  const again = 'look at the desk as it is now and ask for a new go-live';
  if (config.goLiveRequired !== true) return refused('not-live', 'this desk trades paper money', again);
  if (grant.incarnation !== config.incarnation)
    return refused('other-journal', 'it was decided for another journal of this desk', again);
  if (grant.fileConfigHash !== base.configHash || grant.configHash !== config.configHash)
    return refused('config-changed', 'it was decided for another configuration', again);
  const { risk } = base;
  const tooLarge =
    grant.size.maxPositionSizePct > risk.maxPositionSizePct ||
    grant.size.maxConcurrentPositions > risk.maxConcurrentPositions;
  return tooLarge ? refused('too-large', 'the size is above the limits of the desk file', again) : null;
}

function notArmable(core: Core, command: GoLive): CommandOutcome | null {
  return armingRefusal(core, armOf(command));
}

/** The size grows step by step, within the go-live in force. Repeating a step changes nothing. */
function noNextStep(core: Core, grant: GoLiveGrant): CommandOutcome | null {
  const current = core.state.goLive;
  const doThis = 'go live first; raise the size step by step';
  if (current === null) return refused('go-live-required', 'the desk is not live', doThis);
  if (current.release !== grant.release || current.attempt !== grant.attempt)
    return refused('other-go-live', 'another go-live is in force', doThis);
  if (grant.haltId !== null) return refused('bad-grant', 'a size step arms nothing', doThis);
  if (core.state.mode !== 'ACTIVE')
    return refused('not-active', 'sizes are not raised while the desk is halted', 'resume trading first');
  if (grant.step === current.step) return done(core, `size step ${grant.step} is in force already`);
  return grant.step === current.step + 1
    ? null
    : refused('wrong-step', `step ${current.step} is in force, ${grant.step} was asked for`, doThis);
}

/** Always allowed: revoking the permission makes the desk safer. */
export function revokeGoLive(core: Core, event: CommandEvent): CommandOutcome {
  voidGoLive(core, event.by, event.reason);
  return done(core, 'stopped; trading with real money needs a new go-live, positions keep their stops');
}

/** Ends the permission. Trading with real money stops until people decide again. */
export function voidGoLive(core: Core, by: string, reason: string): void {
  if (core.state.goLive !== null)
    commit(core, { type: 'golive.voided', by, reason, marketMs: core.marketMs });
  raiseHalt(core, {
    mode: 'HALTED',
    cause: 'check-failed',
    by,
    reason: `${PERMISSION_ENDED}${reason}`,
    resume: 'person',
  });
}
