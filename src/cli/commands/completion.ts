import { Argument, Command } from 'commander';

const SHELLS = ['bash', 'zsh'] as const;

type Entries = readonly { readonly name: string; readonly load: () => Promise<(command: Command) => void> }[];

/** Generated from the table of commands, so that a new command or option completes at once. */
export const completionOf =
  (entries: Entries) =>
  (command: Command): void => {
    command
      .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
      .action(async (shell: (typeof SHELLS)[number]) => {
        const script = bashScript(await everyCommand(entries));
        process.stdout.write(shell === 'bash' ? script : `${ZSH_HEAD}${script}`);
      });
  };

/** zsh can read completions written for bash. */
const ZSH_HEAD = `autoload -Uz compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
`;

async function everyCommand(entries: Entries): Promise<readonly Command[]> {
  return Promise.all(
    entries.map(async ({ name, load }) => {
      const command = new Command(name);
      (await load())(command);
      return command;
    }),
  );
}

function bashScript(commands: readonly Command[]): string {
  const names = commands.map((command) => command.name());
  const nested = commands.filter((command) => command.commands.length > 0);
  return `# In ~/.bashrc: eval "$(fermata completion bash)"; in ~/.zshrc the same with zsh. Also behind npx.
_fermata() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" at=0 command="" offered="" index
  COMPREPLY=()
  for ((index = 0; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in fermata|*/fermata) at=$((index + 1)); break ;; esac
  done
  if ((at == 0)); then return 0; fi
  if ((COMP_CWORD > at)); then command="\${COMP_WORDS[at]}"; fi
  case "$command" in ${alternatives(nested.map((of) => of.name()))}
    if ((COMP_CWORD > at + 1)); then command="$command \${COMP_WORDS[at + 1]}"; fi ;;
  esac
  case "$command:$previous" in
${commands.flatMap(withNested).flatMap(valueCases).join('\n')}
  esac
  if [ -z "$offered" ]; then case "$command" in
    ""|help) offered="${[...names, 'help'].join(' ')}" ;;
${commands.flatMap(withNested).map(wordCase).join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$offered" -- "$word"))
}
complete -o default -F _fermata fermata npx
`;
}

interface Known {
  /** The command as typed, for example `incident open`. */
  readonly typed: string;
  readonly command: Command;
}

const withNested = (command: Command): readonly Known[] => [
  { typed: command.name(), command },
  ...command.commands.map((nested) => ({ typed: `${command.name()} ${nested.name()}`, command: nested })),
];

/** After an option that takes a value: its choices, or else the shell's own completion of file names. */
function valueCases({ typed, command }: Known): readonly string[] {
  return command.options
    .filter((option) => option.required)
    .map((option) => {
      const flags = [option.short, option.long].flatMap((flag) => (flag ? [`${typed}:${flag}`] : []));
      const choices = option.argChoices ?? [];
      return `    ${alternatives(flags)} ${choices.length > 0 ? `offered="${choices.join(' ')}"` : 'return 0'} ;;`;
    });
}

function wordCase({ typed, command }: Known): string {
  const words = [
    ...command.commands.map((nested) => nested.name()),
    ...command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    ...command.options.flatMap(({ long }) => (long ? [long] : [])),
    '--help',
  ];
  return `    "${typed}") offered="${words.join(' ')}" ;;`;
}

const alternatives = (patterns: readonly string[]): string =>
  `${patterns.map((pattern) => `"${pattern}"`).join('|')})`;
