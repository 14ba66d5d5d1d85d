/** Who may do what, whichever way they come in: page, API, Telegram or command line. The desk file gives the roles. */
export type PersonRole = 'viewer' | 'operator' | 'approver';

/** One of these is enough. */
export type RolesNeeded = readonly PersonRole[];

export const ANY_ROLE: RolesNeeded = ['viewer', 'operator', 'approver'];
/** What makes the desk safer is open to everybody who may do anything at all. */
export const MAY_STOP: RolesNeeded = ['operator', 'approver'];
/** What people are asked to do by hand: whoever has a hand in the desk may be the one who was asked. */
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

/** The account that every desk has, named in its file or not: whoever set the desk up can always stop it. */
export const BUILT_IN_OPERATOR = 'operator';

/** By the desk file; none for somebody that it does not name. */
export function rolesOf(
  people: readonly { readonly name: string; readonly roles: RolesNeeded }[],
  person: string,
): RolesNeeded {
  const named = people.find(({ name }) => name === person)?.roles;
  return named ?? (person === BUILT_IN_OPERATOR ? OPERATOR : []);
}
