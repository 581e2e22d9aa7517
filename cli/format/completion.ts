// Completion scripts, made from the commands: their names first, then the options of the one that was typed.
import type { Command } from 'commander';

interface Known {
  readonly name: string;
  readonly description: string;
  readonly options: readonly string[];
}

/** `undefined` for a shell that there is no script for. */
export function completionScript(shell: string, program: Command): string | undefined {
  const commands = program.commands.map(
    (command): Known => ({
      name: command.name(),
      description: command.description(),
      options: ['--help', ...command.options.map((option) => option.long).filter((long) => long != null)],
    }),
  );
  const scripts: Readonly<Record<string, (known: readonly Known[]) => string>> = { bash, zsh, fish };
  return Object.hasOwn(scripts, shell) ? scripts[shell]!(commands) : undefined;
}

/** `npx seriatim …` is completed as `seriatim …` is. */
function bash(commands: readonly Known[]): string {
  const cases = commands.map(({ name, options }) => `    ${name}) words="${options.join(' ')}" ;;`);
  return `_seriatim() {
  local current="\${COMP_WORDS[COMP_CWORD]}" first=1 words=""
  [ "\${COMP_WORDS[0]}" = npx ] && { [ "\${COMP_WORDS[1]}" = seriatim ] || return; first=2; }
  case "\${COMP_WORDS[first]}" in
${cases.join('\n')}
  esac
  [ "$COMP_CWORD" -le "$first" ] && words="${commands.map(({ name }) => name).join(' ')}"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o default -F _seriatim seriatim
complete -o default -F _seriatim npx`;
}

function zsh(commands: readonly Known[]): string {
  const names = commands.map(({ name, description }) => `    '${name}:${quoted(description)}'`);
  const cases = commands.map(
    ({ name, options }) => `    ${name}) compadd -- ${options.join(' ')}; _files ;;`,
  );
  return `#compdef seriatim
_seriatim() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
}
compdef _seriatim seriatim`;
}

function fish(commands: readonly Known[]): string {
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c seriatim -n __fish_use_subcommand -a ${name} -d '${quoted(description)}'`,
    ...options.map(
      (option) => `complete -c seriatim -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
    ),
  ]);
  return lines.join('\n');
}

/** Inside single quotes, and with zsh's own divider kept out. */
function quoted(text: string): string {
  return text.replaceAll("'", '’').replaceAll(':', ' –');
}
