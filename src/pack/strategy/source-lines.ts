/** Maps a position in the compiled script to the line that a person wrote. */
import { SourceMap } from 'node:module';

export interface SourcePlace {
  readonly file: string;
  readonly line: number | null;
}

/** `line` from 1, `column` from 0, both in the script. */
export function sourceLines(map: string): (line: number, column: number) => SourcePlace | null {
  const lines = new SourceMap(JSON.parse(map));
  return (line, column) => {
    const entry = lines.findEntry(line - 1, column);
    return 'originalSource' in entry ? { file: entry.originalSource, line: entry.originalLine + 1 } : null;
  };
}
