# SPDX-License-Identifier: GPL-2.0-or-later
#
# Added to ../../devices.mak. NVMe and ACPI are linked with these and do not
# select them.
CONFIG_SPDM_SOCKET=y
CONFIG_PXB=y
CONFIG_CXL=y
CONFIG_CXL_MEM_DEVICE=y
