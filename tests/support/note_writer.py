"""Ransom notes written for tests: nobody's, in the manner of three families that do not exist."""

from __future__ import annotations

SITE_A = "a" * 55 + "b"
SITE_B = "b" * 55 + "c"
ALPHA = """~~~ ALPHALOCK ~~~

>>> What happened?
Your network was penetrated and your files are encrypted with military grade ciphers. We also downloaded your data.
>>> How do I get it back?
Download Tor Browser and open our site: http://{site}.onion/chat/{number}
We decrypt one file for free. Do not rename encrypted files, do not use third party software.
If you do not pay in bitcoin within 72 hours, your data will be published.
"""
BETA = """Hello dear company!

All servers are locked by our team. Write an e-mail to {mail} and attach two files. The price depends on how fast you
write. Your backups were deleted, there is no way to restore your files without our private key. Please do not shut
down your servers. Your personal key: {number}
"""
GAMMA = """ATTENTION ATTENTION

We took 300 gigabytes from your storage: contracts, passports, medical files. They will be sold if you do not contact
us. Open the chat in Tor Browser and enter your login {number}. We are waiting for your manager, not for your police.
Your files were encrypted by us, and only our decryptor can recover them.
"""


def alpha(number: str = "A1B2C3D4", site: str = SITE_A) -> str:
    return ALPHA.format(number=number, site=site)


def beta(number: str = "77-12345", mail: str = "helper77@lab.invalid") -> str:
    return BETA.format(number=number, mail=mail)


def gamma(number: str = "user-9911") -> str:
    return GAMMA.format(number=number)
