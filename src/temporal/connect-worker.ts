/** How a worker reaches Temporal: docs/design/temporal-access.md. */
import { NativeConnection, Runtime as WorkerRuntime } from '@temporalio/worker';
import type { Runtime } from '../home/runtime.js';
import { socketOf, socketOfWorkers } from '../home/temporal-address.js';
import { connectOptions } from './connect-options.js';

/** What the runtime makes its connections with. */
interface Native {
  createNative(newClient: unknown, native: unknown, options: object): Promise<unknown>;
}

/** Throws where nothing answers there. Whoever opens it closes it. */
export function connectWorker(place: Pick<Runtime, 'temporal'>): Promise<NativeConnection> {
  const socket = socketOf(place.temporal.address);
  if (socket === null) return NativeConnection.connect(connectOptions(place));
  return SocketConnection.through(socketOfWorkers(socket));
}

/**
 * Workers speak TCP only, or ask an HTTP CONNECT proxy to. The core under them takes a socket as that proxy (`unix:/path`),
 * which the SDK's own reading of addresses refuses: it is put in behind it. A proxy on TCP would cost 40 ms a message,
 * since the core leaves Nagle's algorithm on there.
 */
class SocketConnection extends NativeConnection {
  static async through(path: string): Promise<NativeConnection> {
    const runtime = WorkerRuntime.instance();
    const { createNative } = runtime as unknown as Native;
    const proxied = Object.create(runtime, {
      createNative: {
        value: (newClient: unknown, native: unknown, options: object) =>
          createNative.call(runtime, newClient, native, {
            ...options,
            httpConnectProxy: { targetHost: `unix:${path}`, basicAuth: null },
          }),
      },
    }) as WorkerRuntime;
    const client = await proxied.createNativeClient({ address: 'localhost' });
    return new SocketConnection(runtime, client, false, []);
  }
}
