"""Contain: what stops a proven attacker, reversibly.

Comes in: verdicts. Goes out: holds (a stopped process tree, a stopped and refused SMB client) with their undo. It does
not judge who is an attacker and does not put files back.
"""
