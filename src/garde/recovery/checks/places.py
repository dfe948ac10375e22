"""Which files start something, or let somebody in: the table of places, and what a place is called.

Comes in: paths inside a root. Goes out: the trees to go through, what is passed over in them and why, `sort_of` (unit,
cron, sudo, ...). Data and two small questions about it; nothing here reads a file.
"""

from __future__ import annotations

import re
from typing import Final

# Everything in these is looked at.
WHOLE: Final = tuple(
    path.encode()
    for path in (
        "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/boot",
        "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec", "/usr/games",
        "/usr/local", "/usr/share/bash-completion", "/usr/share/dbus-1", "/usr/share/polkit-1", "/usr/share/keyrings",
        "/usr/share/ca-certificates", "/usr/share/pam-configs", "/usr/share/initramfs-tools",
        "/var/spool/cron", "/var/spool/at", "/var/lib/systemd/linger", "/var/lib/polkit-1", "/var/lib/portables",
        "/var/lib/snapd/apparmor", "/run/systemd/system", "/run/systemd/user", "/run/udev/rules.d", "/run/sysctl.d",
        "/run/modprobe.d", "/run/modules-load.d", "/run/tmpfiles.d", "/run/polkit-1", "/run/NetworkManager/conf.d",
    )
)  # fmt: skip
# In these, what may be executed or is code by its name: the rest is data, icons, manuals.
CODE_ONLY: Final = tuple(path.encode() for path in ("/usr/share", "/usr/src", "/opt", "/var/www"))
_CODE: Final = re.compile(
    rb"\.(so(\.[0-9.]+)?|ko(\.[a-z0-9]+)?|py[cow]?|pth|p[lmh]|rb|php[0-9]?|phtml|phar|inc|jspx?|jar|war|ear|class|[cm]?js"
    rb"|sh|bash|lua|tcl|vim|el|elc|service|socket|timer|path|desktop|rules|policy|conf|cfg|ini|htaccess|war|aspx?|cgi)$"
)
# In each account's home: what a shell, sshd, cron's mail or a user's systemd reads by itself.
HOME: Final = tuple(
    path.encode()
    for path in (
        ".ssh", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile", ".zshrc",
        ".zshenv", ".zprofile", ".zlogin", ".cshrc", ".tcshrc", ".login", ".kshrc", ".inputrc", ".pam_environment",
        ".xprofile", ".xsession", ".xsessionrc", ".xinitrc", ".forward", ".procmailrc", ".rhosts", ".shosts",
        ".config/systemd", ".config/autostart", ".config/environment.d", ".config/fish", ".local/share/systemd",
        ".local/bin", "bin", ".vimrc", ".vim", ".gitconfig", ".psqlrc", ".pythonrc", ".local/lib", ".gnupg/gpg.conf",
        ".lesskey", ".screenrc", ".tmux.conf", ".wgetrc", ".curlrc", ".netrc", ".my.cnf", ".k5login", ".odbc.ini",
    )
)  # fmt: skip

# What changes by itself on an honest machine, or is looked at in another way (accounts). Nothing here starts anything.
_PASSED: Final = re.compile(
    rb"/etc/(mtab|resolv\.conf|adjtime|\.pwd\.lock|(passwd|group|shadow|gshadow|subuid|subgid)-|passwd|group|shadow|gshadow"
    rb"|fake-hwclock\.data|blkid\.tab.*|printcap|udev/hwdb\.bin|\.updated"
    rb"|cups/(subscriptions|printers|classes)\.conf(\.O)?|lvm/(archive|backup|cache)(/.*)?|network/run(/.*)?"
    rb"|letsencrypt/(live|archive|csr|keys)(/.*)?|samba/.*\.tdb)"
    rb"|/boot/grub/(grubenv|fonts(/.*)?|locale(/.*)?)|/boot/lost\+found"
    rb"|/usr/lib/(locale|debug)(/.*)?|/usr/lib/udev/hwdb\.bin|/usr/lib/(sysusers|os-)release"
    rb"|/usr/local/(share/)?(man|doc|fonts|locale)(/.*)?"
    rb"|/var/spool/cron/(atspool|\.[^/]*)|/var/spool/cron/atjobs/\.SEQ"
    rb"|.*/\.ssh/known_hosts(\.old)?"
    # what dpkg and ucf leave beside a configuration: every reader of a *.d folder passes them over, as we do
    rb"|/etc/.*\.(dpkg-(old|dist|new|bak|remove|tmp)|ucf-(old|dist))"
)
# Private to root or to a container's runtime: a set-uid file in there can be reached by nobody who needs it.
UNREACHABLE: Final = frozenset(
    path.encode() for path in ("/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/var/lib/lxc")
)

_SYSTEMD: Final = r"/(etc|run|lib|usr/lib|usr/local/lib|usr/share|.*/\.config|.*/\.local/share)/systemd/"
_SORTS: Final = tuple(
    (sort, re.compile(pattern.encode()))
    for sort, pattern in (
        ("generator", _SYSTEMD + r"[a-z]+(-environment)?-generators/"),
        ("timer", _SYSTEMD + r".*\.timer(\.d/|$|\.wants/)"),
        ("unit", _SYSTEMD),
        ("linger", r"/var/lib/systemd/linger/"),
        ("cron", r"/etc/(cron|anacrontab)|/var/spool/cron/(?!at)"),
        ("at", r"/var/spool/(cron/at|at/)"),
        ("preload", r"/etc/ld\.so\.|/etc/environment$|/etc/environment\.d/|.*/\.config/environment\.d/"),
        ("sudo", r"/etc/sudoers|/etc/doas\.conf|.*/polkit-1/"),
        ("pam", r"/etc/(pam\.|security/)|.*/security/pam_[^/]*\.so$|/usr/share/pam-configs/|.*/\.pam_environment$"),
        ("key", r".*/\.ssh/|/etc/ssh/(authorized|ssh_host)|.*/\.(k5login|rhosts|shosts)$"),
        ("sshd", r"/etc/ssh/"),
        ("udev", r".*/udev/(rules\.d|hwdb\.d)/"),
        ("module", r"/etc/mod|/usr/lib/mod|/lib/mod|/run/mod|/etc/initramfs-tools/|/usr/share/initramfs-tools/"),
        ("shell", r"/etc/(profile|bash|zsh|csh|ksh|skel|inputrc|shells)|/usr/share/bash-completion/"),
        ("init", r"/etc/(init|rc|inittab)"),
        ("network", r"/etc/(network|NetworkManager|networkd-dispatcher|dhcp|ppp|resolvconf|nsswitch|hosts|nftables)"),
        ("archive", r"/etc/(apt|dpkg)/|/usr/share/keyrings/|/etc/yum"),
        ("trust", r"/etc/ssl/|/etc/ca-certificates|/usr/(local/)?share/ca-certificates/"),
        ("boot", r"/boot/|/etc/(default/grub|grub\.d/|kernel/)"),
        ("dbus", r".*/dbus-1/"),
        ("tmpfiles", r".*/(tmpfiles|sysusers|sysctl|binfmt)\.d/|/etc/sysctl\.conf$"),
        ("web", r"/var/www/|/etc/(apache2|nginx|lighttpd|php)/"),
        ("library", r".*\.so(\.[0-9.]+)?$"),
        ("configuration", r"/etc/"),
    )
)
_HOME_SORT: Final = re.compile(
    rb".*/\.(bash|profile|z(sh|profile|login)|cshrc|tcshrc|kshrc|login|xsession|xprofile|xinit)"
)


def passed_over(path: bytes) -> bool:
    """Whether a file is not looked at: see the table."""
    return _PASSED.fullmatch(path) is not None


def is_code(path: bytes, mode: int) -> bool:
    """Whether a file of the mixed trees may be executed, or is code by its name."""
    return bool(mode & 0o111) or _CODE.search(path) is not None


def sort_of(path: bytes, mode: int = 0) -> str:
    """Return what a place is called: the word that a finding begins with."""
    for sort, pattern in _SORTS:
        if pattern.match(path):
            return sort
    if _HOME_SORT.match(path):
        return "shell"
    return "program" if mode & 0o111 else "code"
