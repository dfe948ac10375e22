"""The words of errors that a page shows: known here so that they are translated.

Comes in: nothing. Goes out: `FAULTS`. The sentences themselves stand where the error is raised; a page says them by
`Say.known`, which leaves alone what is not in the catalogue.
"""

from __future__ import annotations

from garde.journal.speech import mark

FAULTS = (
    mark("a password has at least 12 characters"),
    mark("a password has at most 256 characters"),
    mark("this password is too easy to guess"),
    mark("four or five words in a row do well"),
    mark("a login has 1 to 64 letters, digits, dots, dashes or underscores"),
    mark("for example: c.moreau"),
    mark("you cannot take your own account away"),
    mark("let somebody else do it"),
    mark("nothing was chosen"),
    mark("your own password was not right: nothing was done"),
    mark("type it once more"),
    mark("that took too long"),
    mark("begin again"),
    mark("who came in by a code of the envelope has no account to change"),
    mark("make one under Accounts"),
    mark("there is no such cut"),
    mark("there is no such incident"),
    mark("there is no such machine"),
    mark("somebody has declared it over already"),
    mark("it has become part of an earlier incident: nothing was done"),
    mark("go on with that one"),
    mark("open the page again"),
    mark("your account can look, not decide"),
    mark("sign in with an account that may, or by the envelope"),
    mark("your account cannot change this"),
    mark("ask an administrator, or use the envelope"),
    mark("this cut is not in force"),
    mark("this cut is not offered"),
    mark("this has been decided meanwhile"),
    mark("the proposal has changed since the page was read: nothing was done"),
    mark("look at it as it stands now, then decide"),
    mark("this page was too old: nothing was done"),
    mark("open it again, then press once more"),
    mark("this did not come from a page of this hub: nothing was done"),
    mark("open the hub's own page"),
    mark("what was typed is too long"),
)
