"""`make test`: gather what the tests need, run them, and say loudly what was not tested."""

import os
import subprocess
import sys
from contextlib import ExitStack

from tools import services

IN_CI = os.environ.get("CI") == "true"


def main(arguments: list[str]) -> int:
    """Run pytest with `arguments`; its status, or 1 when something is missing in CI."""
    missing: list[str] = []
    with ExitStack() as stack:
        environment = os.environ | _gather(stack, missing)
        if missing and IN_CI:
            print("\n".join(["", "With CI=true nothing may be left out:", *missing]), flush=True)
            return 1
        command = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", *_at_once(arguments), *arguments]
        status = subprocess.run(command, env=environment, check=False).returncode
    if missing:
        print("\n".join(["", "=" * 20 + " NOT TESTED ON THIS MACHINE " + "=" * 20, *missing, ""]), flush=True)
    return status


def _gather(stack: ExitStack, missing: list[str]) -> dict[str, str]:
    """Addresses of the services for the tests' environment; what is not there goes to `missing`."""
    found = {}
    for name, variable, what in (
        ("Chromium", "PORTAL_TEST_CHROMIUM", "every page in a browser: accessibility, layout, scripts"),
        ("PostgreSQL", "PORTAL_TEST_POSTGRES", "everything that touches the database, a second time"),
        ("Redis", "PORTAL_TEST_REDIS", "several workers, and a backplane that is lost"),
        ("OIDC", "PORTAL_TEST_OIDC", "signing in by an identity provider"),
    ):
        try:
            found[variable] = _one(stack, name)
            print(f"{name}: {found[variable]}", flush=True)
        except services.Missing as error:
            missing.append(f"  {name}: {error}.\n      Not tested without it: {what}.")
            print(f"{name}: NOT HERE", flush=True)
    return found


def _one(stack: ExitStack, name: str) -> str:
    if name == "Chromium":
        return services.browser()
    started = {"PostgreSQL": services.postgres, "Redis": services.redis, "OIDC": services.provider}
    return stack.enter_context(started[name]())


def _at_once(arguments: list[str]) -> list[str]:
    """Several processes, unless the caller says otherwise; tests of one file share what they have built."""
    if any(argument.startswith(("-n", "--pdb")) for argument in arguments):
        return []
    return ["-n", str(min(max(os.cpu_count() or 1, 2), 4)), "--dist", "loadscope"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
