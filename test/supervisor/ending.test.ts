import { expect, it, onTestFinished } from 'vitest';
import { watchForEnding } from '../../src/supervisor/ending.js';

function ending() {
  const watched = watchForEnding();
  onTestFinished(() => watched.close());
  return watched;
}

it('is followed by a start where that was asked for, with the pause in between', async () => {
  const watched = ending();
  watched.askAgain('fermata restart --all', 1_500);
  expect([watched.asked.aborted, watched.hurry.aborted, watched.againAfterMs]).toEqual([true, false, 1_500]);
  expect(await watched.requested).toBe('fermata restart --all');
});

it('is followed by none where somebody wants it to end meanwhile, or wanted it before', () => {
  const [first, second] = [ending(), ending()];
  first.askAgain('fermata restart --all', 1_500);
  first.ask('fermata down');
  expect(first.againAfterMs).toBeNull();
  second.ask('fermata down');
  expect(() => second.askAgain('fermata restart --all', 0)).toThrow('the desk is ending already');
  expect(second.againAfterMs).toBeNull();
});

it('goes on where a reader of the output went away meanwhile, whatever the command does about that before and after', () => {
  const lost: string[] = [];
  const ends = ({ message }: Error): void => void lost.push(message);
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.on('error', ends);
  onTestFinished(() => {
    for (const stream of streams) stream.off('error', ends);
  });
  const watched = watchForEnding();
  for (const stream of streams) stream.emit('error', new Error('meanwhile'));
  watched.close();
  for (const stream of streams) stream.emit('error', new Error('after'));
  expect(lost).toEqual(['after', 'after']);
});
