#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What newer makes of what qtests says, and of which builds. All three that it
# runs are made up. Prints TAP; needs no QEMU, and builds nothing.

set -u
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

top=$(dirname "$(dirname "$(realpath "$0")")")
work=$(mktemp -d "${TMPDIR:-/tmp}/newer-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck source=tap.sh
. "$top/tests/tap.sh"

export work XDG_CACHE_HOME=$work/cache
qemu=$work/cache/sgbench/qemu
ours=$work/qemu-tracepoints
mkdir -p "$ours/tests" "$work/tests" "$qemu"
cp "$top/stages.sh" "$ours"
cp "$top"/tests/{newer,qtest-programs,upstream-faults} "$ours/tests"
cp "$top/../tests/kept.sh" "$work/tests"
cat >"$ours/releases" <<'EOT'
#!/bin/bash
[ "$*" = --newest ] && grep . "$work/newest" || { echo "releases: none" >&2; exit 1; }
EOT
cat >"$ours/build" <<'EOT'
#!/bin/bash
folder() { echo "$XDG_CACHE_HOME/sgbench/qemu/$(basename "$source")-$1-$(cat "$work/key")"; }
source=$2
case $3 in
--print) [ -e "$(folder "$4")" ] && folder "$4" ;;
--qtests)
    echo built >>"$work/done"
    shift 3
    for b; do mkdir -p "$(folder "$b")"; : >"$(folder "$b").log"; done ;;
esac
EOT
cat >"$ours/tests/qtests" <<'EOT'
#!/bin/bash
echo "tested $*" >>"$work/done"
cat "$work/tap"
grep -q '^not ok' "$work/tap" && exit 1
exit 0
EOT
chmod +x "$ours"/{releases,build,tests/qtests}
: >"$work/newest"
echo 1 >"$work/key"
newer() { : >"$work/done"; "$ours/tests/newer" "$@" >"$work/out" 2>&1; }
says() { grep -qx "$1" "$work/out"; }    # PATTERN
count_done() { grep -c "^$1" "$work/done"; }
name='tests pass on the newest release that there are ports for'

# ------------------------------------------------------------------------

newer; [ $? -eq 2 ] && { newer long more; [ $? -eq 2 ]; } &&
    { newer what; [ $? -eq 2 ]; }
ok "a wrong command line is refused"

newer long
[ $? -eq 1 ] && says 'releases: none' && newer print && says 'unknown -' &&
    newer check && says "ok 1 - $name # SKIP not tried with .*: make check-long"
ok "without a source there is no result"

echo "$work/10.2.2+ds-1" >"$work/newest"
printf '%s\n' "ok 1 - one" "# note: on upstream already: x" "ok 2 - two" 1..2 \
    >"$work/tap"
newer check && says "ok 1 - $name # SKIP .*" && [ ! -s "$work/done" ]
ok "check neither builds nor tests"
newer long && [ "$(count_done built)" -eq 1 ] &&
    grep -qx "tested --source $work/10.2.2+ds-1" "$work/done" &&
    says ok && says '10.2.2+ds-1: 2 of 2 pass' && says 'on upstream already: x' &&
    [ "$(find "$qemu" -name '10.2.2*-1' -type d | wc -l)" -eq 3 ] &&
    [ ! -e "$qemu/10.2.2+ds-1-ablation-1" ]
ok "the builds of the newest are built and tested"
newer check && says "ok 1 - $name" &&
    says '# note: .* 0 days ago: 10.2.2+ds-1: 2 of 2 pass' &&
    newer print && says 'ok 0'
ok "check and print show it, with its age"
newer long && [ ! -s "$work/done" ] && says ok
ok "what is kept is not made again"

echo "# more" >>"$ours/tests/upstream-faults"
newer check && says "ok 1 - $name # SKIP .*"
ok "it is not the result of other tests"

printf '%s\n' "ok 1 - one" "not ok 2 - two" "# why it is not" "ok 3 - three" \
    1..3 >"$work/tap"
newer long
[ $? -eq 1 ] && says failed && says '10.2.2+ds-1: 2 of 3 pass' &&
    says 'not ok 2 - two' && says '# why it is not'
ok "a test that fails is a failure"
newer check
[ $? -eq 1 ] && says "not ok 1 - $name" && says '# not ok 2 - two'
ok "... of check"
echo "ok 1 - one" >"$work/tap"
newer long
[ $? -eq 1 ] && says 'newer: tests/qtests has not come to its end' &&
    newer print && says 'failed 0' && [ -z "$(find "$work" -name 'part.*')" ]
ok "tests that end early are no result"
printf '%s\n' "ok 1 - one" 1..2 >"$work/tap"
newer long
[ $? -eq 1 ] && says '10.2.2+ds-1: 1 of 2 pass'
ok "nor do fewer than planned pass"

printf '%s\n' "ok 1 - one" 1..1 >"$work/tap"
mkdir "$qemu/10.2.2-series-mine"
newer long && [ "$(find "$qemu" -name '10.2.2+ds-1-*-1' -type d | wc -l)" -eq 3 ] &&
    echo 2 >"$work/key" && newer check && says "ok 1 - $name # SKIP .*" &&
    newer long && [ "$(find "$qemu" -name '*-2' -type d | wc -l)" -eq 3 ] &&
    [ -z "$(find "$qemu" -name '*-1*' ! -name '*-2*')" ] &&
    [ -d "$qemu/10.2.2-series-mine" ]
ok "the builds of older results go, and no others"
echo "$work/10.2.3+ds-1" >"$work/newest"
newer check && says "ok 1 - $name # SKIP .*" && newer long &&
    says '10.2.3+ds-1: 1 of 1 pass' &&
    [ -z "$(find "$qemu" -name '10.2.2+ds-1-*')" ]
ok "a newer release is another one"

finish
