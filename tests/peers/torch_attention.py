"""Attention by PyTorch on the CPU, forward and backward: python3 torch_attention.py FOLDER [key=value ...]

Reads q, k, v, dout (.npy) from FOLDER, writes out, dq, dk, dv there and prints key=value lines: the times of forward
and backward (median, minimum, interquartile range; runs over some 0.3 seconds before them warm up: a fresh process has
threads, kernels and memory to fetch) and what each adds to the resident set at its peak. `python3 torch_attention.py version` prints the version alone. Exit status 3: no PyTorch.

  backend   flash (scaled_dot_product_attention's fused CPU kernel) or math (softmax(scale q k') v written out)
  dtype     f64, f32, bf16 or f16: what is computed in; files hold f64 or f32
  causal    0 or 1: row i sees keys up to i, so Nq = Nk is needed to mean the same as numlab
  scale     default 1/sqrt(D)
  threads   default 1; repeats: default 3
"""
import ctypes
import sys
import time

try:
    import numpy
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.nn.functional import scaled_dot_product_attention
except ImportError as missing:
    print(missing)
    sys.exit(3)

DTYPES = {"f64": torch.float64, "f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


def resident(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return 1024 * int(line.split()[1])


def peak(call):
    """What call adds to the resident set, and its result; None where the kernel does not let the peak be reset."""
    try:
        ctypes.CDLL(None).malloc_trim(0)  # what free kept would hide what the call takes
        with open("/proc/self/clear_refs", "w") as reset:
            reset.write("5")
        before = resident("VmRSS")
        result = call()
        return resident("VmHWM") - before, result
    except (OSError, AttributeError):
        return None, call()


def main(folder, backend="flash", dtype="f32", causal="0", scale=None, threads="1", repeats="3"):
    torch.set_num_threads(int(threads))
    causal = causal == "1"

    def load(name):
        return torch.from_numpy(numpy.load(f"{folder}/{name}.npy")).to(DTYPES[dtype])

    q, k, v = (load(name).requires_grad_() for name in "qkv")
    dout = load("dout")
    scale = float(scale) if scale else q.shape[-1] ** -0.5

    def written_out():
        scores = q @ k.transpose(-2, -1) * scale
        if causal:
            rows, columns = scores.shape[-2:]
            hidden = torch.ones(rows, columns, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(hidden, -torch.inf)
        return torch.softmax(scores, -1) @ v

    def fused():
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):  # an error, not another kernel, where it cannot run
            return scaled_dot_product_attention(q, k, v, is_causal=causal, scale=scale)

    forward = fused if backend == "flash" else written_out

    def backward(out):
        return torch.autograd.grad(out, (q, k, v), dout)

    out = forward()
    grads = backward(out)
    for name, value in zip(("out", "dq", "dk", "dv"), (out, *grads)):
        value = value.detach()
        numpy.save(f"{folder}/{name}.npy", (value if dtype == "f64" else value.float()).contiguous().numpy())
    del out, grads
    runs, start = 1, time.perf_counter()
    while runs < 3 or time.perf_counter() - start < 0.3:
        runs += 1
        backward(forward())

    samples = {"forward": [], "backward": []}
    for _ in range(int(repeats)):
        time.sleep(0.005)
        start = time.perf_counter()
        out = forward()
        middle = time.perf_counter()
        grads = backward(out)
        samples["backward"].append(time.perf_counter() - middle)
        samples["forward"].append(middle - start)
        del out, grads
    for name, seconds in samples.items():
        low, median, high = numpy.quantile(seconds, [0.25, 0.5, 0.75])
        print(f"{name}_s={float(median)!r}\n{name}_min={min(seconds)!r}\n{name}_iqr={float(high - low)!r}")

    took, out = peak(forward)
    if took is not None:
        print(f"rss_forward_bytes={took}\nrss_backward_bytes={peak(lambda: backward(out))[0]}")
    print(f"repeats={repeats}\nthreads={torch.get_num_threads()}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] != "version":
        main(sys.argv[1], **dict(word.split("=", 1) for word in sys.argv[2:]))
    print(f"version=PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()} kernels")
