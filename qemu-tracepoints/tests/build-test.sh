#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks build, apply, the patches, the cover letters and the event catalogue;
# prints TAP, in which a line "# note:" is for whoever reads the result.
# Uses the builds and the source in the cache: run "build" first.

set -u
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

top=$(dirname "$(dirname "$(realpath "$0")")")
here=$top
# shellcheck source=../stages.sh
. "$top/stages.sh"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sgbench
work=$(mktemp -d "${TMPDIR:-/tmp}/build-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

# shellcheck source=tap.sh
. "$top/tests/tap.sh"

# ------------------------------------------------------------------- build

print_of_nothing() {          # one line that says what to do, exit status 1
    XDG_CACHE_HOME=$work/none "$top/build" --print "$1" \
        >"$work/stdout" 2>"$work/out"
    [ $? -eq 1 ] && [ ! -s "$work/stdout" ] &&
        [ "$(wc -l <"$work/out")" -eq 1 ] &&
        grep -q "build $1\$" "$work/out"
}
print_of_nothing series && print_of_nothing --qtests &&
    print_of_nothing --each-patch
ok "build --print without a build says what to run"

wrong_usage() {
    local args
    for args in "--print" "--print nonsense" "nonsense" "upstream --what" \
                "--print --qtests series" "--qtests nonsense" "--tools nonsense" \
                "--each-patch series"; do
        # shellcheck disable=SC2086
        XDG_CACHE_HOME=$work/none "$top/build" $args >"$work/out" 2>&1
        [ $? -eq 2 ] || { echo "$args" >>"$work/out"; return 1; }
    done
    [ ! -e "$work/none" ]
}
"$top/build" --source "$work" --print series >"$work/out" 2>&1
[ $? -eq 1 ] && grep -q 'neither a git checkout nor' "$work/out"
ok "build --source says what a folder without a source lacks"

wrong_usage; ok "build refuses a wrong command line, touching nothing"

print_upstream() { upstream=$("$top/build" --print upstream 2>"$work/out"); }
print_baseline() { baseline=$("$top/build" --print baseline 2>"$work/out"); }
print_series() { series=$("$top/build" --print series 2>"$work/out"); }
upstream='' baseline='' series=''
print_upstream; ok "upstream is built"
print_baseline; ok "baseline is built"
print_series; ok "series is built"

reused() {
    local before after
    before=$(stat -c %Y "$series/build.json") &&
        timeout 5 $no_network "$top/build" >"$work/out" 2>&1 &&
        after=$(stat -c %Y "$series/build.json") &&
        [ "$before" = "$after" ] && [ "$(wc -l <"$work/out")" -eq "$(builds | wc -l)" ]
}
no_network="unshare -rn"      # a user may only with a user namespace
[ "$(id -u)" != 0 ] || no_network="unshare -n"
if $no_network true 2>/dev/null; then
    reused; ok "finished builds are reused, without a network"
else
    n=$((n + 1)); echo "ok $n - reuse # SKIP no network namespaces here"
fi

same_flags() {
    local b f
    for b in $(builds); do
        f=$("$top/build" --print "$b")/build.json
        sed -n '/"configure"/,$p' "$f" | grep -v '"objects"\|"seconds"' \
            >"$work/flags.$b"
        sed -n '/"source_sha256"/p' "$f" >>"$work/flags.$b"
        [ "$(wc -l <"$work/flags.$b")" -gt 10 ] || return 1
        diff "$work/flags.upstream" "$work/flags.$b" >"$work/out" || return 1
    done
}
same_flags; ok "all have the same source, flags and compiler"

# ------------------------------------------------------------------ patches

mapfile -t patches < <(patches_of series)
mapfile -t all_patches < <(for b in $(builds); do patches_of "$b"; done | sort -u)

stages_used() {               # a folder that no build has is a slip of the pen
    for b in $(builds); do stages_of "$b"; done | sort -u >"$work/stages"
    (cd "$top/patches" && ls) | diff - "$work/stages"
}
stages_used >"$work/out"; ok "each folder of patches/ is in a build"

json_patches() {              # what build.json says went in, in order
    local b s
    for b in $(builds); do
        sed -n 's/.*{ "file": "\(.*\.patch\)",.*/\1/p' \
            "$("$top/build" --print "$b")/build.json" >"$work/json"
        for s in $(stages_of "$b"); do
            (cd "$top/patches" && find "$s" -name '*.patch' | sort)
        done | diff - "$work/json" || return 1
    done
}
json_patches >"$work/out" 2>&1
ok "build.json lists the patches of the build's stages"

# The source as a git tree in $work/qemu. To be quick it has only those
# top-level folders that a patch changes, and what checkpatch.pl looks for.
clean_tree() {
    local dsc d
    dsc=$(find "$cache/source" -name 'qemu_*.dsc' | sort -V | tail -n 1)
    [ -n "$dsc" ] && dpkg-source --no-check -x "$dsc" "$work/qemu" &&
        cd "$work/qemu" || return 1
    for d in */; do
        d=${d%/}
        [ "$d" = scripts ] || grep -q "^diff --git a/$d/" "${all_patches[@]}" || {
            rm -rf "$d"
            mkdir "$d"
            : >"$d/left-out"
        }
    done
    git init -q . && git config user.name test &&
        git config user.email test@localhost && git config gc.auto 0 &&
        git add -Af . && git commit -q -m source && git tag source
}
(clean_tree) >"$work/out" 2>&1; ok "the source is there"

am_all() {
    local p
    for p in "${patches[@]}"; do
        git -C "$work/qemu" am -q "$p" || return 1
    done
    [ ${#patches[@]} -gt 0 ]
}
am_all >"$work/out" 2>&1; ok "the patches apply with git am, in order"
git -C "$work/qemu" diff --quiet HEAD >"$work/out" 2>&1 && git -C "$work/qemu" tag all
ok "nothing is left over"

am_experiments() {            # on top of all others, and gone again
    local p
    for p in $(patches_of "$experiments" | grep -vxF -f <(patches_of series)); do
        git -C "$work/qemu" am -q "$p" || return 1
    done
    ! git -C "$work/qemu" diff --quiet all &&
        git -C "$work/qemu" reset -q --hard all
}
am_experiments >"$work/out" 2>&1; ok "the experiments apply on top of them"

# Who submits a patch signs it off, so these aren't. Nothing else is ignored.
# That MAINTAINERS may need updating is a question, not a complaint.
checkpatch() {
    local p rc=0
    for p in "${all_patches[@]}"; do
        (cd "$work/qemu" && scripts/checkpatch.pl --terse "$p") >"$work/said" \
            2>&1
        # without this line it has not come to its end
        tail -n 1 "$work/said" | grep -q '^total: [0-9]* errors, [0-9]* warn' ||
            { echo "$p: checkpatch.pl ended early"; rc=1; }
        grep -v -e 'ERROR: Missing Signed-off-by: line(s)$' \
            -e 'WARNING: added, moved or deleted .* MAINTAINERS need updating' \
            -e '^total: ' "$work/said" && rc=1
    done
    return $rc
}
checkpatch >"$work/out"; ok "checkpatch.pl has nothing else to say"

! grep -l '^Signed-off-by:' "${all_patches[@]}" >"$work/out"
ok "no patch is signed off"

# What "make check-long" found, which takes too long to do here.
each_patch() {
    "$top/build" --print --each-patch >"$work/each" 2>"$work/out" || return 1
    ! grep '^failed ' "$work/each" >>"$work/out"
}
each_patch
name="each patch builds"
unknown=$(grep -c '^unknown ' "$work/each")
if [ ! -s "$work/out" ] && [ "$unknown" != 0 ]; then
    n=$((n + 1))
    echo "ok $n - $name # SKIP of ${#patches[@]} patches $unknown were not" \
        "tried yet: make check-long"
else
    [ ! -s "$work/out" ]; ok "$name"
    days=$(awk '$2 + 0 > max { max = $2 } END { print max + 0 }' "$work/each")
    echo "# note: each of ${#patches[@]} patches was built by make check-long," \
        "$days days ago or less"
fi

# -------------------------------------------------------------- cover letters

subjects() {                  # STAGE...: the subjects of its patches
    local s
    for s; do patches_in "$s"; done | while IFS= read -r p; do
        sed -n '/^Subject: /,/^$/{s/^Subject: \[PATCH\] //;/^$/q;p}' "$p" |
            tr -d '\n'
        echo
    done
}

# a letter ends with what "git format-patch --cover-letter" puts there:
# "author (number):" and the subjects, wrapped
cover_letter() {              # FILE STAGE...
    local f=$top/cover-letters/$1
    shift
    subjects "$@" >"$work/subjects"
    awk '/^sgbench \([0-9]+\):$/ { on = 1; next }
         on && /^$/ { exit }
         on && /^    / { sub(/^ */, ""); line = line " " $0; next }
         on { if (line != "") print line; line = substr($0, 3) }
         END { if (line != "") print line }' "$f" |
        diff "$work/subjects" - || return 1
    grep "^sgbench ([0-9]*):$" "$f" |
        diff <(echo "sgbench ($(wc -l <"$work/subjects")):") - || return 1
    grep -q "^Subject: \[PATCH 0*/$(wc -l <"$work/subjects")\] " "$f" || {
        echo "the subject's number of patches is wrong"
        return 1
    }
    ! grep -nE '.{73}' "$f" && ! grep -nP '\t' "$f"
}
cover_letter 1-scsi-passthrough-tests-and-fixes.txt 1-test-driver 2-fixes \
    >"$work/out"
ok "the first cover letter lists the patches of its stages, in 72 columns"
cover_letter 2-zero-copy.txt 3-tracepoints 4-bounce-queue 5-zero-copy \
    >"$work/out"
ok "so does the second one"

# ------------------------------------------------------------------ catalogue

# From README.md's tables: "event<tab>arguments" for each event of QEMU.
# Arguments have types except where the table has names only.
catalogue() {
    awk -F'|' '
        function field_list(s,   out, t) {
            out = ""
            while (match(s, /`[^`]*`/)) {
                t = substr(s, RSTART + 1, RLENGTH - 2)
                s = substr(s, RSTART + RLENGTH)
                out = out (out == "" ? "" : ", ") t
            }
            return out
        }
        /^\| `[a-z_]+` \|/ {
            name = $2; gsub(/[` ]/, "", name)
            if ($3 ~ /as above/) { args = last } else { args = field_list($3) }
            last = args
            print name "\t" args
        }' "$top/README.md" | grep -E '^(virtio_scsi|scsi|file|iscsi|dma)_'
}

# The same of a tree's trace-events
declared() {
    sed -n 's/^\([a-z_A-Z0-9]*\)(\([^)]*\)).*/\1\t\2/p' \
        "$1/hw/scsi/trace-events" "$1/block/trace-events" \
        "$1/system/trace-events"
}

check_catalogue() {           # TREE
    local name args found
    declared "$1" >"$work/declared"
    catalogue >"$work/catalogue"
    [ "$(wc -l <"$work/catalogue")" -ge 15 ] ||
        { echo "README.md has too few events"; return 1; }
    while IFS=$'\t' read -r name args; do
        found=$(awk -F'\t' -v n="$name" '$1 == n { print $2 }' "$work/declared")
        if [[ ${args//, /,} != *" "* ]]; then   # names only
            found=$(sed "s/[a-z0-9_][a-z0-9_]* \\**\\([a-z0-9_]*\\)/\\1/g" <<<"$found")
        fi
        [ "$found" = "$args" ] || {
            echo "$name: README.md has ($args)"
            echo "$name: QEMU has      ($found)"
            return 1
        }
    done <"$work/catalogue"
}
check_catalogue "$work/qemu" >"$work/out"
ok "events and arguments are those of README.md"

# the other way round: an event that README.md does not have
undocumented() {
    declared "$work/qemu" | cut -f 1 |
        grep -E -e '_sgio_' -e '^dma_(map|bounce)_' |
        grep -v -e '^scsi_disk_aio_sgio' -e '^scsi_generic_.*_sgio_' |
        grep -vxF -f <(catalogue | cut -f 1)
}
! undocumented >"$work/out"; ok "README.md has all of them"

# see that the check can fail
sed -i 's/^scsi_sgio_submit(void \*req, /&uint32_t surprise, /' \
    "$work/qemu/hw/scsi/trace-events"
! check_catalogue "$work/qemu" >"$work/out"
ok "an event with another argument is noticed"
git -C "$work/qemu" checkout -q hw/scsi/trace-events

grep -q '^scsi_generic_write_complete(uint32_t tag, int ret)' \
    "$work/qemu/hw/scsi/trace-events"
ok "scsi_generic_write_complete has the tag"

# ------------------------------------------------------------------- binaries

props() { "$1/qemu-system-x86_64" -device scsi-generic,help 2>"$work/out"; }
props "$series" | grep -q "^  zero-copy=<bool> .*(default: off)"
ok "series' scsi-generic has zero-copy, off by default"
props "$baseline" | grep -q '^  drive=' && ! props "$baseline" | grep -q zero-copy
ok "baseline's has not"

# "-trace help" lists few events of a build with the ust backend only
not_known() {                 # FOLDER: events of the catalogue not in it
    LC_ALL=C grep -aoE "(virtio_scsi|scsi|file|iscsi|dma)_[a-z_]+" \
        "$1/qemu-system-x86_64" | sort -u >"$work/events"
    catalogue | cut -f 1 | sort -u >"$work/names"
    comm -13 "$work/events" "$work/names"
}
[ -n "$series" ] && [ -z "$(not_known "$series" | tee "$work/out")" ]
ok "series knows all events"
# what only zero-copy has to say
only_series='dma_bounce_alloc dma_bounce_free dma_bounce_limit dma_map_direct
    dma_map_miss scsi_sgio_map scsi_sgio_unmap'
# shellcheck disable=SC2086
[ -n "$baseline" ] && [ "$(not_known "$baseline" | tee "$work/out" |
    tr '\n' ' ')" = "$(printf '%s ' $only_series)" ]
ok "baseline knows all but those of the bounce queue and of zero-copy"

ablation=$("$top/build" --print ablation 2>"$work/out")
for p in x-no-alloc x-no-clear x-no-join x-no-plain; do
    props "$ablation" | grep -q "^  $p=<bool> .*(default: off)" &&
        ! props "$series" | grep -q "^  $p=" || echo "$p" >>"$work/out"
done
[ ! -s "$work/out" ]; ok "ablation has the experiments, off by default; series has not"

for d in pc q35; do
    timeout 20 "$series/qemu-system-x86_64" -M $d -nodefaults \
        -display none -L /usr/share/seabios -accel qtest \
        -device virtio-scsi-pci -device pvscsi -device mptsas1068 \
        -device megasas -device lsi53c895a -device nvme,serial=1,cmb_size_mb=1 \
        -device ich9-ahci -device ufs -device VGA -device edu -device pci-testdev \
        -qmp stdio >"$work/out" 2>&1 <<-'EOF'
	{"execute":"qmp_capabilities"}
	{"execute":"quit"}
	EOF
    ok "machine $d starts with all devices"
done

# ---------------------------------------------------------------------- apply

git -C "$work/qemu" checkout -q -b mine source >"$work/out" 2>&1
echo "/* dirty */" >>"$work/qemu/hw/scsi/scsi-bus.c"
apply_works() {
    "$top/apply" "$work/qemu" &&
        git -C "$work/qemu" diff --quiet all scsi-generic-zero-copy &&
        [ "$(git -C "$work/qemu" branch --show-current)" = mine ] &&
        [ "$(git -C "$work/qemu" status --porcelain)" = \
          " M hw/scsi/scsi-bus.c" ]
}
apply_works >"$work/out" 2>&1
ok "apply makes a branch, and leaves the checkout alone"

apply_stage() {
    "$top/apply" -b fixes -s 2-fixes "$work/qemu" || return 1
    [ "$(git -C "$work/qemu" log --format=%s --reverse source..fixes)" = \
      "$(subjects 1-test-driver 2-fixes)" ]
}
apply_stage >"$work/out" 2>&1
ok "apply -s stops after a stage"

"$top/apply" -b none -s nonsense "$work/qemu" >"$work/out" 2>&1
[ $? -eq 2 ] && ! git -C "$work/qemu" rev-parse -q --verify none >/dev/null
ok "apply -s refuses what is no stage"

! "$top/apply" "$work/qemu" >"$work/out" 2>&1 &&
    grep -q 'already' "$work/out"
ok "apply does not overwrite a branch"

apply_conflict() {
    git -C "$work/qemu" checkout -q hw/scsi/scsi-bus.c &&
        sed -i "/^static int handle_aiocb_ioctl/,/^}/s/-errno/-EIO/" \
            "$work/qemu/block/file-posix.c" &&
        git -C "$work/qemu" commit -q -a -m conflict || return 1
    git -C "$work/qemu" rev-parse HEAD >"$work/head"
    "$top/apply" -b other "$work/qemu"
    [ $? -eq 1 ] || return 1
    ! git -C "$work/qemu" rev-parse -q --verify other &&
        [ "$(git -C "$work/qemu" rev-parse HEAD)" = "$(cat "$work/head")" ] &&
        [ -z "$(git -C "$work/qemu" status --porcelain)" ] &&
        [ "$(git -C "$work/qemu" worktree list | wc -l)" -eq 1 ]
}
apply_conflict >"$work/out" 2>&1 && grep -q '^FAILED' "$work/out" &&
    grep -q '^applied' "$work/out" &&
    grep -q 'the stages up to 2-fixes apply: apply -s 2-fixes' "$work/out"
ok "apply reports what does not apply, and changes nothing"

# A newer QEMU, in the one thing that a patch is ported for: a field's name
apply_ported() {
    local ported=scsi-block-do-not-split
    git -C "$work/qemu" checkout -q -f -B newer source && (
        cd "$work/qemu" &&
            sed -i 's/\<need_fua_emulation\>/need_fua/' hw/scsi/scsi-disk.c &&
            git commit -q -a -m "a newer QEMU" || exit 1
        "$top/apply" -n -s 2-fixes .
    ) >"$work/old" 2>&1 || { cat "$work/old"; return 1; }
    # git has the ancestor here, as a tree with QEMU's history may have
    grep "^merged .*$ported" "$work/old" || return 1
    (cd "$work/qemu" && echo 10.2.1 >VERSION && git add VERSION &&
        git commit -q -m "and what it is") || return 1
    # this one by the port, others by what is for older releases
    "$top/apply" -b newest -s 2-fixes "$work/qemu" >"$work/new" 2>&1
    grep "^applied .*$ported.*(ports/10.2)" "$work/new" &&
        ! grep -q '^FAILED' "$work/new" &&
        grep "^applied .*scsi-block-send-VERIFY.*patch$" "$work/new" &&
        [ "$(git -C "$work/qemu" log --oneline newer..newest | wc -l)" -eq \
          "$(subjects 1-test-driver 2-fixes | wc -l)" ]
}
apply_ported >"$work/out" 2>&1
ok "apply takes what is ported to a newer release, and says so"

finish
