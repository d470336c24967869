# SPDX-License-Identifier: GPL-2.0
"""Command lines whose mistakes end in one sentence, like every other error here."""

import argparse

from rig.errors import UserError


class Parser(argparse.ArgumentParser):
    """An ArgumentParser without abbreviations; a mistake raises UserError instead of printing the usage."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message):
        raise UserError(f"{message} (--help lists what is known)")


def positive(text):
    """An option's value that must be a whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)
