/** What a program of somebody else needs of our environment; secrets are among the rest. */
const PLAIN_VARIABLES =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|LD_LIBRARY_PATH|DYLD_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/;

export function plainEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => PLAIN_VARIABLES.test(name)));
}
