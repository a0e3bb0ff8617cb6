#!/bin/sh
# Installs Jamey as a service of systemd: a binary, a config, a unit. It fetches nothing, opens no port beyond this host, and writes over
# no config. `--dry-run` says all that it would do.
#
#   sudo deploy/systemd/install.sh [--binary FILE] [--prefix DIR] [--now] [--dry-run]
#
#   --binary FILE   the binary (target/release/jamey of this checkout)
#   --prefix DIR    where it goes: DIR/bin, DIR/share/doc (/usr/local)
#   --now           enable and start it, and wait until it is ready
#   --root DIR      install below DIR and ask systemd nothing, for images and packages
#   --dry-run       change nothing
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
binary=$source/target/release/jamey
prefix=/usr/local
root=
now=no
dry=no

fail() { echo "install.sh: $*" >&2; exit 1; }
usage() { sed -n '5,11s/^# \{0,1\}//p' "$0"; }

while [ $# -gt 0 ]; do
    case $1 in
        --binary | --prefix | --root)
            [ $# -ge 2 ] || fail "$1 wants a value"
            case $1 in --binary) binary=$2 ;; --prefix) prefix=$2 ;; --root) root=${2%/} ;; esac
            shift
            ;;
        --now) now=yes ;;
        --dry-run) dry=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "what is $1?" ;;
    esac
    shift
done

case $prefix in /*) ;; *) fail "--prefix is a whole path, from / on" ;; esac
[ -z "$root" ] || [ -d "$root" ] || fail "$root is no folder"
[ -z "$root" ] || [ "$now" = no ] || fail "--now starts it on this host, and --root installs it for another"
[ -x "$binary" ] || fail "$binary is no program: build it (cargo build --release), or name it with --binary"
# What cannot run here would only be found out at the start. For another root it may be of another kind.
if [ -z "$root" ]; then
    version=$("$binary" --version) || fail "$binary does not run on this host: is it built for this kind of processor?"
    [ "$(id -u)" = 0 ] || [ "$dry" = yes ] || fail "only root installs a service: run it with sudo (--dry-run says what it would do)"
    [ -d /run/systemd/system ] || [ "$dry" = yes ] || fail "systemd does not run this host; --root DIR installs into a folder"
else
    version="for $root"
fi

run() {
    echo "  $*"
    [ "$dry" = yes ] || "$@"
}

unit=/etc/systemd/system/jamey.service
echo "jamey ($version):"
run install -D -m 0755 "$binary" "$root$prefix/bin/jamey.new"
# In one step, so that a running one is not written over.
run mv "$root$prefix/bin/jamey.new" "$root$prefix/bin/jamey"
run install -D -m 0644 "$source/README.md" "$root$prefix/share/doc/jamey/README.md"
run install -D -m 0644 "$source/config/jamey.toml" "$root$prefix/share/doc/jamey/jamey.toml"
run install -d -m 0755 "$root/etc/jamey"
if [ -e "$root/etc/jamey/jamey.toml" ]; then
    echo "  $root/etc/jamey/jamey.toml stays as it is; the newest with all options is $prefix/share/doc/jamey/jamey.toml"
else
    run install -m 0644 "$source/config/jamey.toml" "$root/etc/jamey/jamey.toml"
    # Where the service keeps it: so who asks with --config alone asks of the same house.
    run sed -i 's|^data = "data"$|data = "/var/lib/jamey"|' "$root/etc/jamey/jamey.toml"
fi
echo "  $root$unit, with $prefix/bin/jamey"
if [ "$dry" = no ]; then
    mkdir -p "$root$(dirname $unit)"
    sed -e "s|^ExecStart=/usr/bin/jamey|ExecStart=$prefix/bin/jamey|" -e "s|file:/usr/share|file:$prefix/share|" "$here/jamey.service" > "$root$unit.new"
    chmod 0644 "$root$unit.new"
    mv "$root$unit.new" "$root$unit"
fi

[ -z "$root" ] || exit 0
run systemctl daemon-reload
if [ "$dry" = no ]; then
    "$prefix/bin/jamey" check --config /etc/jamey/jamey.toml --data /var/lib/jamey || fail "the config is refused: mend /etc/jamey/jamey.toml, then start it (systemctl start jamey)"
    # Two brokers want one port: it is said, and not taken from whoever has it.
    taken=$(ss -Hltnp 'sport = :1883' 2>/dev/null | grep -v '"jamey"' || true)
    if [ -n "$taken" ]; then
        echo "  port 1883 is another's now: $taken"
        [ "$now" = no ] || fail "stop what has port 1883 (mosquitto? systemctl disable --now mosquitto), or give Jamey another: broker.mqtt in /etc/jamey/jamey.toml"
    fi
fi
if [ "$now" = yes ]; then
    run systemctl enable jamey
    # A running one is replaced by what was installed now.
    run systemctl restart jamey
    [ "$dry" = yes ] || "$prefix/bin/jamey" --config /etc/jamey/jamey.toml health
fi

cat <<TEXT

Next:
  sudo systemctl enable --now jamey                                  start it, now and at each start of the host
  journalctl -u jamey -f                                             what it says
  sudo jamey --data /var/lib/jamey user add anna --role admin        a first user; then it may listen beyond this host
  sudo jamey --config /etc/jamey/jamey.toml doctor                   what is wrong with this host, if anything is
Config in /etc/jamey/jamey.toml, data in /var/lib/jamey. $here/uninstall.sh takes it away again, and keeps both.
TEXT
