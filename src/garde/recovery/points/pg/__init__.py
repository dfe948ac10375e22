"""What the PostgreSQL adapter is made of: each module does one thing with PostgreSQL's own programs.

Comes in: folders of base backups and of archived WAL. Goes out: nothing by itself; `..postgres` puts it together.

    tools      PostgreSQL's programs, found and run as a user that can read everything and write nothing
    backup     one base backup, as its manifest and label describe it
    wal        archived segments: which follow each other without a gap, and when what was committed
    reaching   how far the WAL brings a base, and what PostgreSQL is told to get there
    cluster    a private cluster in a scratch place: brought to a moment, asked, stopped
    questions  reading all of a cluster that was brought back
    swap       the service stopped, data directories exchanged, the service started again
"""
