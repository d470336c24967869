# SPDX-License-Identifier: GPL-2.0
"""What an operation costs: instructions executed and hypercalls issued, ours beside stock C."""
