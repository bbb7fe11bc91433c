"""`cmdm completion`: prints the script by which a shell completes the words of cmdm."""

import click

from cmdm_tui.cli.command_group import examples

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog=examples(
        "cmdm completion bash > ~/.local/share/bash-completion/completions/cmdm",
        "cmdm completion zsh > ~/.zfunc/_cmdm",
        "cmdm completion fish > ~/.config/fish/completions/cmdm.fish",
        'eval "$(cmdm completion bash)"',
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that lets SHELL complete what you type after cmdm.

    It knows commands, options and their choices, files, profiles, and the entities and fields that
    were seen before. A tab makes no call and signs no one in.

    In bash, the first example below takes effect in the next shell, where the package
    bash-completion is installed; else put the last one in ~/.bashrc. In zsh, ~/.zfunc is a folder
    of your own: put fpath+=~/.zfunc before compinit in ~/.zshrc. In fish, nothing else is needed.
    """
    from cmdm_tui.cli.completion.shells import SCRIPTS

    click.echo(SCRIPTS[shell], nl=False)
