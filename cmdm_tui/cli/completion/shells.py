"""The scripts of bash, zsh and fish that ask cmdm what to offer, and the answers to them.

A script gives the line up to the cursor in `COMP_LINE`. An answer is a line each: its kind (plain,
file, dir), the value and what it is for, with tabs between them. No value holds a tab or a line
feed, as none with a character that is not printed is offered.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType

import click
from click.shell_completion import CompletionItem, ShellComplete

from cmdm_tui.cli.completion.words import TypedLine, cut_at_break, quote_for_bash, read_line

VARIABLE = "_CMDM_COMPLETE"
"""The environment variable by which a script asks, as click names it."""

_LONGEST_HELP = 70

_BASH = """\
# Completion of cmdm in bash. It knows commands, options, profiles, entities and fields.
_cmdm_complete() {
    local kind value help
    COMPREPLY=()
    while IFS=$'\\t' read -r kind value help; do
        case $kind in
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
            plain)
                COMPREPLY+=("$value")
                case $value in *[=,/]) compopt -o nospace 2>/dev/null ;; esac
                ;;
        esac
    done < <(_CMDM_COMPLETE=bash_complete COMP_LINE="${COMP_LINE:0:COMP_POINT}" \\
        CMDM_WORDBREAKS="$COMP_WORDBREAKS" "$1" 2>/dev/null)
}
complete -o nosort -F _cmdm_complete cmdm cmdm-tui 2>/dev/null ||
    complete -F _cmdm_complete cmdm cmdm-tui
"""

_ZSH = """\
#compdef cmdm cmdm-tui
# Completion of cmdm in zsh. It knows commands, options, profiles, entities and fields.
_cmdm() {
    local line program=${(Q)words[1]}
    local -a parts values shown open_values open_shown
    while IFS= read -r line; do
        parts=("${(@ps:\\t:)line}")
        case $parts[1] in
            file) _files ;;
            dir) _files -/ ;;
            plain)
                local text=$parts[2]
                [[ -n $parts[3] ]] && text="$parts[2]  -- $parts[3]"
                if [[ $parts[2] == *[=,/] ]]; then
                    open_values+=("$parts[2]")
                    open_shown+=("$text")
                else
                    values+=("$parts[2]")
                    shown+=("$text")
                fi
                ;;
        esac
    done < <(_CMDM_COMPLETE=zsh_complete COMP_LINE="${(j: :)words[1,CURRENT]}" $program 2>/dev/null)
    (( $#values )) && compadd -U -V cmdm -l -d shown -a values
    (( $#open_values )) && compadd -U -V cmdm-open -S '' -l -d open_shown -a open_values
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _cmdm "$@"
else
    compdef _cmdm cmdm cmdm-tui
fi
"""

_FISH = """\
# Completion of cmdm in fish. It knows commands, options, profiles, entities and fields.
function __cmdm_complete
    set -l line (commandline -cp)
    for row in (env _CMDM_COMPLETE=fish_complete COMP_LINE="$line" cmdm 2>/dev/null)
        set -l parts (string split -m 2 \\t -- $row)
        switch $parts[1]
            case file
                __fish_complete_path (commandline -ct)
            case dir
                __fish_complete_directories (commandline -ct)
            case plain
                printf '%s\\t%s\\n' $parts[2] "$parts[3]"
        end
    end
end
complete -c cmdm -f -a '(__cmdm_complete)'
complete -c cmdm-tui -f -a '(__cmdm_complete)'
"""

SCRIPTS: Mapping[str, str] = MappingProxyType({"bash": _BASH, "zsh": _ZSH, "fish": _FISH})
"""The script of each shell."""


class LineCompletion(ShellComplete):
    """Answers a script that gives the line up to the cursor; zsh and fish quote by themselves."""

    source_template = ""
    quotes_values = False

    def __init__(self, command: click.Command, environment: Mapping[str, str]) -> None:
        super().__init__(command, {}, "cmdm", VARIABLE)
        self._typed: TypedLine = read_line(environment.get("COMP_LINE", ""))
        self._breaks = environment.get("CMDM_WORDBREAKS", "")

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words after the command's own, and the one to complete."""
        return list(self._typed.words[1:]), self._typed.incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return what completes the word, without what a terminal does not print."""
        if not self._typed.words:
            return []
        found = super().get_completions(args, incomplete)
        return [one for one in found if str(one.value).isprintable()]

    def format_completion(self, item: CompletionItem) -> str:
        """Return the line of the answer for one of them."""
        value = str(item.value)
        option, equals, _ = self._typed.incomplete.partition("=")
        if item.type == "plain" and equals and option.startswith("--"):
            # click completes what follows the sign, and a shell the whole word.
            value = f"{option}={value}"
        if self.quotes_values and item.type == "plain":
            rest = cut_at_break(value, self._typed.incomplete, self._breaks)
            value = quote_for_bash(rest, self._typed.quote)
        about = " ".join((item.help or "").split())
        shown = about[:_LONGEST_HELP] if about.isprintable() else ""
        return f"{item.type}\t{value}\t{shown}"


class BashCompletion(LineCompletion):
    """Answers bash, which inserts a value as it is: it is quoted here."""

    quotes_values = True


def answer(command: click.Command, instruction: str, environment: Mapping[str, str]) -> int:
    """Write what a script asks for on stdout; return the exit code. A failure is not told."""
    from cmdm_tui.cli.output import write_text

    shell, _, what = instruction.partition("_")
    if shell not in SCRIPTS or what not in {"complete", "source"}:
        return 1
    if what == "source":
        write_text(SCRIPTS[shell].encode())
        return 0
    kind = BashCompletion if shell == "bash" else LineCompletion
    try:
        lines = kind(command, environment).complete()
    except Exception:
        if os.environ.get("CMDM_DEBUG"):
            raise
        return 1
    write_text(lines.encode("utf-8", "replace"))
    return 0
