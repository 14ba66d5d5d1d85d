import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/** Address, TLS and API key from Temporal's own environment variables and profile file. */
export function connectionFromEnvironment(env: NodeJS.ProcessEnv): ConnectionOptions {
  return load(env).connectionOptions;
}

/** Null where neither variable nor profile names one. */
export function namespaceFromEnvironment(env: NodeJS.ProcessEnv): string | null {
  return load(env).namespace || null;
}

function load(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  return loadClientConnectConfig({ overrideEnvVars: given as Record<string, string> });
}
