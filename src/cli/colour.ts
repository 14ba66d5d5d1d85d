/**
 * Colours for people at a terminal; files, pipes and NO_COLOR get plain text. `styleText` checks the stream and the
 * environment.
 */
import { styleText } from 'node:util';
import type { Headline } from '../domain/headline.js';

type Colour = 'green' | 'yellow' | 'red' | 'gray';
type Stream = NodeJS.WriteStream;

const MARKS: Readonly<Record<string, Colour>> = { '✓': 'green', '✗': 'red', '!': 'yellow', '…': 'gray' };
const TONES: Readonly<Record<Headline['tone'], Colour>> = { go: 'green', caution: 'yellow', alarm: 'red' };
const LEVELS: Readonly<Record<string, Colour>> = { debug: 'gray', warn: 'yellow', error: 'red' };

/** Colours only the mark of a line that begins with one of our marks. */
export function withMark(line: string, stream: Stream): string {
  return line.replace(/^( *)([✓✗!…])(?= )/u, (_, indent: string, mark: string) =>
    indent.concat(paint(mark, MARKS[mark], stream)),
  );
}

export const inTone = (text: string, tone: Headline['tone'], stream: Stream): string =>
  paint(text, TONES[tone], stream);

export const byLevel = (line: string, level: string | null, stream: Stream): string =>
  paint(line, level === null ? undefined : LEVELS[level], stream);

function paint(text: string, colour: Colour | undefined, stream: Stream): string {
  return colour === undefined ? text : styleText(colour, text, { stream });
}
