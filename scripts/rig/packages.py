# SPDX-License-Identifier: GPL-2.0
"""Debian packages: installed when the build needs them, merely unpacked in the cache when only a guest does.

Fetching has an apt state of its own: the machine's mirror, Debian's archive keyring, an empty package database. The
machine's apt configuration, sources and installed packages stay as they were.
"""

import os
import re
import shlex
import shutil
from pathlib import Path

from rig import cache, process
from rig.errors import UserError

KEYRING_PACKAGE = "debian-archive-keyring"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LOCK_TIMEOUT = 600
FETCH_SIZE = 500_000_000
NETWORK = "check the network and the machine's apt sources"


def release():
    """The machine's Debian release: its codename, such as bookworm."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        text = ""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    if fields.get("VERSION_CODENAME") not in ("bookworm", "trixie") or not shutil.which("apt-get"):
        raise UserError(f"this is {fields.get('PRETTY_NAME', 'an unknown system')}, and the rig takes its parts from "
                        "Debian: run it on Debian 12 or 13, in a container or virtual machine if need be")
    return fields["VERSION_CODENAME"]


def missing(names):
    """Those of the named packages that are not installed."""
    query = process.output(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *names])
    present = {line.split()[1] for line in query.stdout.splitlines() if line.startswith("installed ")}
    return [name for name in names if name not in present]


def ensure(names, say=print):
    """Install what is missing of the named packages, as root or through sudo."""
    wanted = missing(names) if names else []
    if not wanted:
        return
    release()
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *wanted]
    patience = ["-o", f"DPkg::Lock::Timeout={LOCK_TIMEOUT}"]
    prefix = []
    if os.geteuid() != 0:
        prefix = ["sudo", "-n"]
        if not shutil.which("sudo") or process.output([*prefix, "true"]).returncode:
            raise UserError(f"some packages are missing, and installing them takes root: run `{shlex.join(install)}` "
                            "as root, then this again")
    say(f"installing {' '.join(wanted)}")
    settings = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
    for command in (["apt-get", "update"], install):
        done = process.output([*prefix, *settings, *command, *patience])
        if done.returncode and command is install:
            raise UserError(f"`{shlex.join(command)}` failed ({reason(done)}): {NETWORK}")


def fetch(names, suite=None, closure=True, say=print):
    """The .deb files of the named packages, with all that they depend on unless told otherwise, verified by apt."""
    suites = (suite,) if suite else None

    def download(directory):
        cache.need(FETCH_SIZE, "fetching packages")
        say(f"fetching {' '.join(names)}")
        config = apt_config(directory, suites)
        apt(config, "update")
        if closure:
            apt(config, "install", "--download-only", "--yes", "--no-install-recommends", *names)
        else:
            apt(config, "download", *names, cwd=directory / "archives")
        for name in ("lists", "config", "status", "sources.list"):
            path = directory / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    entry = cache.entry(f"debs/{names[0]}", cache.digest(release(), suite, closure, *names), download)
    return sorted((entry / "archives").glob("*.deb"))


def unpack(debs, directory):
    """Lay the files of some .debs out under a directory."""
    for deb in debs:
        done = process.output(["dpkg-deb", "-x", deb, directory])
        if done.returncode:
            raise UserError(f"{deb.name} does not unpack ({reason(done)}): remove {deb.parent.parent} and try again")


def mirrors(codename):
    """The machine's Debian sources as (URI, suite) pairs, and its main mirror."""
    targets = process.output(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                              "Created-By: Packages"])
    listed = {tuple(line.split()[:2]) for line in targets.stdout.splitlines() if line.split()[2:] == ["main"]}
    main = next((uri for uri, suite in sorted(listed) if suite in (codename, "stable", "oldstable")), None)
    if not main:
        raise UserError(f"the machine's apt sources name no Debian mirror for {codename}: add one to /etc/apt")
    own = re.compile(rf"(?:{codename}|stable|oldstable)(-updates|-security)?$")
    return [(uri, suite) for uri, suite in sorted(listed) if own.match(suite)], main


def apt_config(directory, suites):
    """Write a private apt configuration under a directory and return its path."""
    ensure([KEYRING_PACKAGE])
    sources, main = mirrors(release())
    if suites:
        sources = [(main, suite) for suite in suites]
    for name in ("lists/partial", "archives/partial"):
        (directory / name).mkdir(parents=True)
    (directory / "status").touch()
    (directory / "sources.list").write_text(
        "".join(f"deb [signed-by={KEYRING}] {uri} {suite} main\n" for uri, suite in sources), encoding="utf-8")
    acquire = [line for line in process.output(["apt-config", "dump"]).stdout.splitlines()
               if line.startswith("Acquire::")]
    settings = {"Dir::State": directory, "Dir::State::lists": directory / "lists",
                "Dir::State::status": directory / "status", "Dir::Cache": directory,
                "Dir::Cache::archives": directory / "archives", "Dir::Cache::pkgcache": "",
                "Dir::Cache::srcpkgcache": "", "Dir::Etc::sourcelist": directory / "sources.list",
                "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::parts": "/dev/null", "Dir::Etc::main": "/dev/null",
                "Acquire::Languages": "none", "Acquire::Retries": "3", "APT::Install-Recommends": "false"}
    if os.geteuid() == 0:
        settings["APT::Sandbox::User"] = "root"
    text = "\n".join([*acquire, *(f'{key} "{value}";' for key, value in settings.items()), ""])
    config = directory / "config"
    config.write_text(text, encoding="utf-8")
    return config


def apt(config, *words, cwd=None):
    """Run apt-get with a private configuration, and only that one."""
    done = process.output(["apt-get", "-q", *words], cwd=cwd,
                          env=os.environ | {"APT_CONFIG": str(config), "LC_ALL": "C"})
    failed = done.returncode or re.search(r"^(E|W): Failed to fetch", done.stdout + done.stderr, re.MULTILINE)
    if failed:
        raise UserError(f"apt-get {words[0]} for the rig's own parts failed ({reason(done)}): {NETWORK}")


def reason(done):
    """The most telling line of a failed command's output."""
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(E:|W: Failed|Err|.*error)", line)]
    return (errors or lines or ["no message"])[0].rstrip(".")
