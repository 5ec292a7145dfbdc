# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# QEMU's source: that of the builds, which is Debian trixie's, and other ones.
# For build and releases to source, which have set $cache and define say, die
# and missing.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
suite=trixie                  # where the source comes from
meson_suite=bookworm-backports

source=$cache/source          # a folder with a source package, or a git tree

is_tree() { [ -e "$source/.git" ]; }

dsc=''
find_source() {               # sets dsc and meson, fails when not fetched yet
    dsc=$(find -H "$source" -maxdepth 1 -name 'qemu_*.dsc' 2>/dev/null |
          sort -V | tail -n 1)
    meson=$(find -H "$cache/source" -maxdepth 1 -name 'meson_*.deb' 2>/dev/null |
            sort -V | tail -n 1)
    { [ -n "$dsc" ] || is_tree; } && [ -n "$meson" ]
}

# "sha256 name" of each file of the source package, as its .dsc has them; of a
# tree what git has for it
source_files() {
    if is_tree; then
        say "$(git -C "$source" rev-parse 'HEAD^{tree}')  git"
    else
        sed -n '/^Checksums-Sha256:/,/^[^ ]/{
            s/^ \([0-9a-f]\{64\}\) [0-9]* /\1  /p
        }' "$dsc"
    fi
}

orig_sha256() { source_files | sed -n 's/  \(.*\.orig\.tar\..*z\|git\)$//p'; }

debian_version() {
    if is_tree; then
        say "git $(git -C "$source" rev-parse HEAD)"
    else
        sed -n 's/^Version: *//p' "$dsc" | head -n 1
    fi
}

qemu_version() {              # as the tree's file VERSION will have it
    if is_tree; then
        git -C "$source" show HEAD:VERSION
    else
        debian_version | sed 's/^[0-9]*://;s/[+-].*//'
    fi
}

# What QEMU's configure and meson want in subprojects/ and must not download
subprojects='keycodemapdb berkeley-softfloat-3 berkeley-testfloat-3'

missing_subprojects() {       # of a tree; a tree of a package's files has them
    local p
    for p in $subprojects; do
        if ! git -C "$source" cat-file -e "HEAD:subprojects/$p.wrap" 2>/dev/null ||
           git -C "$source" cat-file -e "HEAD:subprojects/$p" 2>/dev/null ||
           [ -n "$(ls "$source/subprojects/$p" 2>/dev/null)" ]; then
            continue
        fi
        say "$p"
    done
}

check_tree() {                # dies if HEAD of the tree is not QEMU to be built
    local f
    command -v git >/dev/null || missing git
    f=$(git -C "$source" rev-parse --git-dir 2>&1 >/dev/null) ||
        die "git does not read $source: $(one_line "$f")"
    git -C "$source" rev-parse -q --verify 'HEAD^{commit}' >/dev/null ||
        die "$source has no commit: commit what is to be built"
    for f in VERSION configure hw/scsi/scsi-generic.c; do
        git -C "$source" cat-file -e "HEAD:$f" 2>/dev/null ||
            die "HEAD of $source has no file $f: is it QEMU?"
    done
}

check_tree_fits() {           # PATCH...: dies if it cannot be built with them
    local f
    ! f=$(is_there "$source" "$@") ||
        die "the patches, or some, are in HEAD of $source already: $f;" \
            "switch to a commit without them"
    f=$(missing_subprojects | paste -s -d ' ')
    [ -z "$f" ] || die "$source lacks subprojects, and nothing is downloaded" \
        "here: in it, run meson subprojects download $f"
}

warn_of_changes() {
    [ -z "$(git --no-optional-locks -C "$source" status --porcelain -uno \
        --ignore-submodules)" ] ||
        say "$source has changes that are not committed: what is built is" \
            "HEAD, without them" >&2
}

# Puts the source into the folder $1, which is new, as the package's patches
# have it. A git tree comes with what it has in subprojects/, where QEMU's
# configure expects to find what it must not download.
unpack_source() {
    local p
    if ! is_tree; then
        dpkg-source --no-check -x "$dsc" "$1"
        return
    fi
    mkdir "$1" && git -C "$source" archive HEAD | tar -x -C "$1" || return
    for p in "$source"/subprojects/*/; do
        if [ -d "$p" ]; then cp -a -n "${p%/}" "$1/subprojects/" || return; fi
    done
}

# ------------------------------------------------------------------- fetching

mirror() {                    # the Debian mirror in this machine's apt sources
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 2>/dev/null |
        sed -n '/ cdrom:/d;/-security\/\{0,1\}$/d
                s/^\(bookworm\|trixie\|stable\|oldstable\|testing\|sid\) //p' |
        head -n 1
}

apt_root() {                  # FOLDER LINE...: an apt of our own; sets opts
    local root=$1 uri line
    shift
    command -v dpkg-source >/dev/null || missing dpkg-source
    [ -e $keyring ] || missing $keyring
    uri=$(mirror)
    [ -n "$uri" ] || die "no Debian mirror in this machine's apt sources;" \
                         "add one to /etc/apt/sources.list"
    mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
    for line; do
        say "${line% *} [signed-by=$keyring] $uri ${line#* } main"
    done >"$root/sources.list"
    opts=(-q -o Dir::Etc::sourcelist="$root/sources.list"
          -o Dir::Etc::sourceparts=/dev/null
          -o Dir::Etc::preferences=/dev/null
          -o Dir::Etc::preferencesparts=/dev/null
          -o Dir::State::lists="$root/lists" -o Dir::Cache="$root/cache"
          -o APT::Sandbox::User=root -o Acquire::Languages=none)
}

fetch() {
    local root=$cache/apt opts tmp what="QEMU's source (40 MB)"
    find_source && return 0
    if is_tree || [ -n "$dsc" ]; then what=meson; fi   # the source is there
    apt_root "$root" "deb-src $suite" "deb $meson_suite"
    tmp=$cache/source.part
    rm -rf "$tmp"
    mkdir -p "$tmp"
    say "fetching $what"
    if ! (cd "$tmp" && apt-get "${opts[@]}" --error-on=any update &&
          { [ "$what" = meson ] ||
            apt-get "${opts[@]}" source --download-only qemu; } &&
          apt-get "${opts[@]}" download meson) >"$root/log" 2>&1; then
        grep -E '^(E|W|Err)' "$root/log" | tail -n 3 >&2 || :
        die "cannot fetch $what and it is not cached: connect to the" \
            "network (or free disk space) and run again; log: $root/log"
    fi
    mkdir -p "$cache/source"
    mv -f "$tmp"/*.deb "$cache/source/"
    # the .dsc last: it is what says that the rest is there
    if [ "$what" != meson ]; then
        mv -f "$tmp"/*.tar.* "$cache/source/"
        mv -f "$tmp"/*.dsc "$cache/source/"
    fi
    rm -rf "$tmp"
    find_source || die "the download has no source package; log: $root/log"
}
