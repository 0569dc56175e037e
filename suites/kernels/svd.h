/* SPDX-License-Identifier: MIT */
/* svd: singular values of a square matrix by one-sided Jacobi rotations. */
#ifndef ASSAY_SUITES_KERNELS_SVD_H
#define ASSAY_SUITES_KERNELS_SVD_H

#include <stddef.h>

/*
 * The n singular values of a[n * n] (row by row, overwritten), largest first, to values[n]; about 1e-12
 * of the largest. Hestenes, "Inversion of matrices by biorthogonalization", J. SIAM 6(1), 1958. Returns
 * the sweeps it took, 0 when 60 were not enough.
 */
unsigned svd_values(double *a, size_t n, double *values);

#endif
