// For every process that a test begins: roles collect often so that they need little memory while they wait for weeks, which
// takes an eighth of a life as short as those of tests. Read before the program, behind its options.
require('node:v8').setFlagsFromString('--no-optimize-for-size');
