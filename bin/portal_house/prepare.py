"""From a checkout to a portal that can be served: tables, rights, static files, demonstration."""

import os
from collections.abc import Mapping

from portal_house.local_env import LocalEnv
from portal_house.packages import install_debian, install_python
from portal_house.places import Places, digest, step
from portal_house.postgres import Cluster
from portal_house.trouble import Trouble, run


def packages(places: Places, *, tests: bool) -> None:
    install_debian(tests=tests, first_time=not places.python.exists())
    places.make_var()
    install_python(places, tests=tests)


def environment(places: Places, cluster: Cluster | None) -> dict[str, str]:
    """What the portal's processes are told: this machine's environment over var/local.env.

    Args:
        cluster: the embedded database, or None where DATABASE_URL names another: then nothing is
            demonstrated, as a demonstration lets anyone sign in as anybody.
    """
    ours = {"DJANGO_SETTINGS_MODULE": "prevent_portal.settings"}
    if cluster:
        return {**os.environ, **LocalEnv(places).see_to(cluster), **ours}
    given = os.environ
    if "SECRET_KEY" not in given or not {"VAULT_KEY", "VAULT_KEY_FILE"} & given.keys():
        raise Trouble(
            "DATABASE_URL names a database, so SECRET_KEY and VAULT_KEY_FILE must be set too "
            "(see deploy/README.md); or unset DATABASE_URL."
        )
    owner = {"DATABASE_OWNER_URL": given["DATABASE_URL"]}
    return {"HTTPS": "0", **owner, **given, **ours, "PORTAL_DEMO": "0"}


def manage(
    places: Places, command: str, *words: str, env: Mapping[str, str], owner: bool = False
) -> None:
    """Run a management command, as the owner of the tables where it changes them."""
    if owner:
        env = {**env, "DATABASE_URL": env["DATABASE_OWNER_URL"]}
    run(
        [places.python, "manage.py", command, *words],
        env=env,
        cwd=places.checkout,
        where=places.var,
        sorry=f"`manage.py {command}` did not work: see above.",
    )


def schema_digest(places: Places) -> str:
    """Changes when a migration, or a package that may bring its own, does."""
    own = places.checkout.glob("*/migrations/*.py")
    return digest([*own, places.checkout / "requirements.txt"])


def tables(places: Places, env: Mapping[str, str], cluster: Cluster | None) -> None:
    wanted = schema_digest(places)
    if cluster and cluster.notes().get("schema") == wanted:
        return
    with step("Tables", "1 minute"):
        manage(places, "migrate", "--noinput", "--verbosity=0", env=env, owner=True)
        manage(places, "createcachetable", env=env, owner=True)
        if env["DATABASE_URL"] != env["DATABASE_OWNER_URL"]:
            manage(places, "grant_roles", env=env, owner=True)
    if cluster:
        cluster.note(schema=wanted)


def static_files(places: Places, env: Mapping[str, str]) -> None:
    mark = places.var / "static" / ".made-from"
    of_rooms = [folder for folder in places.checkout.glob("*/static") if folder != mark.parent]
    wanted = digest([places.checkout / "static", *of_rooms, places.checkout / "requirements.txt"])
    if mark.exists() and mark.read_text() == wanted:
        return
    with step("Static files", "10 seconds"):
        manage(places, "collectstatic", "--noinput", "--clear", "--verbosity=0", env=env)
    mark.write_text(wanted)


def pages(places: Places, env: Mapping[str, str], cluster: Cluster | None) -> None:
    """The board's first pages; what its editors changed since stays as it is."""
    wanted = digest([places.checkout / "guidance" / name for name in ("content", "translations")])
    if cluster and cluster.notes().get("pages") == wanted:
        return
    with step("Guidance pages", "10 seconds"):
        manage(places, "load_guidance", env=env, owner=True)
        manage(places, "load_guidance", "--translations", "cy", env=env, owner=True)
    if cluster:
        cluster.note(pages=wanted)


def standards(places: Places, env: Mapping[str, str], cluster: Cluster | None) -> None:
    """What the yearly self-assessment asks; a set that agencies have begun stays as it is."""
    wanted = digest(places.checkout.glob("selfassessment/standards/*.yaml"))
    if cluster and cluster.notes().get("standards") == wanted:
        return
    with step("Standards", "2 seconds"):
        manage(places, "load_standards", env=env, owner=True)
    if cluster:
        cluster.note(standards=wanted)


def demonstration(places: Places, env: Mapping[str, str], cluster: Cluster) -> None:
    """The made-up partnership; load_demo adds what is missing and leaves what people did."""
    wanted = digest([places.checkout / "demo"])
    if cluster.notes().get("demonstration") == wanted:
        return
    with step("Demonstration partnership", "1 minute"):
        # As the owner, who alone may date what the log tells of the past weeks.
        manage(places, "load_demo", env=env, owner=True)
    cluster.note(demonstration=wanted)
