import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.js';

const DOCUMENT = readFileSync(new URL('../../docs/CLI.md', import.meta.url), 'utf8');

describe('docs/CLI.md', () => {
  it.each(COMMANDS)('names $name with each of its options', async ({ name, load }) => {
    const command = new Command(name);
    (await load())(command);
    const all = [command, ...command.commands];
    for (const nested of command.commands) {
      expect(DOCUMENT).toContain(`\`${name} ${nested.name()}\``);
    }
    if (command.commands.length === 0) {
      expect(DOCUMENT).toContain(`| \`${name}\` |`);
    }
    for (const option of all.flatMap(({ options }) => options)) {
      expect(DOCUMENT, `${name} ${option.long}`).toContain(option.long);
    }
  });
});
