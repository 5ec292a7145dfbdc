# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# What make check-long found, as it takes too long for make check: a file in
# $cache, named after a hash of all that goes into it, whose first line is "ok"
# or another word. For fuzz, kernel-trace, calibration, coverage, iotests,
# newer and generic-fuzz to source, which set $cache and define result_file: it
# prints the name, and fails if something that goes into it is missing.

known() {                     # sets file; fails if there is no result
    local key
    key=$(result_file) || return 1
    file=$cache/$key
    [ -e "$file" ]
}

is_ok() { [ "$(head -n 1 "$file")" = ok ]; }

days_old() { echo $((($(date +%s) - $(stat -c %Y "$file")) / 86400)); }

print_known() {               # "RESULT DAYS", and its lines
    known || { echo "unknown -"; return; }
    echo "$(head -n 1 "$file") $(days_old)"
    sed 1d "$file"
}

# As TAP: one test. What COMMAND makes of the file is the note, after its age.
check_known() {               # NAME WHAT-IT-WAS-NOT-TRIED-WITH DONE COMMAND...
    local name=$1 with=$2 done=$3
    shift 3
    echo 1..1
    if ! known; then
        echo "ok 1 - $name # SKIP not tried with $with yet: make check-long"
    elif is_ok; then
        echo "ok 1 - $name"
        echo "# note: make check-long $done $(days_old) days ago: $("$@" "$file")"
    else
        echo "not ok 1 - $name"
        sed 's/^/# /' "$file"
        return 1
    fi
}
