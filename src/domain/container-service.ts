/** The service of docker-compose.yml in which a role runs: the trader's is the one that the runbook names. */
export function serviceOf(role: string): string {
  return role === 'trader' ? 'bot' : role;
}
