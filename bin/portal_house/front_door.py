"""The commands of bin/portal."""

import argparse
import os
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

from portal_house import bench, checks, prepare, proof, serve
from portal_house.places import Places
from portal_house.postgres import OWNER, SERVING, Cluster
from portal_house.trouble import Trouble, full_disk, is_full


def main(words: list[str] | None = None) -> int:
    """Do one command; 0, or 1 after one sentence about what is in the way."""
    places = Places(Path(__file__).resolve().parents[2])
    serve.stop_on_signals()
    try:
        arguments = _parser().parse_args(words)
        arguments.do(places, arguments)
    except Trouble as trouble:
        if str(trouble):
            print(trouble, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", flush=True)
        return 130
    except OSError as error:
        if not is_full(error) and not error.filename:
            raise
        sentence = f"{error.filename}: {error.strerror}."
        if is_full(error):
            sentence = str(full_disk(Path(error.filename or places.checkout)))
        print(sentence, file=sys.stderr, flush=True)
        return 1
    return 0


def set_up(places: Places, arguments: argparse.Namespace) -> None:
    places.make_var()
    places.needs_room(database=_cluster_for(places).data)
    prepare.packages(places, tests=arguments.tests)


def run(places: Places, arguments: argparse.Namespace) -> None:
    port = serve.port_from(os.environ.get("PORT") or "8000")
    places.make_var()
    with serve.only_one(places, "run"):
        serve.stop_leftovers(places)
        serve.see_that_port_is_free(port)
        cluster = None if os.environ.get("DATABASE_URL") else _cluster_for(places)
        if cluster:
            places.needs_room(database=cluster.data)
        prepare.packages(places, tests=False)
        if cluster:
            _leave_strangers_data(places, cluster)
        env = prepare.environment(places, cluster)
        try:
            if cluster:
                cluster.start()
            prepare.tables(places, env, cluster)
            prepare.static_files(places, env)
            prepare.pages(places, env, cluster)
            prepare.standards(places, env, cluster)
            if cluster:
                prepare.demonstration(places, env, cluster)
            serve.serve(places, env, port)
        finally:
            serve.let_nothing_interrupt()
            if cluster:
                cluster.stop()


def test(places: Places, arguments: argparse.Namespace) -> None:
    places.make_var()
    with serve.only_one(places, "test"):
        cluster = _cluster_for(places, tests=True)
        places.needs_room(database=cluster.data)
        prepare.packages(places, tests=True)
        try:
            cluster.start()
            env = checks.environment(cluster)
            checks.run_checks(places, env)
            checks.run_tests(places, env)
        finally:
            serve.let_nothing_interrupt()
            cluster.stop()


def measure(places: Places, arguments: argparse.Namespace) -> None:
    """What each page costs, as a multiple of the floor, at several sizes of sample."""
    places.make_var()
    with serve.only_one(places, "bench"):
        cluster = Cluster(places, bench.NAME)
        places.needs_room(database=cluster.data)
        prepare.packages(places, tests=False)
        try:
            cluster.start()
            bench.measure(places, cluster)
        finally:
            serve.let_nothing_interrupt()
            cluster.stop()


def prove(places: Places, arguments: argparse.Namespace) -> None:
    """What takes too long for every change: see docs/proof.md."""
    places.make_var()
    with serve.only_one(places, "proof"), serve.only_one(places, "test"):
        tested, shown = _cluster_for(places, tests=True), Cluster(places, proof.NAME)
        places.needs_room(database=shown.data)
        prepare.packages(places, tests=True)
        proof.tools(places)
        try:
            tested.start()
            scanned = proof.needs_demonstration(arguments.only)
            with proof.demonstration(places, shown) if scanned else nullcontext("") as address:
                proof.prove(places, tested, address, arguments.only)
        finally:
            serve.let_nothing_interrupt()
            tested.stop()
            shown.stop()


def database(places: Places, arguments: argparse.Namespace) -> None:
    """The embedded database alone, for work with manage.py."""
    cluster = _cluster_for(places)
    if arguments.what == "url":
        print(cluster.url(OWNER if arguments.owner else SERVING))
    elif arguments.what == "stop":
        cluster.stop()
    else:
        set_up(places, argparse.Namespace(tests=False))
        _leave_strangers_data(places, cluster)
        env = prepare.environment(places, cluster)
        cluster.start()
        prepare.tables(places, env, cluster)


def stop(places: Places, arguments: argparse.Namespace) -> None:
    stopped = [
        name for name in ("run", "test", "bench", "proof") if serve.stop_running(places, name)
    ]
    serve.stop_leftovers(places)
    kept = [Cluster(places, name) for name in (bench.NAME, proof.NAME)]
    for cluster in (_cluster_for(places), _cluster_for(places, tests=True), *kept):
        if cluster.is_running():
            cluster.stop()
            stopped.append(cluster.name)
    print("Stopped." if stopped else "Nothing was running.")


def afresh(places: Places, arguments: argparse.Namespace) -> None:
    """Give up the demonstration (or all that was made), never what is in the repository."""
    if not arguments.yes and not _sure():
        raise Trouble("Nothing was removed.")
    stop(places, arguments)
    _cluster_for(places).remove()
    for name in ("local.env", "vault.key", "mail", "media"):
        _remove(places.var / name)
    if arguments.all:
        _cluster_for(places, tests=True).remove()
        Cluster(places, bench.NAME).remove()
        Cluster(places, proof.NAME).remove()
        for folder in (places.shelter, places.var, places.venv):
            _remove(folder)
    print("The next `make run` starts afresh.")


def _sure() -> bool:
    print("This removes the demonstration: its database, keys and mails. Type yes: ", end="")
    sys.stdout.flush()
    return sys.stdin is not None and sys.stdin.readline().strip().lower() == "yes"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _cluster_for(places: Places, *, tests: bool = False) -> Cluster:
    return Cluster(places, "test-postgres" if tests else "postgres")


def _leave_strangers_data(places: Places, cluster: Cluster) -> None:
    """In the shelter there may be data of an earlier checkout at this path, whose key is gone."""
    if (
        cluster.exists
        and cluster.home == places.shelter
        and not (places.var / "vault.key").exists()
    ):
        cluster.set_aside()
        print(f"The data of an earlier checkout stays aside in {places.shelter}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin/portal", description="Set up, run, test the portal.")
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("setup", help="Debian packages and the virtual environment")
    command.add_argument("--tests", action="store_true", help="with what the tests need")
    command.set_defaults(do=set_up)

    command = commands.add_parser("run", help="set up and serve; PORT= chooses the port")
    command.set_defaults(do=run)

    command = commands.add_parser("test", help="set up, check and test everything")
    command.set_defaults(do=test)

    command = commands.add_parser("bench", help="measure the pages; BENCH_MILLION=1 for more")
    command.set_defaults(do=measure)

    command = commands.add_parser("proof", help="the full counts and the scanners; docs/proof.md")
    command.add_argument("--only", default="", help="parts, as the table names them: a,b")
    command.set_defaults(do=prove)

    command = commands.add_parser("database", help="the embedded database alone")
    command.add_argument("what", choices=["start", "stop", "url"])
    command.add_argument("--owner", action="store_true", help="the address for migrations")
    command.set_defaults(do=database)

    command = commands.add_parser("stop", help="stop what runs from this folder")
    command.set_defaults(do=stop)

    command = commands.add_parser("afresh", help="give up the demonstration's data")
    command.add_argument("--all", action="store_true", help="and everything else that was made")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.set_defaults(do=afresh)
    return parser
