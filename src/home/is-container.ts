/** Whether this is a role of docker-compose.yml, or a command beside them. */
export const isContainer = ({
  FERMATA_HOME: home,
  FERMATA_POSTGRES_HOST: postgres,
}: NodeJS.ProcessEnv): boolean => Boolean(home) && Boolean(postgres);
