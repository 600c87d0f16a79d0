"""Dense systems on one GPU, side by side in one process: PyTorch's solver and numlab's plugin on the same matrices.

  python3 tests/peers/torch_cuda_solve.py build/numlab_cuda.so [--n 1024,4096] [--dtype f64,f32] [--columns 1]
      [--rounds 5]

Contestants take turns: torch.linalg.solve as its bare operator, numlab's elimination (lu_factor, lu_solve), cuSOLVER
through numlab's plugin. Each starts from A as it came and makes the copy it overwrites inside the time (cuSOLVER's a
transposed one: it counts columns first). By the clock, from an idle device to an idle device. FLOPs: 2/3 n^3 + 2 n^2 k.
Beside the times HPL's ratio, in f64.
"""
import argparse
import ctypes as C
import statistics
import time

import torch

from torch_cuda_attention import NAMES, Numlab, array

ROUNDOFF = {torch.float64: 2.0 ** -53, torch.float32: 2.0 ** -24}


class Facts(C.Structure):
    _fields_ = [("singular_column", C.c_int64), ("exchanges", C.c_int64), ("largest_a", C.c_double),
                ("largest_u", C.c_double), ("smallest_pivot", C.c_double)]


def by_torch(numlab, A, b):
    return torch.ops.aten.linalg_solve_ex(A, b)[0]


# torch's stream and the plugin's are two: the copies of one are waited for before the other reads them.

def by_lu(numlab, A, b):
    F, x, facts = A.clone(), b.clone(), Facts()
    row_of = (C.c_int64 * A.shape[0])()
    torch.cuda.synchronize()
    numlab.check(numlab.call("lu_factor", numlab.device, C.byref(array(F)), C.c_int64(0), row_of, C.byref(facts)))
    numlab.check(numlab.call("lu_solve", numlab.device, C.byref(array(F)), row_of, C.byref(array(x))))
    numlab.sync()
    return x


def by_cusolver(numlab, A, b):
    F, x, facts = A.T.contiguous(), b.T.clone(memory_format=torch.contiguous_format), Facts()
    torch.cuda.synchronize()
    numlab.check(numlab.call("library_solve", numlab.device, C.byref(array(F)), C.byref(array(x)), C.byref(facts)))
    numlab.sync()
    return x.T


def hpl(A, b, x):
    A, b, x, eps = A.double(), b.double(), x.double(), ROUNDOFF[A.dtype]
    r = (b - A @ x).abs().amax(0)
    bound = A.abs().sum(1).max() * x.abs().amax(0) + b.abs().amax(0)
    return float((r / bound).max()) / (eps * A.shape[0])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("plugin")
    p.add_argument("--n", default="1024,2048,4096,8192,16384")
    p.add_argument("--dtype", default="f64,f32")
    p.add_argument("--columns", type=int, default=1)
    p.add_argument("--rounds", type=int, default=5)
    o = p.parse_args()
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = False
    numlab = Numlab(o.plugin)
    contestants = {"torch": by_torch, "lu": by_lu}
    if numlab.call("library_prepare", numlab.device) == 0:
        contestants["cusolver"] = by_cusolver
    library = torch.backends.cuda.preferred_linalg_library()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__} ({library})")
    for dtype in o.dtype.split(","):
        for n in map(int, o.n.split(",")):
            A = torch.randn(n, n, dtype=NAMES[dtype], device="cuda")
            b = torch.randn(n, o.columns, dtype=NAMES[dtype], device="cuda")
            times, ratios = {name: [] for name in contestants}, {}
            for turn in range(o.rounds + 1):  # the first warms up
                for name, solve in contestants.items():
                    torch.cuda.synchronize()
                    begin = time.perf_counter()
                    x = solve(numlab, A, b)
                    torch.cuda.synchronize()
                    if turn:
                        times[name].append(time.perf_counter() - begin)
                    else:
                        ratios[name] = hpl(A, b, x)
            flops = 2 / 3 * n ** 3 + 2 * n ** 2 * o.columns
            line = [f"{name} {flops / statistics.median(t) / 1e12:.2f} TFLOP/s ({statistics.median(t) * 1e3:.2f} ms, "
                    f"HPL {ratios[name]:.3f})" for name, t in times.items()]
            print(f"{dtype} n={n}: " + ", ".join(line), flush=True)
            del A, b, x
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
