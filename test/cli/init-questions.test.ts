/** The questions of `fermata init`, answered as a person does: one at a time, once it is asked. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { askForDesk } from '../../src/cli/commands/init.js';

/** Answers each question by its first words; one that is not named gets an empty line. */
function person(answers: readonly (readonly [question: string, ...answers: readonly string[]])[]) {
  const left = new Map(answers.map(([question, ...rest]) => [question, [...rest]]));
  const input = new PassThrough();
  const asked: string[] = [];
  const output = new PassThrough();
  output.on('data', (chunk: Buffer) => {
    const text = chunk.toString();
    if (!text.endsWith(': ')) return;
    asked.push(text);
    const [, rest] = [...left].find(([question]) => text.startsWith(question)) ?? [];
    input.write(`${rest?.shift() ?? ''}\n`);
  });
  return { input, output, asked };
}

it('steps that nobody said are asked for again, and never taken from what the question shows', async () => {
  const { input, output, asked } = person([
    ['What is traded', 'btcusdt, SOL-USDT'],
    ['Step sizes of SOL/USDT', '', 'what?', '0.001, 0.01, 10'],
  ]);
  const desk = await askForDesk({}, input, output);
  expect(asked.filter((question) => question.startsWith('Step sizes'))).toHaveLength(3);
  expect(desk.symbol).toEqual(['BTC/USDT', 'SOL/USDT']);
  expect(desk.instrument).toMatchObject([{ symbol: 'SOL/USDT', tickSize: '0.001', lotSize: '0.01' }]);
});

it('nobody who does not know them gets a desk with guessed ones', async () => {
  const { input, output } = person([['What is traded', 'SOL/USDT']]);
  await expect(askForDesk({}, input, output)).rejects.toThrow('nobody said the step sizes of SOL/USDT');
});

it('an answer that can’t be used is asked for again, and the default is not taken for it in the end', async () => {
  const { input, output, asked } = person([['Paper money', 'much', '-5', '0', 'ten', '1e9']]);
  await expect(askForDesk({}, input, output)).rejects.toThrow('no answer to “Paper money” could be used');
  expect(asked.filter((question) => question.startsWith('Paper money'))).toHaveLength(5);
});
