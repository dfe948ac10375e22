-- The vault's index. Paths are raw bytes. Times: *_ns since the epoch as the file system has them; the rest wall seconds.
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE stores (
    id INTEGER PRIMARY KEY,
    base BLOB NOT NULL UNIQUE,      -- the directory it serves
    path BLOB NOT NULL,
    ino INTEGER NOT NULL,           -- finds it again after a rename
    reflink INTEGER NOT NULL,
    why TEXT NOT NULL
);

-- One row for each name known. store, ino, size, mtime_ns, ctime_ns: the live file when it was last looked at.
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    fid BLOB,
    store INTEGER NOT NULL,
    ino INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    newest INTEGER,                 -- newest healthy version; NULL: none (see why)
    gone REAL,                      -- seen to be deleted
    why TEXT                        -- why there is no version
);
CREATE INDEX files_fid ON files (fid) WHERE fid IS NOT NULL;
CREATE INDEX files_ino ON files (ino);

CREATE TABLE versions (
    id INTEGER PRIMARY KEY,         -- also the object's number in its store
    file INTEGER NOT NULL,
    store INTEGER NOT NULL,
    how INTEGER NOT NULL,           -- records.How
    captured_at REAL NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    xattrs BLOB,
    kind TEXT NOT NULL,
    structure TEXT NOT NULL,
    sha256 BLOB,                    -- NULL: not hashed yet; empty: too large to hash
    allocated INTEGER NOT NULL,     -- bytes that a copy takes
    fingerprint BLOB,
    bad INTEGER NOT NULL DEFAULT 0  -- judged damaged later: never restored
);
CREATE INDEX versions_file ON versions (file);
CREATE INDEX versions_unhashed ON versions (id) WHERE sha256 IS NULL AND how IN (1, 2);
CREATE INDEX versions_waiting ON versions (mtime_ns, id) WHERE how = 0;

-- Renames of known files and of directories: the way back to the name that a file had.
CREATE TABLE moves (id INTEGER PRIMARY KEY, old BLOB NOT NULL, new BLOB NOT NULL, is_dir INTEGER NOT NULL, at REAL NOT NULL);
CREATE INDEX moves_old ON moves (old);
CREATE INDEX moves_new ON moves (new);

-- How to remake a directory that was removed.
CREATE TABLE dirs (path BLOB PRIMARY KEY, mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, xattrs BLOB) WITHOUT ROWID;

CREATE TABLE evidence (
    id INTEGER PRIMARY KEY,
    store INTEGER NOT NULL,
    name BLOB NOT NULL,
    path BLOB,                      -- where it lay; NULL: unknown
    at REAL NOT NULL,
    moved INTEGER NOT NULL,         -- 1: the damaged file itself, never removed; 0: a clone of it
    ino INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL
);
CREATE INDEX evidence_path ON evidence (path);
PRAGMA user_version = 1;
