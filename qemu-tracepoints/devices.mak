# SPDX-License-Identifier: GPL-2.0-or-later
#
# The devices built into every QEMU of sgbench: the machines, the SCSI HBAs
# that scsi-generic and scsi-block sit on, other users of dma-helpers, and
# devices with memory that is not RAM. "build" copies this file to
# configs/devices/x86_64-softmmu/sgbench.mak.

CONFIG_I440FX=y
CONFIG_Q35=y

# SCSI HBAs
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SCSI=y
CONFIG_VMW_PVSCSI_SCSI_PCI=y
CONFIG_MPTSAS_SCSI_PCI=y
CONFIG_MEGASAS_SCSI_PCI=y
CONFIG_LSI_SCSI_PCI=y

# other users of the block layer and of dma-helpers
CONFIG_VIRTIO_BLK=y
CONFIG_NVME_PCI=y
CONFIG_AHCI_ICH9=y
CONFIG_UFS_PCI=y

# where QEMU's tests put and unplug disks on q35
CONFIG_PCIE_PORT=y
CONFIG_PCI_BRIDGE=y
CONFIG_PCIE_PCI_BRIDGE=y

# addresses that are not those of memory
CONFIG_VTD=y

# memory that is not RAM
CONFIG_VGA_PCI=y
CONFIG_EDU=y
CONFIG_PCI_TESTDEV=y
