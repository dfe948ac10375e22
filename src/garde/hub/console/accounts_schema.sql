CREATE TABLE IF NOT EXISTS accounts (
    login TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    password TEXT NOT NULL, -- argon2id
    shut INTEGER NOT NULL DEFAULT 0,
    totp TEXT NOT NULL DEFAULT '', -- secret of the app, '' where none is asked for
    totp_last INTEGER NOT NULL DEFAULT 0, -- the last step that counted
    made REAL NOT NULL,
    changed REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS codes (
    hash TEXT PRIMARY KEY, -- SHA-256: a code has 80 random bits
    used REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    hash TEXT PRIMARY KEY, -- SHA-256 of the cookie
    login TEXT NOT NULL,
    how TEXT NOT NULL, -- password | break-glass
    csrf TEXT NOT NULL,
    made REAL NOT NULL,
    seen REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_login ON sessions (login);
CREATE TABLE IF NOT EXISTS places (
    login TEXT NOT NULL,
    place TEXT NOT NULL, -- from where it has signed in
    at REAL NOT NULL,
    PRIMARY KEY (login, place)
) STRICT;
