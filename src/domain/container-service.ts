/** The service of docker-compose.yml that runs a role. The trader's has the name that the runbook uses. */
export function serviceOf(role: string): string {
  return role === 'trader' ? 'bot' : role;
}
