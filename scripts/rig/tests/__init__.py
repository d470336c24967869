# SPDX-License-Identifier: GPL-2.0
"""The tests that scripts/test runs, and what runs them."""
