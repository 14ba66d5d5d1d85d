/** `parse_mode: Markdown`, the older form: nothing nests, and every entity must end. */
import { byteOffset, cantParse, type Entity, type Formatted, linkEntity } from './entities.js';

const TYPES: Readonly<Record<string, string>> = {
  _: 'italic',
  '*': 'bold',
  '`': 'code',
  '```': 'pre',
  '[': 'link',
};

export function parseMarkdown(input: string): Formatted {
  let text = '';
  let index = 0;
  const entities: Entity[] = [];
  while (index < input.length) {
    const char = input[index] ?? '';
    if (char === '\\' && /[_*`[]/.test(input[index + 1] ?? '')) {
      text += input[index + 1];
      index += 2;
      continue;
    }
    const marker = input.startsWith('```', index) ? '```' : char;
    if (TYPES[marker] === undefined) {
      text += char;
      index += 1;
      continue;
    }
    const end = input.indexOf(marker === '[' ? ']' : marker, index + marker.length);
    if (end < 0) {
      throw cantParse(`Can't find end of the entity starting at byte offset ${byteOffset(input, index)}`);
    }
    let body = input.slice(index + marker.length, end);
    const offset = text.length;
    index = end + (marker === '[' ? 1 : marker.length);
    if (marker === '```') body = body.replace(/^\r?\n/, '');
    text += body;
    if (marker !== '[') {
      if (body !== '') entities.push({ type: TYPES[marker] ?? '', offset, length: body.length });
      continue;
    }
    const address = /^\(([^)]*)\)/.exec(input.slice(index));
    if (address === null) continue;
    index += address[0].length;
    const link = linkEntity(address[1] ?? '', offset, body.length);
    if (link !== null && body !== '') entities.push(link);
  }
  return { text, entities };
}
