#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# First process of the lab (lab.c starts it): the host's root folder is /,
# read-only. Makes what programs expect of a running system, runs the command
# that lab.c left in $SGBENCH_LAB_DIR/command, leaves its exit code there, and
# ends the lab.
#
# The kernel hands on as environment what it does not know of its command line:
#   SGBENCH_LAB_DIR  folder of the host, ours to write to
#   SGBENCH_LAB_RUN  the run directory, likewise
#   SGBENCH_LAB_UML  where the host has this kernel's modules

# Anywhere else this would cover folders of a running system and turn it off.
if [ $$ != 1 ] || [ -z "$SGBENCH_LAB_DIR" ]; then
    echo "lab-init.sh: only for the first process of the lab" >&2
    exit 1
fi

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts

# The kernel's command line can't have every character of a folder's name:
# they come encoded, \0040 for a blank.
lab=$(printf '%b' "$SGBENCH_LAB_DIR")
run=$(printf '%b' "$SGBENCH_LAB_RUN")
mount -t hostfs none "$lab" -o "$lab" || echo "lab: can't mount $lab"
mount -t hostfs none "$run" -o "$run" || echo "lab: can't mount $run"

# Only folders that no checkout, cache or run directory can be in. /run may
# hold $lab or $run (XDG_RUNTIME_DIR): then it stays.
for folder in /run /var/lib/iscsi /etc/iscsi; do
    case "$lab/ $run/" in
    *" $folder/"* | "$folder/"*) continue ;;
    esac
    [ -d "$folder" ] && mount -t tmpfs tmpfs "$folder"
done
mkdir -p /run/lock

# modprobe -d wants DIR/lib/modules/RELEASE.
modules=/dev/shm/modules
mkdir -p "$modules/lib/modules" /dev/shm/tmp
ln -s "$SGBENCH_LAB_UML" "$modules/lib/modules/$(uname -r)"

if command -v ip >/dev/null; then
    ip link set lo up
elif command -v ifconfig >/dev/null; then
    ifconfig lo up
else
    echo "lab: neither ip nor ifconfig: no loopback network"
fi

TMPDIR=/dev/shm/tmp
SGBENCH_IN_LAB=1
SGBENCH_LAB_MODULES=$modules
export TMPDIR SGBENCH_IN_LAB SGBENCH_LAB_MODULES
unset SGBENCH_LAB_DIR SGBENCH_LAB_RUN SGBENCH_LAB_UML

# A session of its own with the console as its terminal: a Ctrl-C that lab.c
# writes there interrupts the command, not us.
echo "sgbench-lab: started"
# What is written to the console is not typed: no echo.
stty -F /dev/tty0 -echo -onlcr
setsid -c -w sh "$lab/command" </dev/tty0 >/dev/tty0 2>&1
echo $? >"$lab/exit.new"
mv "$lab/exit.new" "$lab/exit"
printf '\001'
# A bare system has no halt (package systemd-sysv); lab.c ends what is left.
halt -f -p 2>/dev/null || echo o >/proc/sysrq-trigger
sleep 60
