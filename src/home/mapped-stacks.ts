/**
 * Makes stacks name our sources. Node's own `--enable-source-maps` reads every map at the start, which takes
 * a fifth of the start, and keeps them. Here, a map is read for the first stack that passes through its file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function mapStacks(): void {
  const maps = new Map<string, SourceMap | null>();
  Error.prepareStackTrace = (error, sites) => {
    const said = headOf(error);
    return [said, ...sites.map((site) => `    at ${placed(String(site), site, maps)}`)].join('\n');
  };
}

/** The first line as Node writes it: Node's own errors include their code. */
function headOf(error: Error): string {
  const said = Error.prototype.toString.call(error);
  const { code } = error as NodeJS.ErrnoException;
  const isNodes = typeof code === 'string' && code.startsWith('ERR_') && said.startsWith(`${error.name}:`);
  return isNodes ? said.replace(error.name, `${error.name} [${code}]`) : said;
}

function placed(text: string, site: NodeJS.CallSite, maps: Map<string, SourceMap | null>): string {
  const [file, line, column] = [site.getFileName(), site.getLineNumber(), site.getColumnNumber()];
  if (!file?.startsWith('file:') || line === null || column === null) return text;
  const path = fileURLToPath(file);
  if (!maps.has(path)) maps.set(path, mapOf(path));
  const entry = maps.get(path)?.findEntry(line - 1, column - 1);
  if (!entry || !('originalSource' in entry)) return text;
  const source = relative(ROOT, resolve(dirname(path), entry.originalSource));
  // For a library, the map has only the name.
  if (!source.startsWith('src/')) return text;
  return text.replace(
    `${file}:${line}:${column}`,
    `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`,
  );
}

function mapOf(path: string): SourceMap | null {
  try {
    const file = `${path}.map`;
    return existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8'))) : null;
  } catch {
    return null; // A missing or broken map must not cost the stack.
  }
}
