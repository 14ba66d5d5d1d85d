/** Who makes rows of people in tests that have no home folder. */
import { makerBy, type OnForged } from '../../src/store/access-rows.js';

export const rowMaker = makerBy(
  () => 'ab'.repeat(32),
  () => '',
);

export const neverForged: OnForged = ({ what, person }) => {
  throw new Error(`a ${what} of ${person} was taken for a forged one`);
};
