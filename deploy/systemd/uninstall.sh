#!/bin/sh
# Takes Jamey's service away again. What it remembers and the owner's config stay, unless `--purge` is said and confirmed.
#
#   sudo deploy/systemd/uninstall.sh [--prefix DIR] [--purge] [--root DIR] [--dry-run]
set -eu

prefix=/usr/local
root=
purge=no
dry=no

fail() { echo "uninstall.sh: $*" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --prefix | --root)
            [ $# -ge 2 ] || fail "$1 wants a value"
            case $1 in --prefix) prefix=$2 ;; --root) root=${2%/} ;; esac
            shift
            ;;
        --purge) purge=yes ;;
        --dry-run) dry=yes ;;
        -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) fail "what is $1?" ;;
    esac
    shift
done

[ -n "$root" ] || [ "$(id -u)" = 0 ] || [ "$dry" = yes ] || fail "only root takes a service away: run it with sudo"

run() {
    echo "  $*"
    [ "$dry" = yes ] || "$@"
}

if [ "$purge" = yes ]; then
    echo "All that Jamey remembers (/var/lib/jamey) and its config (/etc/jamey/jamey.toml) would be deleted, and come back from a snapshot only."
    echo "What else is in /etc/jamey stays: keys of snapshots, secrets, rules and access lists of your own."
    printf 'Write "delete" to go on: '
    read -r word || word=
    [ "$word" = delete ] || fail "nothing was changed"
fi

if [ -z "$root" ]; then
    run systemctl disable --now jamey || true
fi
run rm -f "$root/etc/systemd/system/jamey.service" "$root$prefix/bin/jamey" "$root$prefix/bin/jamey.new"
run rm -rf "$root$prefix/share/doc/jamey"
[ -n "$root" ] || run systemctl daemon-reload
if [ "$purge" = yes ]; then
    # With DynamicUser the first is a link to the second.
    run rm -rf "$root/var/lib/jamey" "$root/var/lib/private/jamey"
    run rm -f "$root/etc/jamey/jamey.toml"
    run rmdir --ignore-fail-on-non-empty "$root/etc/jamey"
else
    echo "What it remembers stays in $root/var/lib/jamey, its config in $root/etc/jamey."
fi
