// Runs the command line from its sources, as bin/fermata.js runs what is built.
import { main } from '../../src/cli/main.ts';

process.exit(await main(process.argv.slice(2)));
