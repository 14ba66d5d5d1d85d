/** As much XML as the protocol needs: elements that contain text or elements, without attributes. */

export type Xml = string | number | readonly (readonly [name: string, content: Xml])[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** `root`: with S3's namespace, except for errors, which have none. */
export function document(root: string, content: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${root === 'Error' ? '' : NAMESPACE}>${inner(content)}</${root}>`;
}

function inner(content: Xml): string {
  if (typeof content === 'object')
    return content.map(([name, value]) => `<${name}>${inner(value)}</${name}>`).join('');
  return String(content).replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** The contents of each `<name>` element in the text, in order; they must not nest. */
export function elements(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(
    ([, content = '']) => content,
  );
}

export const plain = (text: string): string =>
  Object.entries(ESCAPES)
    .reverse()
    .reduce((said, [character, escaped]) => said.replaceAll(escaped, character), text)
    .replaceAll('&#34;', '"');
