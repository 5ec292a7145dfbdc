#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# apply and "build --source" with trees of all kinds: what they say of one that
# is not fit, and that they leave alone what is the user's. The trees are made
# up, and so are the patches. Prints TAP; needs no QEMU, and builds nothing.

set -u
export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

top=$(dirname "$(dirname "$(realpath "$0")")")
work=$(mktemp -d "${TMPDIR:-/tmp}/trees-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck source=tap.sh
. "$top/tests/tap.sh"

# shellcheck source=made-up.sh
. "$top/tests/made-up.sh"

fresh() {                     # the tree as it was
    in_tree checkout -q -f -B main source && in_tree clean -qdfx
    in_tree branch --format '%(refname:short)' | grep -vx main |
        xargs -r git -C "$tree" branch -q -D
}
apply() { "$ours/apply" "$@" >"$work/out" 2>&1; }
build() { "$ours/build" --source "$tree" "$@" >"$work/out" 2>&1; }
says() {                      # TEXT: all there is is a line with it
    [ "$(wc -l <"$work/out")" -eq 1 ] && grep -qF -e "$1" "$work/out"
}

# -------------------------------------------------------------------- apply

apply "$tree" && [ "$(grep -c '^applied' "$work/out")" -eq 2 ] &&
    in_tree diff --quiet scsi-generic-zero-copy "source" -- VERSION
ok "the patches apply"

fresh
in_tree worktree add -q "$work/disk" -b elsewhere && mv "$work/disk" "$work/away"
apply -n "$tree" && apply -b mine "$tree" &&
    in_tree worktree list | grep -q "^$work/disk " &&
    [ "$(in_tree worktree list | wc -l)" -eq 2 ]
ok "apply leaves a worktree of the user's alone whose folder is away"
mv "$work/away" "$work/disk"
in_tree worktree remove "$work/disk"

fresh
for hook in applypatch-msg pre-applypatch post-applypatch post-checkout; do
    printf '#!/bin/sh\necho %s >>"%s/hooks"\nexit 1\n' $hook "$work" \
        >"$tree/.git/hooks/$hook"
    chmod +x "$tree/.git/hooks/$hook"
done
apply "$tree" && [ ! -e "$work/hooks" ]
ok "apply does not run the user's hooks"
rm "$tree"/.git/hooks/{*applypatch*,post-checkout}

fresh
sed '/^---$/,$d' "$ours"/patches/1-*/0001-*.patch \
    >"$ours/patches/3-tracepoints/0001-empty.patch"
apply "$tree"
[ $? -eq 1 ] && grep -A 1 '^FAILED' "$work/out" | grep -qi ' patch is empty'
ok "apply says why a patch fails, however git says it"
rm "$ours/patches/3-tracepoints/0001-empty.patch"

fresh
beside() {                    # BRANCH OTHER
    in_tree branch "$2"
    apply -b "$1" "$tree"
    [ $? -eq 1 ] && says "there cannot be a branch $1 beside $2:" &&
        apply -n -b "$1" "$tree" && in_tree branch -q -D "$2"
}
beside foo/bar foo && beside foo/bar/x foo && beside foo foo/bar
ok "apply says before that the branch cannot be made"
in_tree branch foobar && apply -b foobar/foo/x "$tree"
[ $? -eq 1 ] && in_tree branch -q -D foobar && apply -b foo/x "$tree"
ok "... and makes one that can"

fresh
apply "$tree" && in_tree switch -q scsi-generic-zero-copy && apply -b x "$tree"
[ $? -eq 1 ] && says "already: it has block/null-sg.c, which 0001-add-a-driver"
ok "apply says that HEAD has the patches"
build series
[ $? -eq 1 ] && says "already: it has block/null-sg.c, which 0001-add-a-driver"
ok "so does build --source"

fresh
change 20 twenty && commit "what a patch does" && apply "$tree" &&
    grep -q '^in HEAD    2-fixes/0001-change' "$work/out" &&
    [ "$(in_tree rev-list --count main..scsi-generic-zero-copy)" -eq 1 ]
ok "apply says of a patch that HEAD has it"

fresh
change 23 twenty-three && commit "beside what a patch changes" &&
    in_tree config am.threeWay true && apply "$tree" &&
    grep -q '^merged     2-fixes/0001-change' "$work/out"
ok "what is merged is not said to apply, whatever the user's am.threeWay"
in_tree config --unset am.threeWay

# git's own way to test this
fresh
GIT_TEST_ASSUME_DIFFERENT_OWNER=1 apply "$tree"
[ $? -eq 1 ] && says "git config --global --add safe.directory $tree"
ok "apply passes on what git says of somebody else's tree"
GIT_TEST_ASSUME_DIFFERENT_OWNER=1 build series
[ $? -eq 1 ] && says "git config --global --add safe.directory $tree"
ok "so does build --source"

# ------------------------------------------------------------ build --source

git init -q "$work/other"
"$ours/build" --source "$work/other" series >"$work/out" 2>&1
[ $? -eq 1 ] && says "$work/other has no commit"
ok "build --source says that there is no commit"
git -C "$work/other" commit -q --allow-empty -m nothing
"$ours/build" --source "$work/other" --print series >"$work/out" 2>&1
[ $? -eq 1 ] && says "HEAD of $work/other has no file VERSION: is it QEMU?"
ok "build --source says that it is not QEMU"

# All end before anything is fetched.
all="keycodemapdb berkeley-softfloat-3"
fresh
build series
[ $? -eq 1 ] && says "meson subprojects download $all"
ok "build --source says how to get subprojects"
mkdir "$tree/subprojects/berkeley-softfloat-3"
build series                  # and it is empty
[ $? -eq 1 ] && says "meson subprojects download $all" &&
    : >"$tree/subprojects/berkeley-softfloat-3/a" && ! build series &&
    says "meson subprojects download keycodemapdb"
ok "... those that are not there"
commit "it has it" && rm -r "$tree/subprojects/berkeley-softfloat-3" &&
    ! build series && tail -n 1 "$work/out" | grep -q 'download keycodemapdb$'
ok "... nor in git"

fresh
change 1 one
build series
[ "$(wc -l <"$work/out")" -eq 2 ] && head -n 1 "$work/out" |
    grep -q "^$tree has changes that are not committed"
ok "build --source says that it leaves changes out"
! build --print series && ! grep -q changes "$work/out"
ok "... when it builds"

# patch(1) asks, at a terminal, and there may be one
eval "$(sed -n '/^apply_patch()/,/^}/p' "$ours/build")"
reversed() {
    mkdir -p "$work/dir" && cp -r "$tree" "$work/dir/src" || return 1
    : >"$work/out"
    apply_patch "$ours"/patches/2-fixes/0001-*.patch "$work/dir" "$work/out" ||
        return 1
    ! apply_patch "$ours"/patches/2-fixes/0001-*.patch "$work/dir" "$work/out" &&
        grep -q 'Skipping patch' "$work/out" && ! grep -q Assume "$work/out"
}
fresh
reversed; ok "build does not ask whether a patch is there in reverse"

finish
