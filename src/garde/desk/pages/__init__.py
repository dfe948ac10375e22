"""The desk's own pages, for people who are not at home in a terminal: wards, arrivals, downtime numbers.

Comes in: the running desk's keeper, journal and accounts; requests. Goes out: server-rendered HTML in English and
French, for a telephone and for the keyboard alone. Accounts are the desk's own and shared with nothing. What is done
here is decided by `garde.desk.numbers`, as by a command; who looks at patients is written down first.

    accounts.py   logins, roles, sessions: `pages.db`          entrance.py  signing in, with its limits
    site.py       what every page needs                        web.py       who asks, forms of ours, answers
    wards.py numbers.py paper.py sign_in.py  the pages                serve.py     the port, TLS
    words.py      French                                       views.py     what a template shows, pure
"""
