// `npm run breaks [-- --seed S] [-- --count N] [-- --only TEXT] [-- --quick] [-- --list] [-- --check]`: does
// a mapped test notice when the product is broken? Breaks a copy of the sources in one place at a time, runs
// only the tests that the runbook's table names for the affected ids, and lists every break that none of them
// notices. Exit code 1 if fewer than 95 % are noticed, a break can't be tried or is unnoticed without a
// reason, or one of those tests fails on the unbroken sources: such a test would notice anything.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { idsWithoutBreak, isQuick, problemOf, readBreaks, testsOf } from './breaks/catalogue.mjs';
import { drawn } from './breaks/drawn.mjs';
import { exitCodeOf } from './breaks/judged.mjs';
import { openScratch } from './breaks/scratch.mjs';
import { readOptions } from './options.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = readOptions(
  'npm run breaks -- [--seed S] [--count N] [--only TEXT] [--quick] [--list] [--check]',
  {
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean' },
      list: { type: 'boolean' },
      check: { type: 'boolean' },
    },
  },
);
const all = readBreaks(root).filter(
  ({ what, ids }) => values.only === undefined || what.includes(values.only) || ids.includes(values.only),
);
const seed = wholeNumber('seed', values.seed);
const count = values.count === undefined ? all.length : wholeNumber('count', values.count);
if (all.length === 0)
  fail(`--only: no break is called "${values.only}"; \`npm run breaks -- --list\` names them all`);
const drawable = values.quick ? all.filter((one) => isQuick(root, one)) : all;
if (drawable.length === 0)
  fail('--quick: none of these breaks has quick tests alone; leave it out to try them');
const chosen = drawn(drawable, seed, count);
if (values.list) {
  const lines = chosen.map(({ what, ids, file }) => `${ids.join(' ')}  ${what} (${file})\n`);
  // Exiting now would cut off what a pipe has not read yet.
  await new Promise((taken) => process.stdout.write(lines.join(''), taken));
  process.exit(0);
}
if (values.check) {
  const problems = [...all.flatMap((one) => problemOf(root, one) ?? []), ...idsWithoutBreak(root)];
  for (const problem of problems) console.log(problem);
  if (problems.length === 0) console.log(`${all.length} breaks fit the sources`);
  process.exit(problems.length === 0 ? 0 : 1);
}

const scratch = await openScratch(root);
const failing = await scratch.failingUnbroken(chosen.flatMap((one) => testsOf(root, one)));
for (const title of failing) console.log(`fails without a break: ${title}`);
const tried = [];
for (const one of chosen) {
  const { outcome, detail } = await scratch.tryBreak(one, testsOf(root, one));
  tried.push({ ...one, outcome, detail });
  console.log(`${outcome.padEnd(9)} ${one.ids.join(' ')}  ${one.what}${detail === '' ? '' : `: ${detail}`}`);
}
const of = (wanted) => tried.filter(({ outcome }) => outcome === wanted);
const unnoticed = of('unnoticed');
const known = unnoticed.filter(({ unnoticedBecause }) => unnoticedBecause !== undefined);
for (const { what, file, unnoticedBecause } of unnoticed)
  console.log(
    `not noticed: ${what} (${file}): ${unnoticedBecause ?? 'no reason is known; the mapped tests are too weak'}`,
  );
for (const { what, detail } of of('unusable')) console.log(`could not be tried: ${what}: ${detail}`);
console.log(
  `seed ${seed}: ${of('noticed').length} of ${chosen.length} breaks noticed by mapped tests alone, ${unnoticed.length} not (${known.length} of them with a reason)`,
);
process.exit(exitCodeOf(failing, tried));

function wholeNumber(name, text) {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    fail(`--${name}: expected a whole number from 1 on, found ${text}`);
  return number;
}

function fail(message) {
  console.error(`${message}. Nothing was run.`);
  process.exit(2);
}
