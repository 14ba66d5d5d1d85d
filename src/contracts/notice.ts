/** Notices to people: each is sent once per fingerprint. */
import type { PersonRole } from '../domain/people-roles.js';

/** What the desk file chooses by. */
export const NOTICE_EVENTS = [
  'halt',
  'armed',
  'fill',
  'routine',
  'incident',
  'task',
  'report',
  'warning',
  'setup',
  'order',
  'system',
] as const;

export const INCIDENT_SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

export type NoticeSeverity = 'info' | 'warning' | 'critical';

/**
 * The desk file's `notify` lists the events to send. `approval` and `test` always go to Telegram, `mail-test`
 * to mail.
 */
type NoticeEvent = (typeof NOTICE_EVENTS)[number] | 'approval' | 'test' | 'mail-test';

export interface NoticeButton {
  readonly text: string;
  /** Data sent by a tap; at most 64 bytes. */
  readonly data: string;
  /** The button agrees to what the notice says; left out if the notice can't say all of it. */
  readonly agrees?: true;
}

export interface Notice {
  readonly desk: string;
  readonly event: NoticeEvent;
  readonly severity: NoticeSeverity;
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** Notices with the same fingerprint are the same notice, which is sent once. */
  readonly fingerprint: string;
  /** When it happened (wall milliseconds), if the notice may be stored later than that. */
  readonly occurredMs?: number;
  /** One row of buttons below the message. */
  readonly buttons?: readonly NoticeButton[];
  /**
   * People with one of these desk-file roles also get it in their own chats, not only in the desk's; not those of whom
   * it says `allBut`.
   */
  readonly audience?: readonly string[];
  /**
   * Its section in docs/WOKEN.md, linked below the text: a topic of `WOKEN`, a halt's cause, an incident's kind. Every
   * critical notice has one.
   */
  readonly about?: string;
  /** The run that it is about: a line below the text says where to read it. */
  readonly workflowId?: string;
  /** Id of the setup that it is about: its page is linked below the text. */
  readonly setup?: string;
  /** Its buttons are removed when this approval closes. */
  readonly approvalId?: string;
}

export interface Alarm {
  readonly desk: string;
  readonly text: string;
  /** What an alarm of this run had told is over. */
  readonly isOver?: true;
}

interface DeclaredNotice {
  /** What the desk file chooses it by, for Telegram and for mail; `approval` is always sent. */
  readonly event: NoticeEvent;
  /** At its worst: one that turns out milder says so where it is made. */
  readonly severity: NoticeSeverity;
  /** Who gets it in their own chats, besides the desk's; null: nobody. */
  readonly audience: readonly PersonRole[] | null;
  /** One sentence for people: what has happened. */
  readonly means: string;
}

const BOTH_ROLES = ['operator', 'approver'] as const;
const WARNS = { event: 'warning', severity: 'critical', audience: BOTH_ROLES } as const;

/**
 * What people are woken for, besides halts (by their cause) and incidents (by their kind), each declared here and made
 * by whoever finds it, with `woken`. Each has a section of the same name in docs/WOKEN.md, and every message about it
 * links there.
 */
export const WOKEN = {
  alarm: {
    ...WARNS,
    audience: null,
    means: 'The trader or a workflow reports something that somebody must know at once.',
  },
  undecided: {
    event: 'approval',
    severity: 'critical',
    audience: null,
    means: 'A question is still open, and few or nobody have answered it.',
  },
  'routine-failed': {
    event: 'routine',
    severity: 'critical',
    audience: null,
    means: 'A routine failed, warned, or did not run.',
  },
  'forged-row': {
    ...WARNS,
    audience: null,
    means: 'Postgres holds a link or passkey that none of our processes made.',
  },
  'stuck-run': { ...WARNS, means: 'A procedure stands still: its code fails again and again.' },
  'earlier-build': { ...WARNS, means: 'Runs of an earlier build wait, and that build can’t be served.' },
  abandoned: { ...WARNS, means: 'Something that had begun goes on no more: its run is gone.' },
  'unwatched-account': { ...WARNS, means: 'The auditor completes no audit.' },
  'disk-full': { ...WARNS, means: 'The disk is nearly full.' },
  'unwatched-go-live': { ...WARNS, means: 'Real money may be traded, and nothing watches over it.' },
  'go-live-ended': {
    event: 'halt',
    severity: 'critical',
    audience: null,
    means: 'The permission to trade real money ended by itself.',
  },
  'watched-on': { ...WARNS, means: 'Real money is still watched, but the run of its go-live was disturbed.' },
  'contract-ends': {
    event: 'system',
    severity: 'critical',
    audience: BOTH_ROLES,
    means: 'A future nears its last trade, and nobody has rolled it.',
  },
  'roll-unproven': {
    event: 'system',
    severity: 'critical',
    audience: BOTH_ROLES,
    means: 'A roll was approved, and it is not proven that the trader has the new contract.',
  },
} satisfies Readonly<Record<string, DeclaredNotice>>;

export type WokenTopic = keyof typeof WOKEN;

type FromDeclaration = Pick<Notice, 'event' | 'severity' | 'audience' | 'about'>;

/** The notice as it is declared; `said` is what is different each time. */
export function woken<Said extends Partial<Notice>>(
  topic: WokenTopic,
  said: Said,
): Omit<FromDeclaration, keyof Said> & Said {
  const { event, severity, audience }: DeclaredNotice = WOKEN[topic];
  return { event, severity, about: topic, ...(audience === null ? {} : { audience }), ...said };
}

/** The notices for docs/WOKEN.md. */
export function wokenTable(): string {
  const rows = Object.entries<DeclaredNotice>(WOKEN).map(
    ([topic, { event, severity, audience, means }]) =>
      `| [${topic}](#${topic}) | ${means} | \`${event}\` | ${severity} | ${audience?.join(', ') ?? ''} |`,
  );
  return [
    '| notice | what happened | sent as | at worst | also to the own chats of |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
