/**
 * Every step in a desk file, from routines and from the playbooks of its own incidents; and checks without
 * code: a program (`command`) or HTTP request (`http`) that the desk file allows.
 */
import type { ResumeRule } from '../domain/mode.js';
import type { PlaybookStep } from './incident-schema.js';
import { ownIncidents } from './own-incidents.js';
import type { BrokenRule } from './problem.js';
import type { Desk, DeskStep } from './schema.js';

/** The values of `{desk}`, `{port}` (of the dashboard) and `{date}` (of the market, in the desk's time zone). */
export interface StepValues {
  readonly desk: string;
  readonly port: number;
  readonly date: string;
}

export function filledIn(text: string, values: StepValues): string {
  return text.replaceAll(/\{(desk|port|date)\}/g, (_all, name: keyof StepValues) => String(values[name]));
}

/** True for a step that observes something, however it is defined. */
export const isCheck = ({ check, command, http }: Pick<DeskStep, 'check' | 'command' | 'http'>): boolean =>
  check !== undefined || command !== undefined || http !== undefined;

/** Null if not allowed: not HTTP(S), a host that is not on the list, or a user name or password in it. */
export function allowedAddress(
  address: string,
  { commands }: Pick<Desk, 'commands'>,
  values: StepValues,
): URL | null {
  const url = addressOf(filledIn(address, values));
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return null;
  if (url.username !== '' || url.password !== '') return null;
  const isListed = (commands?.hosts ?? []).some(
    (host) => addressOf(`${url.protocol}//${filledIn(host, values)}`)?.host === url.host,
  );
  return isListed ? url : null;
}

const addressOf = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);

export function ownStepRules(desk: Desk): BrokenRule[] {
  return stepLists(desk).flatMap(({ path: list, steps }) =>
    steps.flatMap((step, at) => {
      const path = [...list, at];
      return [...programRule(desk, step, path), ...addressRule(desk, step, path), ...expectRule(step, path)];
    }),
  );
}

function programRule({ commands }: Desk, { command }: SaidStep, step: BrokenRule['path']): BrokenRule[] {
  const [program] = command ?? [];
  const allowed = commands?.allow ?? [];
  if (program === undefined || allowed.includes(program)) return [];
  return [
    {
      path: [...step, 'command', 0],
      expected: `one of the programs of commands.allow (${allowed.join(', ') || 'it has none'})`,
      found: program,
      doThis: `add ${program} to commands.allow, or take the step out`,
    },
  ];
}

function addressRule(desk: Desk, { http }: SaidStep, step: BrokenRule['path']): BrokenRule[] {
  // The port chosen at the start is not known here; a date has the same form every day.
  const values = { desk: desk.desk, port: desk.api.port || 1, date: '2000-01-01' };
  if (http === undefined || allowedAddress(http, desk, values) !== null) return [];
  const host = addressOf(filledIn(http, values))?.host;
  return [
    {
      path: [...step, 'http'],
      expected: `http:// or https://, no user name, and one of the hosts of commands.hosts (${desk.commands?.hosts?.join(', ') || 'it has none'})`,
      found: host ? `an address on ${host}` : 'no valid address',
      doThis: host ? `add ${host} to commands.hosts, or take the step out` : 'write the whole address',
    },
  ];
}

function expectRule({ command, http, expect }: SaidStep, step: BrokenRule['path']): BrokenRule[] {
  const misplaced = [
    ...(expect !== undefined && command === undefined && http === undefined ? [['expect']] : []),
    ...(expect?.exitCode !== undefined && command === undefined ? [['expect', 'exitCode']] : []),
    ...(expect?.status !== undefined && http === undefined ? [['expect', 'status']] : []),
  ];
  return misplaced.slice(0, 1).map((key) => ({
    path: [...step, ...key],
    expected: 'expect beside command or http, exitCode of a command and status of http only',
    found: `${key.join('.')} of another step`,
    doThis: `take ${key.join('.')} out`,
  }));
}

/** The fields that steps of routines and of playbooks share. */
type SaidStep = Pick<
  DeskStep,
  | 'key'
  | 'check'
  | 'action'
  | 'report'
  | 'human'
  | 'playbook'
  | 'items'
  | 'command'
  | 'http'
  | 'expect'
  | 'unless'
  | 'timeoutSeconds'
  | 'with'
> &
  Partial<Pick<PlaybookStep, 'choose'>>;

interface StepList {
  /** Path of the list. */
  readonly path: BrokenRule['path'];
  readonly of: 'routine' | 'playbook';
  readonly steps: readonly SaidStep[];
}

export function stepLists(desk: Pick<Desk, 'routines' | 'incidents'>): readonly StepList[] {
  return [
    ...desk.routines.map(({ steps }, at) => ({
      path: ['routines', at, 'steps'],
      of: 'routine' as const,
      steps,
    })),
    ...[...ownIncidents(desk)].map(([kind, { steps }]) => ({
      path: ['incidents', 'kinds', kind, 'steps'],
      of: 'playbook' as const,
      steps,
    })),
  ];
}

/** The path of each `resume` with this rule in the routines' steps. */
export const stepsLiftedBy = ({ routines }: Pick<Desk, 'routines'>, rule: ResumeRule): BrokenRule['path'][] =>
  routines.flatMap(({ steps }, index) =>
    steps.flatMap(({ resume }, at) => (resume === rule ? [['routines', index, 'steps', at, 'resume']] : [])),
  );
