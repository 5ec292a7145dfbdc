#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Is a patch of ports/ still the patch that it stands in for? It has the same
# subject, and adds and removes the same lines in the same files; only where
# they are may differ. What else differs is listed, with the reason, in
# ports/RELEASE/differences, as diff(1) prints it. Prints TAP; needs no QEMU.

set -u
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

top=$(dirname "$(dirname "$(realpath "$0")")")
work=$(mktemp -d "${TMPDIR:-/tmp}/ports-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck source=tap.sh
. "$top/tests/tap.sh"

subject_of() { sed -n '/^Subject: /,/^$/p' "$1"; }

# the names of the files too: lines that moved to another one are no others
changes_of() {
    sed -n '/^diff --git /,$p' "$1" |
        grep -E -e '^[-+]' -e '^(new|deleted|rename|old mode)' |
        grep -v -e '^-- $'
}

listed() {                    # STAGE/NAME <differences
    awk -v p="$1" '/^#/ { next } /^[^ ]/ { on = $0 == p }
                   on && sub(/^    /, "") && /^[<>] /'
}

# What is wrong with the ports in FOLDER, a line each; nothing: they are right
check_ports() {
    local p name patch
    find "$1" -name '*.patch' | sort >"$work/ports"
    [ -s "$work/ports" ] || echo "$1 has no patches"
    while IFS= read -r p; do
        name=${p#"$1"/}
        patch=$top/patches/$name
        if [ ! -e "$patch" ]; then
            echo "$name stands in for nothing"
            continue
        fi
        diff <(subject_of "$patch") <(subject_of "$p") >/dev/null ||
            echo "$name: the subject is another one"
        diff <(changes_of "$patch") <(changes_of "$p") | grep '^[<>]' \
            >"$work/found"
        listed "$name" <"$1/differences" | diff - "$work/found" >"$work/diff" ||
            { echo "$name: not as listed in differences:"
              grep '^[<>]' "$work/diff"; }
    done <"$work/ports"
    grep -v -e '^#' -e '^ ' -e '^$' "$1/differences" | while IFS= read -r name; do
        [ -e "$1/$name" ] || echo "$name: is in differences, and no port"
        awk -v p="$name" '/^[^ ]/ { on = $0 == p }
                          on && /^    [A-Za-z]/ { why = 1 } END { exit !why }' \
            "$1/differences" || echo "$name: differences does not say why"
    done
}

for release in "$top"/ports/*/; do
    release=${release%/}
    check_ports "$release" >"$work/out"
    [ ! -s "$work/out" ]
    ok "patches for ${release##*/} change what those that they replace do"
done

# see that it can fail
cp -r "$release" "$work/copy"
some=$(find "$work/copy" -name '*.patch' | sort | tail -n 1)
expect() {                    # WHAT-IT-SAYS NAME
    check_ports "$work/copy" >"$work/out"
    grep -q "$1" "$work/out" && ! grep 'patch: ' "$work/out" | grep -qv "$1"
    ok "$2 is noticed"
    rm -rf "$work/copy"
    cp -r "$release" "$work/copy"
}
awk '/^\+[^+]/ && !done { sub(/^\+/, "+ "); done = 1 } { print }' \
    "$some" >"$work/changed" && cp "$work/changed" "$some"
expect "not as listed" "a line that a port adds in another way"
sed -i '0,/^ /s/^Subject: .*/& now/' "$some"
expect "subject" "another subject"
sed -i '/^    [<>] /d' "$work/copy/differences"
expect "not as listed" "a difference that is not listed"
sed -i '/^    [A-Za-z]/d' "$work/copy/differences"
expect "why" "a difference without a reason"
mv "$some" "${some%/*}/0099-what.patch"
expect "nothing" "a port of no patch"

finish
