/* SPDX-License-Identifier: MIT */
/* link: two small files of the kernel's. */
#include "suites/gpu/link.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* The number that a file begins with; 0: there is none. */
static double read_number(const char *devices, const char *bus, const char *name)
{
	char path[300], text[64] = "";
	snprintf(path, sizeof(path), "%s/%s/%s", devices, bus, name);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	double value = strtod(text, NULL);
	return value > 0 ? value : 0;
}

double gpu_link_limit(const char *devices, const char *bus)
{
	char lower[32];
	size_t i = 0;
	for (; bus[i] && i + 1 < sizeof(lower); i++)
		lower[i] = (char)tolower((unsigned char)bus[i]);
	lower[i] = '\0';
	/* A link is as fast as its slower end. What a device hangs on is the folder above its own; it may be no port. */
	double transfers = 1e9 * read_number(devices, lower, "max_link_speed");
	double port = 1e9 * read_number(devices, lower, "../max_link_speed");
	if (port > 0 && port < transfers)
		transfers = port;
	double lanes = read_number(devices, lower, "current_link_width");
	/* 8 bits in 10 until generation 2, 128 in 130 from 3 to 5; 242 bytes in 256 from 6 on. */
	double code = transfers < 7e9 ? 0.8 : transfers < 60e9 ? 128.0 / 130 : 242.0 / 256;
	return transfers * lanes * code / 8;
}
