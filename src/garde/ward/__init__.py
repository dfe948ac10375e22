"""The program `garde ward`: a stand-alone PC with a USB printer, that prints a ward's packs when nothing else is left.

Comes in: parcels (from the desk over the network, or by stick), presses of a button. Goes out: paper; receipts for the
desk; an alarm when the newest pack is old. It shares nothing with a hub, asks nobody for anything, and works with every
cable but the printer's pulled out.

    config.py     ward.json: places, listening, printer, limits
    state.py      the fold over the ward's own journal
    fresh.py      how old the data on a pack are, in a word
    cupboard.py   packs at rest, still sealed; shredding
    house.py      all of it held together: trust, take, open, receipt, tidy
    press.py      choosing pages and printing them; what is written down of it
    accounts.py   who may look and print at the page: PINs, the sealed envelope
    receiver.py   the one thing the network reaches: POST of a parcel
    page/         the page on loopback
    program.py    the process
"""
