/** What a seed needs of the checkout, beside the packages: for copies in which it runs elsewhere, or changed. */
export const SIMULATION_SOURCES = [
  'package.json',
  'tsconfig.json',
  'src',
  'test/simulation',
  'test/support',
  'simulators/random.ts',
];
