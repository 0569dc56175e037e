/* SPDX-License-Identifier: MIT */
/* cuda: NVIDIA devices through the CUDA driver, opened at run time, with kernels compiled for the exact device. */
#include <sched.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "suites/gpu/subjects/cuda_device.h"

#define LIBRARY     "libcuda.so.1"
#define PATIENCE_NS 60000000000u

enum { GATES = 1024 /* words of pinned memory that streams wait for */ };

enum assay_code cuda_no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "CUDA: out of memory");
}

/* The context that calls of this thread go to: setting it is cheap, but not for nothing. */
static _Thread_local const struct CUctx_st *current;

const struct cuda *cuda_use(struct gpu_device *device)
{
	if (current != device->context) {
		device->cuda.context_set(device->context);
		current = device->context;
	}
	return &device->cuda;
}

enum assay_code cuda_done(struct gpu_device *device, const char *call, unsigned status,
			  struct assay_err *err)
{
	return status == CUDRV_SUCCESS ? ASSAY_OK : cuda_failed(&device->cuda, call, status, err);
}

static enum assay_code count_devices(const struct cuda *cuda, unsigned *ret, struct assay_err *err)
{
	int count = 0;
	unsigned status = cuda->device_count(&count);
	if (status != CUDRV_SUCCESS)
		return cuda_failed(cuda, "cuDeviceGetCount", status, err);
	if (count < 1)
		return assay_fail(err, ASSAY_SKIP,
				  "the CUDA driver sees no device; nvidia-smi and "
				  "CUDA_VISIBLE_DEVICES say why");
	*ret = (unsigned)count;
	return ASSAY_OK;
}

static enum assay_code count(unsigned *ret, struct assay_err *err)
{
	struct cuda cuda;
	*ret = 0;
	enum assay_code code = cuda_load(LIBRARY, &cuda, err);
	return code == ASSAY_OK ? count_devices(&cuda, ret, err) : code;
}

static enum assay_code probe(struct assay_err *err)
{
	struct cuda cuda;
	struct nvrtc nvrtc = {0};
	unsigned devices;
	enum assay_code code = cuda_load(LIBRARY, &cuda, err);
	if (code == ASSAY_OK)
		code = count_devices(&cuda, &devices, err);
	if (code == ASSAY_OK)
		code = nvrtc_find(cuda.version, &nvrtc, err);
	nvrtc_unload(&nvrtc);
	return code;
}

static void close_device(struct gpu_device *device)
{
	if (!device)
		return;
	if (device->gates && !device->hung)
		cuda_use(device)->host_release((void *)device->gates);
	if (device->context && !device->hung)
		device->cuda.context_release(device->number);
	current = NULL;
	nvrtc_unload(&device->nvrtc);
	free(device);
}

/* Words that the host sets and streams wait for. */
static enum assay_code open_gates(struct gpu_device *device, struct assay_err *err)
{
	void *memory = NULL;
	unsigned status =
		device->cuda.host_alloc(&memory, GATES * sizeof(uint32_t),
					CUDRV_HOST_ALLOC_PORTABLE | CUDRV_HOST_ALLOC_DEVICEMAP);
	if (status == CUDRV_SUCCESS) {
		memset(memory, 0, GATES * sizeof(uint32_t));
		device->gates = memory;
		status = device->cuda.host_address(&device->gates_address, memory, 0);
	}
	return cuda_done(device, "cuMemHostAlloc", status, err);
}

/* Lines that somebody told the last cache to keep would be ours to miss. Old devices have none. */
static enum assay_code reset_cache(struct gpu_device *device, struct assay_err *err)
{
	unsigned status = device->cuda.cache_reset();
	return status == CUDRV_NOT_SUPPORTED
		       ? ASSAY_OK
		       : cuda_done(device, "cuCtxResetPersistingL2Cache", status, err);
}

static enum assay_code open_context(unsigned number, struct gpu_device *device,
				    struct assay_err *err)
{
	unsigned devices = 0;
	enum assay_code code = cuda_load(LIBRARY, &device->cuda, err);
	if (code == ASSAY_OK)
		code = count_devices(&device->cuda, &devices, err);
	if (code != ASSAY_OK)
		return code;
	if (number >= devices)
		return assay_fail(err, ASSAY_SKIP, "CUDA has %u device(s), no number %u", devices,
				  number);
	code = cuda_done(device, "cuDeviceGet",
			 device->cuda.device_get(&device->number, (int)number), err);
	if (code == ASSAY_OK)
		code = cuda_done(device, "cuDevicePrimaryCtxRetain",
				 device->cuda.context_retain(&device->context, device->number),
				 err);
	if (code == ASSAY_OK)
		code = cuda_done(device, "cuCtxSetCurrent",
				 device->cuda.context_set(device->context), err);
	current = device->context;
	if (code == ASSAY_OK)
		code = open_gates(device, err);
	if (code == ASSAY_OK)
		code = reset_cache(device, err);
	return code == ASSAY_OK ? nvrtc_find(device->cuda.version, &device->nvrtc, err) : code;
}

static enum assay_code open_device(unsigned number, struct gpu_device **ret, struct assay_err *err)
{
	struct gpu_device *device = calloc(1, sizeof(*device));
	if (!device)
		return cuda_no_memory(err);
	device->patience_ns = PATIENCE_NS;
	enum assay_code code = open_context(number, device, err);
	if (code != ASSAY_OK) {
		close_device(device);
		return code;
	}
	cuda_describe(device);
	*ret = device;
	return ASSAY_OK;
}

void cuda_set_patience_ns(struct gpu_device *device, uint64_t patience_ns)
{
	device->patience_ns = patience_ns;
}

static const struct gpu_info *info(const struct gpu_device *device)
{
	return &device->info;
}

/* Full memory says how full: others may have it. */
static enum assay_code alloc_failed(struct gpu_device *device, const char *call, unsigned status,
				    size_t bytes, struct assay_err *err)
{
	size_t left = 0, all = 0;
	enum assay_code code = cuda_failed(&device->cuda, call, status, err);
	if (code == ASSAY_ENOMEM && cuda_use(device)->memory_info(&left, &all) == CUDRV_SUCCESS)
		code = assay_context(err, code, "%zu MiB wanted, %zu of %zu MiB free", bytes >> 20,
				     left >> 20, all >> 20);
	return code;
}

static enum assay_code alloc_mapped(struct gpu_device *device, size_t bytes,
				    struct gpu_buffer *buffer, struct assay_err *err)
{
	unsigned status =
		cuda_use(device)->host_alloc(&buffer->mapped, bytes, CUDRV_HOST_ALLOC_DEVICEMAP);
	if (status != CUDRV_SUCCESS)
		return alloc_failed(device, "cuMemHostAlloc", status, bytes, err);
	status = cuda_use(device)->host_address(&buffer->address, buffer->mapped, 0);
	if (status != CUDRV_SUCCESS)
		cuda_use(device)->host_release(buffer->mapped);
	return cuda_done(device, "cuMemHostGetDevicePointer", status, err);
}

static enum assay_code alloc_plain(struct gpu_device *device, size_t bytes,
				   struct gpu_buffer *buffer, struct assay_err *err)
{
	if (bytes > device->info.max_alloc_bytes)
		return assay_fail(err, ASSAY_SKIP, "the device has %llu MiB in all, not %zu",
				  (unsigned long long)(device->info.memory_bytes >> 20),
				  bytes >> 20);
	unsigned status = cuda_use(device)->alloc(&buffer->address, bytes);
	return status == CUDRV_SUCCESS ? ASSAY_OK
				       : alloc_failed(device, "cuMemAlloc", status, bytes, err);
}

static enum assay_code alloc(struct gpu_device *device, enum gpu_memory kind, size_t bytes,
			     struct gpu_buffer **ret, struct assay_err *err)
{
	struct gpu_buffer *buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return cuda_no_memory(err);
	enum assay_code code = kind == GPU_MAPPED ? alloc_mapped(device, bytes, buffer, err)
						  : alloc_plain(device, bytes, buffer, err);
	if (code != ASSAY_OK) {
		free(buffer);
		return code;
	}
	*ret = buffer;
	return ASSAY_OK;
}

static void release(struct gpu_device *device, struct gpu_buffer *buffer)
{
	if (!buffer)
		return;
	if (buffer->mapped && !device->hung)
		cuda_use(device)->host_release(buffer->mapped);
	else if (!device->hung)
		cuda_use(device)->release(buffer->address);
	free(buffer);
}

static void *mapped(struct gpu_buffer *buffer)
{
	return buffer->mapped;
}

static enum assay_code pool_alloc(struct gpu_stream *stream, size_t bytes, struct gpu_buffer **ret,
				  struct assay_err *err)
{
	struct gpu_device *device = stream->device;
	if (device->info.lacks[GPU_HAS_POOL])
		return assay_fail(err, ASSAY_SKIP, "%s", device->info.lacks[GPU_HAS_POOL]);
	struct gpu_buffer *buffer = calloc(1, sizeof(*buffer));
	if (!buffer)
		return cuda_no_memory(err);
	unsigned status = cuda_use(device)->alloc_async(&buffer->address, bytes, stream->stream);
	if (status != CUDRV_SUCCESS) {
		free(buffer);
		return alloc_failed(device, "cuMemAllocAsync", status, bytes, err);
	}
	*ret = buffer;
	return ASSAY_OK;
}

static void pool_release(struct gpu_stream *stream, struct gpu_buffer *buffer)
{
	if (!buffer)
		return;
	if (!stream->device->hung)
		cuda_use(stream->device)->release_async(buffer->address, stream->stream);
	free(buffer);
}

static enum assay_code pin(struct gpu_device *device, size_t bytes, void **ret,
			   struct assay_err *err)
{
	unsigned status = cuda_use(device)->host_alloc(ret, bytes, CUDRV_HOST_ALLOC_PORTABLE);
	return status == CUDRV_SUCCESS ? ASSAY_OK
				       : alloc_failed(device, "cuMemHostAlloc", status, bytes, err);
}

static void unpin(struct gpu_device *device, void *memory)
{
	if (memory && !device->hung)
		cuda_use(device)->host_release(memory);
}

static enum assay_code stream_new(struct gpu_device *device, struct gpu_stream **ret,
				  struct assay_err *err)
{
	struct gpu_stream *stream = calloc(1, sizeof(*stream));
	if (!stream)
		return cuda_no_memory(err);
	unsigned status =
		cuda_use(device)->stream_create(&stream->stream, CUDRV_STREAM_NON_BLOCKING);
	if (status != CUDRV_SUCCESS) {
		free(stream);
		return cuda_failed(&device->cuda, "cuStreamCreate", status, err);
	}
	stream->device = device;
	stream->gate = device->streams++ % GATES;
	stream->closed = atomic_load(&device->gates[stream->gate]);
	*ret = stream;
	return ASSAY_OK;
}

static void stream_free(struct gpu_stream *stream)
{
	if (!stream)
		return;
	if (!stream->device->hung)
		cuda_use(stream->device)->stream_destroy(stream->stream);
	free(stream);
}

/* The driver's own wait has no end when a kernel has none, so we ask again and again. */
static enum assay_code wait(struct gpu_stream *stream, struct assay_err *err)
{
	enum { LOOKS = 64, BUSY_LOOKS = 4096 };
	struct gpu_device *device = stream->device;
	uint64_t begin_ns = 0;
	for (unsigned looks = 1;; looks++) {
		unsigned status = cuda_use(device)->stream_query(stream->stream);
		if (status != CUDRV_NOT_READY)
			return cuda_done(device, "cuStreamQuery", status, err);
		assay_cpu_relax();
		if (looks % LOOKS != 0)
			continue;
		if (looks >= BUSY_LOOKS)
			sched_yield();
		uint64_t now_ns = assay_now_ns();
		if (begin_ns == 0)
			begin_ns = now_ns;
		if (now_ns - begin_ns < device->patience_ns)
			continue;
		device->hung = true;
		return assay_fail(err, ASSAY_EIO,
				  "CUDA: no end after %.3g s: a kernel that never ends, or a "
				  "device that does not answer; given up",
				  (double)device->patience_ns / 1e9);
	}
}

static enum assay_code after(struct gpu_stream *stream, struct gpu_stream *first,
			     struct assay_err *err)
{
	struct gpu_device *device = stream->device;
	struct CUevent_st *event = NULL;
	/* An event belongs to the device that it is recorded on; any other may wait for it. */
	const struct cuda *cuda = cuda_use(first->device);
	unsigned status = cuda->event_create(&event, CUDRV_EVENT_DISABLE_TIMING);
	if (status == CUDRV_SUCCESS)
		status = cuda->event_record(event, first->stream);
	if (status == CUDRV_SUCCESS)
		status = cuda_use(device)->stream_after(stream->stream, event, 0);
	/* The driver keeps what is still waited for. */
	if (event)
		cuda_use(first->device)->event_destroy(event);
	return cuda_done(device, "cuStreamWaitEvent", status, err);
}

static enum assay_code write_buffer(struct gpu_stream *stream, struct gpu_buffer *to,
				    const void *from, size_t bytes, struct assay_err *err)
{
	return cuda_done(
		stream->device, "cuMemcpyHtoDAsync",
		cuda_use(stream->device)->copy_in(to->address, from, bytes, stream->stream), err);
}

static enum assay_code read_buffer(struct gpu_stream *stream, void *to, struct gpu_buffer *from,
				   size_t bytes, struct assay_err *err)
{
	return cuda_done(
		stream->device, "cuMemcpyDtoHAsync",
		cuda_use(stream->device)->copy_out(to, from->address, bytes, stream->stream), err);
}

static enum assay_code copy(struct gpu_stream *stream, struct gpu_buffer *to,
			    struct gpu_buffer *from, size_t bytes, struct assay_err *err)
{
	return cuda_done(
		stream->device, "cuMemcpyDtoDAsync",
		cuda_use(stream->device)->copy(to->address, from->address, bytes, stream->stream),
		err);
}

/* Once for each pair. The driver would go through the host by itself, which is another figure. */
static enum assay_code enable_peer(struct gpu_device *device, struct gpu_device *other,
				   struct assay_err *err)
{
	const uint32_t bit = 1u << other->number % 32;
	int possible = 0;
	if (device->peers & bit)
		return ASSAY_OK;
	unsigned status = cuda_use(device)->peer_possible(&possible, device->number, other->number);
	if (status == CUDRV_SUCCESS && !possible)
		return assay_fail(
			err, ASSAY_SKIP,
			"device %d cannot reach the memory of device %d: bytes go through "
			"the host",
			device->number, other->number);
	if (status == CUDRV_SUCCESS)
		status = cuda_use(device)->peer_enable(other->context, 0);
	if (status != CUDRV_SUCCESS && status != CUDRV_PEER_ALREADY)
		return cuda_failed(&device->cuda, "cuCtxEnablePeerAccess", status, err);
	device->peers |= bit;
	return ASSAY_OK;
}

static enum assay_code copy_peer(struct gpu_stream *stream, struct gpu_buffer *to,
				 struct gpu_device *other, struct gpu_buffer *from, size_t bytes,
				 struct assay_err *err)
{
	struct gpu_device *device = stream->device;
	enum assay_code code = enable_peer(device, other, err);
	if (code != ASSAY_OK)
		return code;
	return cuda_done(device, "cuMemcpyPeerAsync",
			 cuda_use(device)->copy_peer(to->address, device->context, from->address,
						     other->context, bytes, stream->stream),
			 err);
}

static enum assay_code fill(struct gpu_stream *stream, struct gpu_buffer *to, uint8_t byte,
			    size_t bytes, struct assay_err *err)
{
	return cuda_done(stream->device, "cuMemsetD8Async",
			 cuda_use(stream->device)->fill(to->address, byte, bytes, stream->stream),
			 err);
}

static void unbuild(struct gpu_device *device, struct gpu_kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->module && !device->hung)
		cuda_use(device)->module_unload(kernel->module);
	free(kernel);
}

static enum assay_code build(struct gpu_device *device, const struct gpu_kernel_source *source,
			     struct gpu_kernel **ret, struct assay_err *err)
{
	struct cubin cubin;
	if (source->min_arch > device->info.arch)
		return assay_fail(err, ASSAY_SKIP, "kernel %s is for devices from sm_%u on",
				  source->name, source->min_arch);
	enum assay_code code = nvrtc_compile(&device->nvrtc, device->info.arch, source->name,
					     source->text, &cubin, NULL, err);
	if (code != ASSAY_OK)
		return code;
	struct gpu_kernel *kernel = calloc(1, sizeof(*kernel));
	if (!kernel) {
		free(cubin.bytes);
		return cuda_no_memory(err);
	}
	code = cuda_done(device, "cuModuleLoadData",
			 cuda_use(device)->module_load(&kernel->module, cubin.bytes), err);
	free(cubin.bytes);
	if (code == ASSAY_OK)
		code = cuda_done(device, "cuModuleGetFunction",
				 cuda_use(device)->module_function(&kernel->function,
								   kernel->module, source->name),
				 err);
	if (code != ASSAY_OK) {
		unbuild(device, kernel);
		return assay_context(err, code, "kernel %s", source->name);
	}
	*ret = kernel;
	return ASSAY_OK;
}

enum assay_code cuda_launch_kernel(struct gpu_stream *stream, const struct gpu_launch *launch,
				   struct assay_err *err)
{
	void *params[GPU_MAX_ARGS];
	for (uint32_t i = 0; i < launch->n_args && i < GPU_MAX_ARGS; i++) {
		const struct gpu_arg *arg = &launch->args[i];
		params[i] = arg->type == GPU_BUFFER ? (void *)&arg->value.buffer->address
						    : (void *)&arg->value;
	}
	return cuda_done(stream->device, "cuLaunchKernel",
			 cuda_use(stream->device)
				 ->launch(launch->kernel->function, launch->groups[0],
					  launch->groups[1], 1, launch->size[0], launch->size[1], 1,
					  0, stream->stream, params, NULL),
			 err);
}

static const struct gpu_ops ops = {
	.computes = true,
	.count = count,
	.open = open_device,
	.close = close_device,
	.info = info,
	.alloc = alloc,
	.release = release,
	.mapped = mapped,
	.pool_alloc = pool_alloc,
	.pool_release = pool_release,
	.pin = pin,
	.unpin = unpin,
	.stream_new = stream_new,
	.stream_free = stream_free,
	.wait = wait,
	.after = after,
	.write = write_buffer,
	.read = read_buffer,
	.copy = copy,
	.copy_peer = copy_peer,
	.fill = fill,
	.build = build,
	.unbuild = unbuild,
	.launch = cuda_launch_kernel,
	.product_new = cuda_product_new,
	.product_free = cuda_product_free,
	.product_run = cuda_product_run,
	GPU_SPAN_OPS(cuda),
};

const struct assay_subject assay_subject_gpu_cuda = {
	.brief = "the first NVIDIA device, through the CUDA driver",
	.ops = &ops,
	.probe = probe,
};
