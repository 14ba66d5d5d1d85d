/**
 * How clients and workers reach Temporal (docs/design/temporal-access.md), and a client that connects at its first call
 * and again after every loss; each of its calls has a deadline.
 */
import {
  Client,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { deskEnvironment } from '../desk/desk-environment.js';
import { messageOf } from '../domain/message-of.js';
import { credentialsOf, type ExternalTemporal, externalTemporal } from '../home/external-temporal.js';
import type { Runtime } from '../home/runtime.js';
import { addressForSdk, connectionClass } from '../home/temporal-connection.js';
import { dataConverterOf } from './payload-codec.js';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

type Call = ReturnType<Interceptor>;

/** A call that is never made. The deadline of `within` frees whoever waits for it. */
const NEVER_MADE = {
  start: () => undefined,
  sendMessage: () => undefined,
  sendMessageWithContext: () => undefined,
  halfClose: () => undefined,
  startRead: () => undefined,
  cancelWithStatus: () => undefined,
  getPeer: () => '',
  getAuthContext: () => null,
};

export class TemporalUnavailable extends Error {
  override readonly name = 'TemporalUnavailable';
}

/**
 * Why a run was not started, for people. One that Temporal answers too late for may have begun. `what`: at the start of
 * a sentence.
 */
export function whyNotStarted(error: unknown, what: string): string {
  const why = messageOf(error).replace(/\.$/, '');
  if (error instanceof TemporalUnavailable)
    return `${what} may have begun or not: ${why}. Look in Temporal's UI before you try again.`;
  return `${what} was not started: ${why}. Nothing was changed. Try again when Temporal answers.`;
}

export interface TemporalAccess {
  readonly namespace: string;
  /** For calls that take longer than usual; wrap every use in `within`. */
  readonly client: Client;
  /** Rejects with `TemporalUnavailable` if `use` has not resolved after `deadlineMs`; other errors pass through. */
  within<T>(deadlineMs: number, use: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `home` null: nothing is sealed, for tests that read what Temporal stores. */
export function openTemporal(
  runtime: Pick<Runtime, 'temporal'> & { readonly home: string | null },
): TemporalAccess {
  const { namespace } = runtime.temporal;
  const dataConverter = runtime.home === null ? {} : dataConverterOf(runtime.home);
  let options: ConnectOptions;
  try {
    options = connectOptions(runtime);
  } catch (error) {
    // A stop goes to the trader itself: a broken Temporal setting must not hold it up.
    return unusable(namespace, messageOf(error));
  }
  let closed = false;
  const connection = connectionClass(runtime.temporal.address).lazy({
    ...options,
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endWithConnection(() => closed)],
  });
  const client = new Client({ connection, namespace, dataConverter });
  return {
    namespace,
    client,
    within: async (deadlineMs, use) => {
      // The gRPC deadline ends each request; the timer also ends retries beyond it.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(unavailable(runtime, deadlineMs)), deadlineMs + 100);
      });
      try {
        return await Promise.race([
          connection.withDeadline(Date.now() + deadlineMs, () => use(client)),
          late,
        ]);
      } catch (error) {
        throw isUnreachable(error) ? unavailable(runtime, deadlineMs) : error;
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => {
      closed = true;
      return connection.close();
    },
  };
}

function unusable(namespace: string, why: string): TemporalAccess {
  const refuse = (): never => {
    throw new TemporalUnavailable(why);
  };
  return {
    namespace,
    get client() {
      return refuse();
    },
    within: async () => refuse(),
    close: async () => undefined,
  };
}

/**
 * Nobody here cancels a call: CANCELLED means that the server ended its stream at the deadline, sometimes a moment
 * before we do.
 */
const GRPC_CANCELLED = 1;
const GRPC_DEADLINE_EXCEEDED = 4;
const GRPC_UNAVAILABLE = 14;
const UNREACHABLE: readonly unknown[] = [GRPC_CANCELLED, GRPC_DEADLINE_EXCEEDED, GRPC_UNAVAILABLE];

function isUnreachable(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && UNREACHABLE.includes(cause.code)) return true;
  }
  return false;
}

function unavailable(place: Pick<Runtime, 'temporal'>, deadlineMs: number): TemporalUnavailable {
  const silence = `Temporal at ${place.temporal.address} did not answer within ${deadlineMs} ms`;
  return new TemporalUnavailable(silence + lackingHere(place));
}

/** Goes behind the retry interceptor, so that each attempt checks that the connection is still open. */
function endWithConnection(isClosed: () => boolean): Interceptor {
  return (options, nextCall) => (isClosed() ? (NEVER_MADE as unknown as Call) : (nextCall(options) as Call));
}

/** Options for clients and workers alike. */
type ConnectOptions = ExternalTemporal['options'];

type Place = Pick<Runtime, 'temporal'>;

/**
 * Settings that the desk used to reach Temporal and this environment lacks, in words; empty if nothing is
 * missing.
 */
function lackingHere({ temporal }: Place): string {
  if (temporal.kind !== 'external' || !temporal.asks) return '';
  const here: readonly string[] = credentialsOf(externalTemporal(deskEnvironment()).options);
  const lacking = temporal.asks.filter((one) => !here.includes(one));
  if (lacking.length === 0) return '';
  return `; the desk was started with ${lacking.join(' and ')}, and the environment here names none: set the same TEMPORAL variables`;
}

/**
 * Options for a client; throws if the environment can't be used. If the address is a socket, the connection is of class
 * `connectionClass`.
 */
export function connectOptions({ temporal }: Place): ConnectOptions {
  const external = temporal.kind === 'external' ? externalTemporal(deskEnvironment()).options : {};
  return { ...external, address: addressForSdk(temporal.address) };
}
