/** Whether this is a role of docker-compose.yml, or a command run alongside them. */
export const isContainer = ({
  FERMATA_HOME: home,
  FERMATA_POSTGRES_HOST: postgres,
}: NodeJS.ProcessEnv): boolean => Boolean(home) && Boolean(postgres);

/** The environment variables that somebody else's program needs. The rest include secrets. */
const PLAIN_VARIABLES =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|DYLD_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/;

export function plainEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => PLAIN_VARIABLES.test(name)));
}
