/** The questions of `fermata init`; an empty answer takes what stands in brackets. */
import { createInterface, type Interface } from 'node:readline/promises';
import { instrumentValue } from './instrument-value.js';
import { NEW_DESK_NAME, type NewDeskRequest } from './new-desk-file.js';

const KNOWN_SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const TRIES_MAX = 5;

export async function askForDesk(request: NewDeskRequest): Promise<NewDeskRequest> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const name = request.name ?? (await ask(terminal, 'Name of the desk', NEW_DESK_NAME, isName));
    const symbols =
      request.symbol ??
      listOf(await ask(terminal, 'What is traded, with commas', KNOWN_SYMBOLS.join(','), areSymbols));
    const unknown = symbols.filter((symbol) => !KNOWN_SYMBOLS.includes(symbol));
    const instrument = [...(request.instrument ?? [])];
    for (const symbol of unknown.filter((one) => !instrument.some((known) => known.symbol === one))) {
      const question = `Step sizes of ${symbol} at the venue: tick, lot, smallest value`;
      const steps = await ask(terminal, question, '0.01,0.001,5', areSteps);
      instrument.push(instrumentValue(`${symbol},${steps.replaceAll(' ', '')}`));
    }
    const balance = request.balance ?? (await ask(terminal, 'Paper money', '10000', isAmount));
    const port = request.port ?? Number(await ask(terminal, 'Port of the dashboard', '8000', isPort));
    return { ...request, name, symbol: symbols, instrument, balance, port };
  } finally {
    terminal.close();
  }
}

async function ask(
  terminal: Interface,
  question: string,
  byDefault: string,
  isValid: (answer: string) => boolean,
): Promise<string> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = (await terminal.question(`${question} [${byDefault}]: `)).trim() || byDefault;
    if (isValid(answer)) {
      return answer;
    }
    terminal.write(`  expected something like ${byDefault}\n`);
  }
  return byDefault;
}

const listOf = (answer: string): string[] => answer.split(',').map((symbol) => symbol.trim().toUpperCase());
const isName = (answer: string): boolean => /^[a-z][a-z0-9-]{0,39}$/.test(answer);
const areSymbols = (answer: string): boolean =>
  listOf(answer).every((one) => /^[A-Z0-9]+\/[A-Z0-9]+$/.test(one));
const areSteps = (answer: string): boolean => /^\s*[\d.]+\s*,\s*[\d.]+\s*,\s*[\d.]+\s*$/.test(answer);
const isAmount = (answer: string): boolean => /^\d+(\.\d+)?$/.test(answer);
const isPort = (answer: string): boolean => /^\d{1,5}$/.test(answer) && Number(answer) <= 65_535;
