"""The page of a ward's PC, on loopback: how old the data are, in letters that are read from the door; and buttons.

Comes in: requests of the browser on this PC. Goes out: HTML; presses of a button. It works without any network, without
a script (one only reloads the page), in black on white, on a screen as narrow as a telephone's.

    words.py      every sentence, in every language       templates/, static/   how it looks
    sessions.py   who has entered a PIN                   view.py               what is shown, as plain data
    printing.py   the one printing that is under way      app.py                requests and answers
"""
