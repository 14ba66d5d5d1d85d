/** How clients and workers reach Temporal: docs/design/temporal-access.md. */
import { credentialsOf, type ExternalTemporal, externalTemporal } from '../home/external-temporal.js';
import type { Runtime } from '../home/runtime.js';
import { addressForSdk } from '../home/temporal-address.js';

/** Fits clients and workers alike. */
export type ConnectOptions = ExternalTemporal['options'];

type Place = Pick<Runtime, 'temporal'>;

/** What the desk was let in with and the environment here lacks, in words; empty where nothing is missing. */
export function lackingHere({ temporal }: Place): string {
  if (temporal.kind !== 'external' || !temporal.asks) return '';
  const here: readonly string[] = credentialsOf(externalTemporal(process.env).options);
  const lacking = temporal.asks.filter((one) => !here.includes(one));
  if (lacking.length === 0) return '';
  return `; the desk was started with ${lacking.join(' and ')}, and the environment here names none: set the same TEMPORAL variables`;
}

/** Of a client; throws where the environment can't be used. Where the address is a socket's, its connection is one of `connectionClass`. */
export function connectOptions({ temporal }: Place): ConnectOptions {
  const external = temporal.kind === 'external' ? externalTemporal(process.env).options : {};
  return { ...external, address: addressForSdk(temporal.address) };
}
