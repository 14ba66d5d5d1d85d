/** How clients and workers reach Temporal: docs/design/temporal-access.md. */
import {
  addressForSdk,
  credentialsOf,
  type ExternalTemporal,
  externalTemporal,
} from '../home/external-temporal.js';
import type { Runtime } from '../home/runtime.js';

/** Options for clients and workers alike. */
export type ConnectOptions = ExternalTemporal['options'];

type Place = Pick<Runtime, 'temporal'>;

/** What the desk used to reach Temporal and this environment lacks, in words; empty if nothing is missing. */
export function lackingHere({ temporal }: Place): string {
  if (temporal.kind !== 'external' || !temporal.asks) return '';
  const here: readonly string[] = credentialsOf(externalTemporal(process.env).options);
  const lacking = temporal.asks.filter((one) => !here.includes(one));
  if (lacking.length === 0) return '';
  return `; the desk was started with ${lacking.join(' and ')}, and the environment here names none: set the same TEMPORAL variables`;
}

/**
 * Options for a client; throws if the environment can't be used. If the address is a socket, the connection is of class
 * `connectionClass`.
 */
export function connectOptions({ temporal }: Place): ConnectOptions {
  const external = temporal.kind === 'external' ? externalTemporal(process.env).options : {};
  return { ...external, address: addressForSdk(temporal.address) };
}
