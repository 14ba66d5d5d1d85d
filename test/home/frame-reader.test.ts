import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { FrameReader, FrameTooLarge, readLines } from '../../src/home/local-socket.js';

it('gives whole lines, whatever the chunks, and never half a character', () => {
  const frames = new FrameReader(100);
  const [before, after] = [
    Buffer.from('{"a":"ü"}\n\n{"b"').subarray(0, 7),
    Buffer.from('{"a":"ü"}\n\n{"b"').subarray(7),
  ];
  expect(frames.push(before)).toEqual([]);
  expect(frames.push(after)).toEqual(['{"a":"ü"}']);
  expect(frames.push(Buffer.from(':1}\n'))).toEqual(['{"b":1}']);
});

it('holds no more of a line than it may have', () => {
  expect(() => new FrameReader(4).push(Buffer.from('12345'))).toThrow(FrameTooLarge);
  expect(() => new FrameReader(4).push(Buffer.from('12345\n'))).toThrow(FrameTooLarge);
});

it('disconnects who sends a line that is too long, and hears nothing of it', async () => {
  const socket = new PassThrough();
  const heard: string[] = [];
  readLines(socket as unknown as Socket, 4, (line) => heard.push(line));
  socket.write('1234\n');
  socket.write('12345\n');
  await expect.poll(() => socket.destroyed).toBe(true);
  expect(heard).toEqual(['1234']);
});
