/** docs/EXTEND.md as somebody types it: its sections, and a shell in which `fermata` is this checkout's. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repository } from '../../support/desk-under-test.js';

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The sections about what ships with Fermata: the files of the source that each touches. */
export const IN_A_CHECKOUT: Readonly<Record<string, readonly string[]>> = {
  'A venue': ['venue/okx/definition.ts', 'venue/registry.ts'],
  'A limit': ['limits/registry.ts', 'limits/wide-spread.ts'],
  'A check that ships': ['checks/open-orders.ts', 'checks/registry.ts'],
  'An incident kind': ['playbooks/many-orders.ts', 'playbooks/registry.ts'],
};

/** Types a line in a shell in `folder`, which is the FERMATA_HOME as well. */
export function terminalIn(folder: string): (line: string) => Promise<string> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = join(bin, 'fermata');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${repository}/bin/fermata.js' "$@"\n`);
  chmodSync(program, 0o700);
  const env = { ...process.env, FERMATA_HOME: folder, PATH: `${bin}:${process.env.PATH}` };
  return (line) =>
    new Promise((settle, fail) => {
      execFile('bash', ['-c', line], { cwd: folder, env, timeout: 240_000 }, (error, stdout, stderr) =>
        error === null ? settle(stdout) : fail(new Error(`${line}: ${stdout}\n${stderr}`)),
      );
    });
}

export function sections(): { readonly title: string; readonly blocks: readonly Block[] }[] {
  const [, ...parts] = readFileSync(join(repository, 'docs/EXTEND.md'), 'utf8').split(/^## /m);
  return parts.map((part) => ({
    title: part.split('\n')[0] ?? '',
    blocks: [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
      language,
      text,
    })),
  }));
}

/** Its first line says where. */
export function write(text: string, below: string): void {
  const file = join(below, /^\/\/ (\S+)/.exec(text)?.[1] ?? '');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
