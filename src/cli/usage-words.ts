/** What the option parser says, in the one form of every error here: which option, what was expected, what was found. */
export function usageWords(message: string): string {
  const text = message.replace(/^error: /, '');
  const missing =
    text.match(/^required option '(.+)' not specified$/) ?? text.match(/^missing required argument '(.+)'$/);
  if (missing) return text.startsWith('required') ? `${missing[1]} is missing` : `<${missing[1]}> is missing`;
  const bare = text.match(/^option '(?:-\w, )?(\S+)[^']*' argument missing$/);
  if (bare) return wrongValue(bare[1], '', 'a value');
  const many = text.match(/^too many arguments for '(.+)'\. Expected (\d+) arguments? but got (\d+)\.$/);
  if (many)
    return `${many[1]}: expected ${many[2] === '0' ? 'only options' : `${many[2]} argument`}; found ${many[3]}`;
  const option = text.match(/^option '(\S+)[^']*' argument '(.*)' is invalid\. (.+)$/s);
  if (option) return wrongValue(option[1], option[2], option[3]);
  const argument = text.match(/^command-argument value '(.*)' is invalid for argument '(.+)'\. (.+)$/s);
  return argument ? wrongValue(`<${argument[2]}>`, argument[1], argument[3]) : text;
}

function wrongValue(name = '', found = '', expectation = ''): string {
  const expected = expectation.replace(/^Allowed choices are (.+)\.$/, 'one of $1').replace(/^expected /, '');
  return `${name}: expected ${expected}; found ${found === '' ? 'nothing' : found}`;
}
