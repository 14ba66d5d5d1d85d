/** The smallest WebSocket client: one JSON frame out, frames in, in their order. */
import { WebSocket } from 'ws';

// biome-ignore lint/suspicious/noExplicitAny: frames of the wire, looked into freely by tests
type Frame = any;

export interface RawSocket {
  readonly frames: Frame[];
  readonly closed: Promise<number>;
  send(frame: object): void;
  /** The first frame, from now or before, that fits. */
  first(fits: (frame: Frame) => boolean): Promise<Frame>;
  close(): void;
}

export async function openSocket(address: string, path: string): Promise<RawSocket> {
  const socket = new WebSocket(`${address.replace(/^http/, 'ws')}${path}`);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  return {
    frames,
    closed,
    send: (frame) => socket.send(JSON.stringify(frame)),
    first: (fits) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no such frame among ${frames.length}`)), 45_000);
        const look = () => {
          const found = frames.find(fits);
          if (found === undefined) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    close: () => socket.terminate(),
  };
}
