import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** Address, TLS and API key from Temporal's own environment variables and profile file. */
export function connectionFromEnvironment(env: NodeJS.ProcessEnv): ConnectionOptions {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  return loadClientConnectConfig({ overrideEnvVars: given as Record<string, string> }).connectionOptions;
}
