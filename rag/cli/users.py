"""``footnotes users``: who may log in at a server that others can reach."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rag import show
from rag.cli.options import ConfigOption, HomeOption, open_engine
from rag.config import password_variable
from rag.errors import UserError
from rag.messages import say
from rag.store.users import SHORTEST, normal

if TYPE_CHECKING:
    from rag.engine import Engine

app = typer.Typer(
    help="Who may log in, each with a password and conversations of their own.", no_args_is_help=True
)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]


@app.command("list")
def list_users(*, home: HomeOption = None, config_file: ConfigOption = None) -> None:
    """List the users."""
    with open_engine(home, config_file) as engine:
        for name in engine.users.names():
            typer.echo(name)


@app.command("add")
def add(
    name: _Name,
    *,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Give them the conversations kept so far on this machine.")
    ] = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Add a user, with a password that is asked for, or from FOOTNOTES_PASSWORD_NAME."""
    with open_engine(home, config_file) as engine:
        name = normal(name)
        if name in engine.users.names():
            raise UserError(
                "There is a user {name} already. `footnotes users password {name}` gives a new password.",
                name=name,
            )
        engine.users.set(name, _password(name))
        show.line(say("Added: {name}", name=name))
        if take_over:
            count = engine.sessions.hand_over("", name)
            show.line(say("Conversations given to {name}: {count}", name=name, count=count))


@app.command("password")
def password(name: _Name, *, home: HomeOption = None, config_file: ConfigOption = None) -> None:
    """Give a user a new password; wherever they are logged in, that ends."""
    with open_engine(home, config_file) as engine:
        name = _known(engine, name)
        engine.users.set(name, _password(name))
    show.line(say("New password: {name}", name=name))


@app.command("remove")
def remove(
    name: _Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: HomeOption = None,
    config_file: ConfigOption = None,
) -> None:
    """Remove a user and their conversations for good; wherever they are logged in, that ends."""
    with open_engine(home, config_file) as engine:
        name = _known(engine, name)
        count = len(engine.sessions.listed(name))
        if count and not yes:
            asked = say("Remove {name} and their conversations ({count}) for good?", name=name, count=count)
            typer.confirm(asked, abort=True)
        engine.users.remove(name)
        engine.sessions.remove_all(name)
    show.line(say("Removed: {name}", name=name))


def ready(engine: Engine) -> None:
    """See that each user whom the settings name has a password: from the environment, as kept, or asked for on a terminal.

    One of the environment that is not the one that is kept replaces it. Without any, nothing is done: the server says so.

    Raises:
        UserError: no name, or too short a password.
    """
    users = engine.users
    for name in map(normal, engine.settings.serve.users):
        given = os.environ.get(password_variable(name))
        if given:
            if not users.has_password(name, given):
                users.set(name, given)
        elif name not in users.names() and sys.stdin.isatty():
            users.set(name, _asked(name))


def _known(engine: Engine, name: str) -> str:
    name = normal(name)
    if name not in engine.users.names():
        raise UserError("There is no user {name}. `footnotes users list` names all.", name=name)
    return name


def _password(name: str) -> str:
    """The password that the environment gives, else one that is typed in."""
    given = os.environ.get(password_variable(name))
    if given:
        return given
    if not sys.stdin.isatty():
        raise UserError(
            "The user {name} has no password. Set {variable}, or run this on a terminal.",
            name=name,
            variable=password_variable(name),
        )
    return _asked(name)


def _asked(name: str) -> str:
    line = say("Password of {name} ({least} characters or more)", name=name, least=SHORTEST)
    typed: str = typer.prompt(line, hide_input=True, confirmation_prompt=say("Once more"))
    return typed
