"""The watch: file activity comes in, findings and verdicts go out. It stops nobody and restores nothing.

`sensors/` see files change and processes come and go; `actors` says who stands behind a pid; `evidence`, `suspicion`
and their helpers judge. What is done about a verdict is `contain`'s and the agent's.
"""
