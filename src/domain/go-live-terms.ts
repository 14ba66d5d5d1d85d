/** A go-live as people agree to it: requested, signed and checked in the same words. */
import type { ApprovalTerms } from './decision.js';
import { type Halt, haltWords, type Mode } from './mode.js';

/** How much may be at stake. The desk file's own limits apply as well. */
export interface SizePlan {
  /** Percent of equity. */
  readonly maxPositionSizePct: number;
  readonly maxConcurrentPositions: number;
}

export interface GoLiveProposal {
  /** The desk that goes live. Left out by runs that began before ids named it. */
  readonly desk?: string | undefined;
  /** Product version and configuration: changing either makes another release. */
  readonly release: string;
  readonly attempt: number;
  /** 0: the first arming with real money. Each later step raises the size. */
  readonly step: number;
  /** How often this size was asked for before, and not granted: votes count for one question. Left out: never. */
  readonly again?: number | undefined;
  /** Incarnation of the trader's journal: a restored journal gets a new one. */
  readonly incarnation: string;
  /** Hash of desk file and settings together, as they were when people were asked. */
  readonly configHash: string;
  /** The halt that this step lifts. Null: a later step, which arms nothing. */
  readonly haltId: string | null;
  readonly size: SizePlan;
}

/** The permission that the trader holds until the configuration, the journal or a person ends it. */
export interface GoLiveGrant extends Omit<GoLiveProposal, 'desk' | 'again'> {
  /** Hash of the desk file alone: settings that only tighten leave the permission in force. */
  readonly fileConfigHash: string;
  readonly approvedBy: readonly string[];
}

/** A permission that ended, and why. */
export interface GoLiveEnded extends Pick<GoLiveProposal, 'release' | 'attempt'> {
  /**
   * A person, `operations` where nobody watched it any more, or `fermata`: a start that found another desk file or
   * journal.
   */
  readonly by: string;
  readonly reason: string;
}

export const whyGoLiveEnded = ({ by, reason }: GoLiveEnded): string =>
  by === 'fermata' ? reason : `${reason} (${by})`;

/** Why this attempt's permission is not in force. A trader of an earlier version says only why the desk is halted. */
export function whyNotGranted(
  { ended, reason }: { readonly ended?: GoLiveEnded | null; readonly reason: string },
  { release, attempt }: Pick<GoLiveProposal, 'release' | 'attempt'>,
): string {
  if (ended === undefined) return reason;
  const isThis = ended?.release === release && ended.attempt === attempt;
  return isThis ? whyGoLiveEnded(ended) : 'the trader has no such permission';
}

/** How the halt begins that a permission's end raises. A person may take one back before it is given. */
export const PERMISSION_ENDED = 'the go-live ended: ';
const ASK_ANEW = 'fermata go-live asks anew, about the desk as it is now';
export const OTHER_JOURNAL = `the desk's journal was begun anew after people were asked, and no vote from before counts for that. ${ASK_ANEW}`;

/**
 * Why the trader would refuse the first arming that people were asked about, whatever they agree on. Null: the desk is
 * as it was then.
 */
export function overSince(
  asked: Pick<GoLiveProposal, 'configHash' | 'haltId'>,
  now: Pick<GoLiveProposal, 'configHash' | 'haltId'> & { readonly mode: Mode; readonly reason: string },
): string | null {
  if (now.haltId !== asked.haltId && now.reason.startsWith(PERMISSION_ENDED))
    return `the permission was taken back: ${now.reason.slice(PERMISSION_ENDED.length)}`;
  if (now.haltId !== asked.haltId)
    return `the desk was halted again after people were asked (${now.mode}: ${now.reason}), and no vote from before counts for that. Once that is put right: ${ASK_ANEW}`;
  if (now.configHash !== asked.configHash)
    return `the settings were changed after people were asked, and no vote from before counts for them. ${ASK_ANEW}`;
  return null;
}

const COPIED = 'this home was copied, or moved to another disk, from ';

/** Two homes with one account would trade against each other. Why a desk is halted that finds itself to be the second. */
export const copiedHome = (from: string): string =>
  `${COPIED}${from}. The desk there may still trade this account: make sure that it has ended for good (there: fermata go-live --revoke, fermata down). Real money takes another go-live here (fermata go-live)`;

/** Of the halts in force, the one of a home that was copied: in words. Halts of earlier builds have only these. */
export function copiedHomeIn(halts: readonly Pick<Halt, 'reason' | 'copiedFrom'>[]): string | null {
  const from = halts.find(({ copiedFrom }) => copiedFrom !== undefined)?.copiedFrom;
  if (from !== undefined) return copiedHome(from);
  return halts.find(({ reason }) => reason.startsWith(COPIED))?.reason ?? null;
}

/** Real money is traded, and nothing permits it. */
export const lacksGoLive = (status: {
  readonly required: boolean;
  readonly granted: GoLiveGrant | null;
}): boolean => status.required && status.granted === null;

export const GO_LIVE_APPROVAL = 'go-live';

const CONFIG_DIGITS = 8;
const HALT_DIGITS = 8;

export function releaseOf(productVersion: string, configHash: string): string {
  return `${productVersion}-${configHash.slice(0, CONFIG_DIGITS)}`;
}

export function goLiveId(desk: string, release: string, attempt: number): string {
  return `golive:${desk}:${release}:${attempt}`;
}

/** The id of a question that has been asked before. */
export const askedAgain = (id: string, again: number | ''): string => `${id}:again-${again}`;

/** A new halt between two questions makes the second one a different question. */
export function goLiveApprovalId({
  desk,
  release,
  attempt,
  step,
  again,
  haltId,
}: Pick<GoLiveProposal, 'desk' | 'release' | 'attempt' | 'step' | 'again' | 'haltId'>): string {
  const id = desk === undefined ? `golive:${release}:${attempt}` : goLiveId(desk, release, attempt);
  const start = again === undefined ? `${id}:${step}` : askedAgain(`${id}:${step}`, again);
  return haltId === null ? start : `${start}:${haltId.slice(0, HALT_DIGITS)}`;
}

/**
 * The halts that an approval lifts, in words: what is signed names the newest one only by its id. None if it lifts none, or if
 * the desk has been halted again.
 */
export const haltsLifted = (
  { kind, parameters }: Pick<ApprovalTerms, 'kind' | 'parameters'>,
  { haltId, halts }: { readonly haltId: string | null; readonly halts: readonly Halt[] },
): string[] => (kind === GO_LIVE_APPROVAL && parameters.halt === haltId ? halts.map(haltWords) : []);

/** What the votes are about. A different configuration, journal, halt or size is a different question. */
export function goLiveTerms(proposal: GoLiveProposal): ApprovalTerms {
  const { release, attempt, step, incarnation, configHash, haltId, size } = proposal;
  return {
    id: goLiveApprovalId(proposal),
    kind: GO_LIVE_APPROVAL,
    subject: `configuration ${configHash}, halt ${haltId ?? 'none'}`,
    parameters: {
      release,
      attempt,
      step,
      journal: incarnation,
      configuration: configHash,
      halt: haltId ?? 'none',
      maxPositionSizePct: size.maxPositionSizePct,
      maxConcurrentPositions: size.maxConcurrentPositions,
    },
  };
}
