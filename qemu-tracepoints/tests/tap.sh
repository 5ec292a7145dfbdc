# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# TAP, for tests that are commands. Sourced; wants $work, a folder.

n=0 bad=0
ok() {                        # NAME: result of the command before, and what it
    local rc=$?               # says in $work/out, which is empty then
    n=$((n + 1))
    if [ $rc -eq 0 ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        bad=$((bad + 1))
        if [ -s "$work/out" ]; then
            head -n 40 "$work/out" | sed 's/^/# /'
        fi
    fi
    : >"$work/out"
}

finish() { echo "1..$n"; [ $bad -eq 0 ]; }
