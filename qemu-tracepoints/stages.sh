# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# Which build has which patches; for build, apply, releases and the tests to
# source, which set $here to this folder first. A stage is a folder of patches/;
# the stages of a build are applied from left to right. A new build is one line.
#
# ports/RELEASE/STAGE/NAME stands in for patches/STAGE/NAME in a QEMU of that
# release or a newer one, if $port says so: only patches that would not apply
# otherwise are there.

build_table='
upstream  1-test-driver
baseline  1-test-driver 2-fixes 3-tracepoints
series    1-test-driver 2-fixes 3-tracepoints 4-bounce-queue 5-zero-copy
ablation  1-test-driver 2-fixes 3-tracepoints 4-bounce-queue 5-zero-copy 6-ablation
'
experiments=ablation          # measured; not for submission, nor for QEMU's tests

builds() { awk 'NF { print $1 }' <<<"$build_table"; }
tested_builds() { builds | grep -vxF -e "$experiments"; }
is_build() { builds | grep -qxF -e "$1"; }

stages_of() {                 # BUILD: a stage per line, in order
    awk -v build="$1" \
        '$1 == build { for (i = 2; i <= NF; i++) print $i }' <<<"$build_table"
}

port=''                       # what port_for says of the tree; empty: patches/

port_for() {                  # VERSION: the RELEASE of ports/ it needs, if any
    { (cd "$here/ports" && ls); echo "$1+"; } | sort -V |
        awk -v v="$1+" '$0 == v { print last; exit } { last = $0 }'
}

ported() {                    # PATCH: the file that stands in for it, or itself
    local p=$here/ports/$port/${1#"$here"/patches/}
    if [ -n "$port" ] && [ -e "$p" ]; then echo "$p"; else echo "$1"; fi
}

name_of() {                   # PATCH: as messages have it
    case $1 in
    "$here"/ports/*) echo "${1#"$here"/ports/*/} (ports/$port)" ;;
    *) echo "${1#"$here"/patches/}" ;;
    esac
}

patches_in() {                # STAGE: its patch files, in order
    local p
    if [ ! -d "$here/patches/$1" ]; then
        # else a slip of the pen would be a build without its patches
        echo "${0##*/}: there is no folder $here/patches/$1" >&2
        return 1
    fi
    for p in "$here/patches/$1"/*.patch; do
        if [ -e "$p" ]; then ported "$p"; fi
    done
}

patches_of() {                # BUILD: its patch files, in order
    local stage
    for stage in $(stages_of "$1"); do
        patches_in "$stage" || return 1
    done
}

is_there() {                  # TREE PATCH...: says which file that one adds is
    local tree=$1 p f         # in HEAD already; fails if none is
    shift
    for p; do
        while IFS= read -r f; do
            ! git -C "$tree" cat-file -e "HEAD:$f" 2>/dev/null ||
                { echo "it has $f, which ${p##*/} adds"; return; }
        done < <(sed -n '/^--- \/dev\/null$/{n;s,^+++ b/,,p}' "$p")
    done
    return 1
}

one_line() {                  # TEXT of git's
    tr -s '\n\t ' '   ' <<<"$1" | sed 's/^fatal: //;s/ *$//'
}
