/**
 * Who may do what, whichever way they come in: page, API, Telegram or command line. The desk file assigns the roles.
 */
export type PersonRole = 'viewer' | 'operator' | 'approver';

/** Any one of these roles is enough. */
export type RolesNeeded = readonly PersonRole[];

export const ANY_ROLE: RolesNeeded = ['viewer', 'operator', 'approver'];
/** Everybody who may act on the desk at all may make it safer. */
export const MAY_STOP: RolesNeeded = ['operator', 'approver'];
/** Tasks may be done by anybody who may act on the desk: any of them may have been asked. */
export const MAY_DO_TASKS: RolesNeeded = ['operator', 'approver'];
export const OPERATOR: RolesNeeded = ['operator'];
export const APPROVER: RolesNeeded = ['approver'];

export function hasRole({ roles }: { readonly roles: RolesNeeded }, needed: RolesNeeded): boolean {
  return roles.some((role) => needed.includes(role));
}

/** People of a desk file who have one of these roles, by name. */
export function namesWith(
  people: readonly { readonly name: string; readonly roles: RolesNeeded }[],
  needed: RolesNeeded,
): readonly string[] {
  return people.filter((person) => hasRole(person, needed)).map(({ name }) => name);
}

/** What keeps a desk killed after a kill. Null: it has the two people who can resume it. */
export function whyStaysKilled(
  people: readonly { readonly name: string; readonly roles: RolesNeeded }[],
): string | null {
  const [approver, ...others] = namesWith(people, APPROVER);
  if (others.length > 0) return null;
  const named = approver === undefined ? 'none' : `only ${approver}`;
  return `Two approvers must resume after a kill, and the desk file names ${named}: nobody can until it names another one and the desk is started with it.`;
}

/**
 * The account that every desk has, whether or not its file names it: the person who set the desk up can always stop
 * it.
 */
export const BUILT_IN_OPERATOR = 'operator';

/** Roles from the desk file; none for a person that it does not name, except the built-in operator. */
export function rolesOf(
  people: readonly { readonly name: string; readonly roles: RolesNeeded }[],
  person: string,
): RolesNeeded {
  const named = people.find(({ name }) => name === person)?.roles;
  return named ?? (person === BUILT_IN_OPERATOR ? OPERATOR : []);
}

/** In the audience of a notice: everybody of it but this person, who knows it already. No role begins so. */
export const allBut = (person: string): string => `-${person}`;

export const leavesOut = (audience: string): boolean => audience.startsWith('-');
