#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What releases makes of what apt and apply say. Both the releases and apt are
# made up; what the latter says is what it has been seen to say. Prints TAP;
# needs no QEMU and no network.

set -u
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

top=$(dirname "$(dirname "$(realpath "$0")")")
work=$(mktemp -d "${TMPDIR:-/tmp}/releases-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck source=tap.sh
. "$top/tests/tap.sh"

# shellcheck source=made-up.sh
. "$top/tests/made-up.sh"
mkdir "$work/bin" "$work/answers"
sed -i "s,PATH=/usr/sbin,PATH=$work/bin:/usr/sbin," "$ours/releases"
sed -i "s,^keyring=.*,keyring=$work/bin," "$ours/source.sh"
export made_up=$work tree  # work is a variable of releases, too

cat >"$work/bin/apt-cache" <<'EOT'
#!/bin/bash
cat "$made_up/madison"
EOT
cat >"$work/bin/apt-get" <<'EOT'
#!/bin/bash
case " $* " in
*' indextargets '*) echo "trixie http://mirror.invalid/debian" ;;
*' update '*) echo Hit ;;
*)  version=${*: -1}
    version=${version#qemu=}
    if [ -s "$made_up/answers/$version" ]; then
        cat "$made_up/answers/$version"
        exit 100
    fi
    printf 'Version: %s\nChecksums-Sha256:\n %s 1 qemu.orig.tar.xz\n' \
        "$version" "$(sha256sum <<<"$version" | cut -c 1-64)" \
        >"qemu_${version#*:}.dsc" ;;
esac
EOT
# of each release the same, but for what is in the way of a patch
cat >"$work/bin/dpkg-source" <<'EOT'
#!/bin/bash
to=${*: -1} dsc=${*: -2:1}
version=$(sed -n 's/^Version: *//p' "$dsc")
mkdir "$to" && git -C "$tree" archive source | tar -x -C "$to"
echo "${version#*:}" | sed 's/[+-].*//' >"$to/VERSION"
if [ -e "$made_up/other-$version" ]; then
    sed -i 's/^20$/another line/' "$to/hw/scsi/scsi-generic.c"
fi
EOT
chmod +x "$work"/bin/*

listed() {                    # VERSION...: in sid
    printf ' qemu | %s | http://mirror.invalid/debian sid/main Sources\n' \
        "$@" >"$work/madison"
}
failed_to_fetch() {           # VERSION WHY...: of its files, one each
    local v=$1 why
    shift
    for why; do
        echo "E: Failed to fetch http://mirror.invalid/pool/q_$v.x  $why"
    done >"$work/answers/$v"
    echo "E: Failed to fetch some archives." >>"$work/answers/$v"
}
releases() { "$ours/releases" "$@" >"$work/out" 2>&1; }

# ----------------------------------------------------------------------- apt

says() { grep -qx "$1" "$work/out"; }    # PATTERN
name='the patches apply to the releases of QEMU that they are for'

releases nonsense
[ $? -eq 2 ]; ok "releases refuses a wrong command line"

releases --print
[ $? -eq 1 ] && grep -q 'it has not been done: run ' "$work/out"
ok "releases --print says that it has not been done"
releases --check && says "ok 1 - $name # SKIP not tried yet: make check-long"
ok "releases --check says so, too"

listed 1:9.2.0+ds-1 1:10.0.2+ds-1 1:10.2.2+ds-1 1:11.1.3+ds-1
: >"$work/other-1:9.2.0+ds-1"
failed_to_fetch 1:11.1.3+ds-1 "404  Not Found [IP: 203.0.113.80 80]" \
    "404  Not Found"
releases &&
    says 'part 0 1:9.2.0+ds-1 sid: 1 of 2 apply, then 2-fixes.* does not' &&
    says 'ok 0 1:10.0.2+ds-1 sid: all 2 apply.*' &&
    says 'ok 0 1:10.2.2+ds-1 sid: all 2 apply.*' &&
    says 'missing 0 1:11.1.3+ds-1 sid: not on the mirror' &&
    ! grep -qE '^(error|untried|unknown)' "$work/out"
ok "releases tells what applies, what need not and what is not on the mirror"
releases --print && [ "$(wc -l <"$work/out")" -eq 4 ]
ok "releases --print prints that"
releases --check && says "ok 1 - $name" &&
    says '# note: part, 0 days ago: 1:9.2.0.*'
ok "... and --check as TAP"

found=$("$ours/releases" --newest 2>"$work/out")
[ "$found" = "$XDG_CACHE_HOME/sgbench/releases/10.2.2+ds-1" ]
ok "releases --newest prints the folder of the newest that there are ports for"

error() {                     # WHAT: what 10.2.3 is said to be; fails otherwise
    listed 1:10.0.2+ds-1 1:10.2.3+ds-1
    releases
    [ $? -eq 1 ] && says "error 0 1:10.2.3+ds-1 sid: $1" &&
        ! grep -q missing "$work/out" && ! releases --print && says 'error .*'
}
failed_to_fetch 1:10.2.3+ds-1 "404  Not Found" \
    "Could not connect to mirror.invalid:80"
error 'Failed to fetch .*  Could not connect to mirror.invalid:80'
ok "no network is not taken for a release that is not there"
releases --check && says "ok 1 - $name # SKIP there is no source of 10.2, 1 of .*"
ok "... nor by --check"
echo "E: You don't have enough free space in /tmp." \
    >"$work/answers/1:10.2.3+ds-1"
error "You don't have enough free space in /tmp."
ok "nor is a full disk"
echo "Killed" >"$work/answers/1:10.2.3+ds-1"
error "no word of apt, see .*/log"
ok "nor is whatever apt does not say"

rm "$work/answers/1:10.2.3+ds-1"
releases && says 'ok 0 1:10.2.3+ds-1 sid: all .*'
ok "... and once it can be fetched that is forgotten"

# -------------------------------------------------------------------- results

failed_to_fetch 1:10.2.4+ds-1 "404  Not Found"
listed 1:10.0.2+ds-1 1:10.2.4+ds-1
releases && says 'missing 0 1:10.2.4.*' && says 'untried - 10.2 none: .*' &&
    ! says 'untried - 10.0 .*'
ok "that there is none of the newest release is said"
releases --check && says "ok 1 - $name # SKIP there is no source of 10.2"
ok "... and skips the test"
listed 1:10.0.2+ds-1 1:10.20.0+ds-1
releases && says 'untried - 10.2 none: .*'
ok "10.20 is not 10.2"

listed 1:10.0.2+ds-1 1:10.2.5+ds-1
: >"$work/other-1:10.2.5+ds-1"
releases
[ $? -eq 1 ] && says 'failed 0 1:10.2.5+ds-1 sid: 1 of 2 apply, .*' &&
    says 'ok 0 1:10.0.2.*' && ! releases --print && says 'failed .*'
ok "a release that they are for and do not apply to is a failure"
releases --check
[ $? -eq 1 ] && says "not ok 1 - $name" && says '# failed 0 1:10.2.5.*'
ok "... of the test"

sed -i 's/^Subject: .*/& now/' "$ours"/patches/2-fixes/*.patch
releases --print && says 'unknown - 1:10.2.5+ds-1 sid: not tried with .*' &&
    ! grep -q '^ok' "$work/out"
ok "a result is that of the patches as they are"
releases --check && says "ok 1 - $name # SKIP 2 of them were not tried: .*"
ok "... and the test skipped"

finish
