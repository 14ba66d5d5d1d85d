/** Where Temporal is. Ours is plain loopback; anybody else's follows Temporal's standard environment variables. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Runtime } from '../../home/runtime.js';

/** Fits clients and workers alike. */
export type ConnectOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

export function connectOptions({ temporal }: Pick<Runtime, 'temporal'>): ConnectOptions {
  const ours = temporal.uiAddress !== null;
  return { ...(ours ? {} : loadClientConnectConfig().connectionOptions), address: temporal.address };
}
