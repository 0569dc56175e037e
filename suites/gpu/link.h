/* SPDX-License-Identifier: MIT */
/* link: what the bus between a device and the host can carry, as the kernel tells it. */
#ifndef ASSAY_SUITES_GPU_LINK_H
#define ASSAY_SUITES_GPU_LINK_H

#define GPU_PCI_DEVICES "/sys/bus/pci/devices"

/*
 * Bytes a second, one way, of the PCI Express link of the device at `bus` ("0000:01:00.0", letters of either case): the
 * highest speed that both ends have, times the lanes that it has now, less the code of the line [PCI Express Base
 * Specification 6.0, 4.2]; what packets add is not taken off. `devices` is the folder that devices are in. 0: it cannot
 * be known.
 */
double gpu_link_limit(const char *devices, const char *bus);

#endif
