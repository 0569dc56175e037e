/* SPDX-License-Identifier: MIT */
/* feeder: the 33 buses of Baran and Wu, in per unit of 1 MVA and 12.66 kV. */
#include "suites/kernels/kernel.h"

#define OHM(x) ((float)((x) / (12.66 * 12.66)))
#define KW(x)  ((float)((x) / 1000.0))

const uint8_t feeder_from[FEEDER_BRANCHES] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
					      11, 12, 13, 14, 15, 16, 1,  18, 19, 20, 2,
					      22, 23, 5,  25, 26, 27, 28, 29, 30, 31};

const float feeder_r[FEEDER_BRANCHES] = {
	OHM(0.0922), OHM(0.4930), OHM(0.3660), OHM(0.3811), OHM(0.8190), OHM(0.1872), OHM(0.7114),
	OHM(1.0300), OHM(1.0440), OHM(0.1966), OHM(0.3744), OHM(1.4680), OHM(0.5416), OHM(0.5910),
	OHM(0.7463), OHM(1.2890), OHM(0.7320), OHM(0.1640), OHM(1.5042), OHM(0.4095), OHM(0.7089),
	OHM(0.4512), OHM(0.8980), OHM(0.8960), OHM(0.2030), OHM(0.2842), OHM(1.0590), OHM(0.8042),
	OHM(0.5075), OHM(0.9744), OHM(0.3105), OHM(0.3410)};

const float feeder_x[FEEDER_BRANCHES] = {
	OHM(0.0470), OHM(0.2511), OHM(0.1864), OHM(0.1941), OHM(0.7070), OHM(0.6188), OHM(0.2351),
	OHM(0.7400), OHM(0.7400), OHM(0.0650), OHM(0.1238), OHM(1.1550), OHM(0.7129), OHM(0.5260),
	OHM(0.5450), OHM(1.7210), OHM(0.5740), OHM(0.1565), OHM(1.3554), OHM(0.4784), OHM(0.9373),
	OHM(0.3083), OHM(0.7091), OHM(0.7011), OHM(0.1034), OHM(0.1447), OHM(0.9337), OHM(0.7006),
	OHM(0.2585), OHM(0.9630), OHM(0.3619), OHM(0.5302)};

const float feeder_p[FEEDER_BRANCHES] = {
	KW(100), KW(90), KW(120), KW(60),  KW(60),  KW(200), KW(200), KW(60),
	KW(60),  KW(45), KW(60),  KW(60),  KW(120), KW(60),  KW(60),  KW(60),
	KW(90),  KW(90), KW(90),  KW(90),  KW(90),  KW(90),  KW(420), KW(420),
	KW(60),  KW(60), KW(60),  KW(120), KW(200), KW(150), KW(210), KW(60)};

const float feeder_q[FEEDER_BRANCHES] = {
	KW(60),  KW(40),  KW(80), KW(30), KW(20), KW(100), KW(100), KW(20), KW(20),  KW(30), KW(35),
	KW(35),  KW(80),  KW(10), KW(20), KW(20), KW(40),  KW(40),  KW(40), KW(40),  KW(40), KW(50),
	KW(200), KW(200), KW(25), KW(25), KW(20), KW(70),  KW(600), KW(70), KW(100), KW(40)};
