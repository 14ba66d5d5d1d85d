/** The service in docker-compose.yml that runs a role. The trader's has the name used in the runbook. */
export function serviceOf(role: string): string {
  return role === 'trader' ? 'bot' : role;
}
