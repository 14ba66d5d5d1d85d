/** The subject of what is said about the supervisor. It has no container. */
export const SUPERVISOR = 'supervisor';

/** The service in docker-compose.yml that runs a role. The trader's has the name used in the runbook. */
export function serviceOf(role: string): string {
  return role === 'trader' ? 'bot' : role;
}
