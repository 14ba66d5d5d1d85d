/** Where Temporal is. Ours is plain loopback; anybody else's follows Temporal's standard environment variables. */
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Runtime } from '../../home/runtime.js';

export function connectOptions({ temporal }: Pick<Runtime, 'temporal'>): ConnectionOptions {
  const ours = temporal.uiAddress !== null;
  const { connectionOptions } = ours ? { connectionOptions: {} } : loadClientConnectConfig();
  return { ...connectionOptions, address: temporal.address };
}
