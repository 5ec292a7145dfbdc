# SPDX-License-Identifier: GPL-2.0-or-later
#
# Added to ../../devices.mak. NVMe is linked with it and does not select it.
CONFIG_SPDM_SOCKET=y
