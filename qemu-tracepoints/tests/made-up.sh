# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# A tree in $tree, and a copy of our scripts, with two patches for it, in $ours;
# both made up, below $work. For tests to source that need no QEMU, after tap.sh;
# $top is the folder of the scripts.

unset XDG_CONFIG_HOME "${!GIT_@}"
export HOME=$work XDG_CACHE_HOME=$work/cache GIT_CONFIG_NOSYSTEM=1
git config --global user.name test
git config --global user.email test@localhost
git config --global init.defaultBranch main
ours=$work/ours tree=$work/tree

in_tree() { git -C "$tree" "$@"; }
commit() { in_tree add -A && in_tree commit -q -m "$1"; }
change() {                    # FROM TO
    sed -i "s/^$1\$/$2/" "$tree/hw/scsi/scsi-generic.c"
}
make_patch() {                # STAGE NUMBER: the last commit
    in_tree format-patch -q -1 --start-number "$2" -o "$ours/patches/$1"
}
make_up() {
    mkdir -p "$tree" "$ours"/{tests,ports/10.2} \
        "$ours"/patches/{1-test-driver,2-fixes,3-tracepoints} \
        "$ours"/patches/{4-bounce-queue,5-zero-copy,6-ablation} &&
        cp "$top"/{apply,build,releases,source.sh,stages.sh,devices.mak} \
            "$ours" && cp "$top/tests/qtest-programs" "$ours/tests" || return 1
    (
        cd "$tree" && git init -q && mkdir -p hw/scsi block subprojects &&
            echo 10.0.0 >VERSION && echo exit 1 >configure &&
            : >subprojects/keycodemapdb.wrap &&
            : >subprojects/berkeley-softfloat-3.wrap &&
            seq 40 >hw/scsi/scsi-generic.c
    ) && commit source && in_tree tag source &&
        echo "null" >"$tree/block/null-sg.c" && commit "add a driver" &&
        make_patch 1-test-driver 1 && change 20 twenty &&
        commit "change a line" && make_patch 2-fixes 1 &&
        in_tree reset -q --hard source
}
make_up >"$work/out" 2>&1; ok "there are a tree and patches, made up"
