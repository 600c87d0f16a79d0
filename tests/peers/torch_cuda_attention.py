"""Attention on one GPU, side by side in one process: PyTorch's operators and numlab's plugin on the same tensors.

  python3 tests/peers/torch_cuda_attention.py build/numlab_cuda.so [--shapes tokens|handout] [--rounds 5]
      [--dtype bf16,f32] [--dim 64,128] [--n 1024,4096] [--paths flash_mma,standard] [--peers torch_flash] [--csv FILE]

Peers are bare operators (no autograd, no dispatcher of scaled_dot_product_attention): the unfused standard form,
FlashAttention-2, cuDNN, memory-efficient. numlab is called through the contract of engine/include/numlab/backend.h.
Contestants take turns; a turn is enough launches between two events to last some milliseconds, on inputs that rotate
over buffers larger than the L2 cache. Values are compared with f64 on the same inputs. FLOPs as FlashAttention counts:
4 B H N^2 D forward (half of it causal), 2.5 times that backward.
"""
import argparse
import ctypes as C
import csv
import glob
import hashlib
import os
import statistics
import sys

import torch

NL_DTYPE = {torch.float64: 0, torch.float32: 1, torch.float16: 2, torch.bfloat16: 3}  # numlab/dtype.h
NAMES = {"f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
AUTO, STANDARD, TILED, FLASH, DECODE = range(5)


# --- the plugin ------------------------------------------------------------------------------------------------

class Array(C.Structure):
    _fields_ = [("data", C.c_void_p), ("dtype", C.c_int), ("ndim", C.c_int), ("shape", C.c_int64 * 8),
                ("stride", C.c_int64 * 8)]


class Pass(C.Structure):
    _fields_ = [("path", C.c_int), ("impl", C.c_int)] + [(n, Array) for n in ("q", "k", "v", "out", "lse", "p", "bias")] \
        + [("scale", C.c_double), ("softcap", C.c_double), ("left", C.c_int64), ("right", C.c_int64),
           ("dropout", C.c_double), ("drop_below", C.c_uint64), ("seed", C.c_uint64), ("q_tile", C.c_int64),
           ("k_tile", C.c_int64), ("cu_q", C.c_void_p), ("cu_k", C.c_void_p), ("sequences", C.c_int64),
           ("longest_q", C.c_int64), ("longest_k", C.c_int64), ("deterministic", C.c_bool)] \
        + [(n, Array) for n in ("dout", "dq", "dk", "dv", "dbias")]


class Path(C.Structure):
    _fields_ = [("name", C.c_char_p), ("impl", C.c_int), ("what", C.c_char_p), ("ladder", C.c_bool)]


FUNCTIONS = ["count", "open", "alloc", "free", "memory", "reset_peak", "trim", "upload", "download", "sync", "mark",
             "elapsed", "copy", "fill", "random", "binary", "unary", "where", "reduce", "softmax", "matmul", "lu_factor",
             "lu_solve", "lu_solve_transposed", "library_prepare", "library_solve", "sparse_apply", "sparse_relax"]


class Backend(C.Structure):
    _fields_ = [("abi", C.c_uint32), ("size", C.c_uint32), ("headers", C.c_char_p), ("name", C.c_char_p)] \
        + [(n, C.c_void_p) for n in FUNCTIONS] + [("paths", C.POINTER(Path)), ("path_count", C.c_int),
           ("attention_path", C.c_void_p), ("attention_forward", C.c_void_p), ("attention_backward", C.c_void_p)]


FAIL = C.CFUNCTYPE(C.c_int, C.c_int, C.c_char_p, C.c_void_p, C.c_void_p, C.c_void_p, C.c_void_p)
INTERRUPTED = C.CFUNCTYPE(C.c_bool)


class Host(C.Structure):
    _fields_ = [("fail", FAIL), ("interrupted", INTERRUPTED)]


def fail(status, text, *_):
    global said
    said = text.decode()  # the format with its places: enough to tell which
    return status


said = ""
KEEP = (FAIL(fail), INTERRUPTED(lambda: False))


def headers_id():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../engine/include/numlab/*.h")
    return hashlib.sha256(b"".join(open(f, "rb").read() for f in sorted(glob.glob(root)))).hexdigest()[:16]


class Numlab:
    def __init__(self, path):
        library = C.CDLL(os.path.abspath(path))
        library.nl_backend_entry.restype = C.POINTER(Backend)
        self.host = Host(*KEEP)
        table = library.nl_backend_entry(C.byref(self.host), 1, headers_id().encode())
        if not table:
            sys.exit(f"{path} does not serve these headers: {said}")
        self.b = table.contents
        self.device, facts = C.c_void_p(), C.create_string_buffer(4096)
        self.check(self.call("open", C.c_int(0), C.byref(self.device), facts))
        self.paths = {self.b.paths[i].name.decode(): i for i in range(self.b.path_count)}
        self.impls = [self.b.paths[i].impl for i in range(self.b.path_count)]

    def call(self, name, *args):
        return C.CFUNCTYPE(C.c_int)(getattr(self.b, name))(*args)

    def check(self, status):
        if status:
            raise RuntimeError(said)

    def sync(self):
        self.check(self.call("sync", self.device))

    def start(self, path, q, k, v, causal):
        a = Pass(path=self.paths[path], impl=self.impls[self.paths[path]], scale=q.shape[3] ** -0.5, left=-1,
                 right=0 if causal else -1, q_tile=64, k_tile=64, sequences=q.shape[0], longest_q=q.shape[2],
                 longest_k=k.shape[2])
        compute = torch.float64 if q.dtype == torch.float64 else torch.float32
        out = torch.empty_like(q)
        lse = torch.empty(q.shape[:3], dtype=compute, device="cuda")
        a.tensors = {"q": q, "k": k, "v": v, "out": out, "lse": lse}
        if a.impl == STANDARD:
            a.tensors["p"] = torch.empty(*q.shape[:3], k.shape[2], dtype=compute, device="cuda")
        for name, t in a.tensors.items():
            setattr(a, name, array(t))
        return a

    def gradients(self, a, dout):
        made = {"dout": dout, **{"d" + n: torch.empty_like(a.tensors[n]) for n in "qkv"}}
        a.tensors.update(made)
        for name, t in made.items():
            setattr(a, name, array(t))

    def forward(self, a):
        self.check(self.call("attention_forward", self.device, C.byref(a)))

    def backward(self, a):
        self.check(self.call("attention_backward", self.device, C.byref(a)))

    def can(self, a, backward):
        path = C.c_int(-1)
        return self.call("attention_path", self.device, C.byref(a), C.c_bool(backward), C.byref(path)) == 0

    def seconds(self, run, count):
        """Of count runs, by the plugin's own events."""
        self.check(self.call("mark", self.device, C.c_int(0)))
        for i in range(count):
            run(i)
        self.check(self.call("mark", self.device, C.c_int(1)))
        s = C.c_double()
        self.check(self.call("elapsed", self.device, C.c_int(0), C.c_int(1), C.byref(s)))
        return s.value


def array(t):
    a = Array(data=t.data_ptr(), dtype=NL_DTYPE[t.dtype], ndim=t.dim())
    for d in range(t.dim()):
        a.shape[d], a.stride[d] = t.shape[d], t.stride(d)
    return a


# --- the peers -------------------------------------------------------------------------------------------------

ops = torch.ops.aten


def torch_flash(q, k, v, causal, dout=None):
    r = ops._scaled_dot_product_flash_attention(q, k, v, 0.0, causal, return_debug_mask=False)
    return r[0], lambda: ops._scaled_dot_product_flash_attention_backward(
        dout, q, k, v, r[0], r[1], r[2], r[3], r[4], r[5], 0.0, causal, r[6], r[7])


def torch_cudnn(q, k, v, causal, dout=None):
    r = ops._scaled_dot_product_cudnn_attention(q, k, v, None, True, 0.0, causal, False)
    return r[0], lambda: ops._scaled_dot_product_cudnn_attention_backward(
        dout, q, k, v, r[0], r[1], r[6], r[7], None, r[2], r[3], r[4], r[5], 0.0, causal)


def torch_efficient(q, k, v, causal, dout=None):
    r = ops._scaled_dot_product_efficient_attention(q, k, v, None, True, 0.0, causal)
    return r[0], lambda: ops._scaled_dot_product_efficient_attention_backward(
        dout, q, k, v, None, r[0], r[1], r[2], r[3], 0.0, [True, True, True, False], causal)


def torch_standard(q, k, v, causal, dout=None):
    s = torch.matmul(q, k.transpose(2, 3)) * q.shape[3] ** -0.5
    if causal:
        s = s.masked_fill(torch.ones(s.shape[2:], dtype=torch.bool, device="cuda").triu(1), float("-inf"))
    p = torch.softmax(s, -1)

    def backward():
        dp = torch.matmul(dout, v.transpose(2, 3))
        ds = torch._softmax_backward_data(dp, p, -1, p.dtype) * q.shape[3] ** -0.5
        return torch.matmul(ds, k), torch.matmul(ds.transpose(2, 3), q), torch.matmul(p.transpose(2, 3), dout)
    return torch.matmul(p, v), backward


PEERS = {"torch_standard": torch_standard, "torch_flash": torch_flash, "torch_cudnn": torch_cudnn,
         "torch_efficient": torch_efficient}


# --- one problem -----------------------------------------------------------------------------------------------

def torch_seconds(run, count):
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    for i in range(count):
        run(i)
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def exact(q, k, v, causal, dout):
    """f64 over one batch and head at a time; of the first only, which is enough to compare."""
    q, k, v, dout = (t[:1, :1].double() for t in (q, k, v, dout))
    out, backward = torch_standard(q, k, v, causal, dout)
    return [out, *backward()]


def distances(got, want):
    return [float((g[:1, :1].double() - w).norm() / w.norm()) for g, w in zip(got, want)]


def problem(numlab, paths, peers, dtype, b, h, n, d, causal, rounds, with_backward):
    element = torch.empty((), dtype=dtype).element_size()
    sets = max(2, min(8, int(200e6 / (4 * b * h * n * d * element)) + 1))
    data = [[torch.randn(b, h, n, d, dtype=torch.float32, device="cuda").to(dtype) for _ in range(4)] for _ in range(sets)]
    flops = 4.0 * b * h * n * n * d * (0.5 if causal else 1)
    want = exact(*data[0][:3], causal, data[0][3]) if n <= 8192 else None
    contestants = []  # name, phase, timer, run(i), values
    torch.cuda.synchronize()
    for name in peers:
        peer = PEERS[name]
        if name == "torch_standard" and b * h * n * n * element > 10e9:
            continue
        if name == "torch_cudnn" and element > 2:  # takes 16 bits alone, and computes on others without a word
            continue
        try:
            made = [peer(*x[:3], causal, x[3]) for x in (data if with_backward else data[:1])]
            gradients = made[0][1]() if with_backward else []
            values = distances([made[0][0], *gradients], want) if want else []
        except (RuntimeError, NotImplementedError) as e:
            print(f"  {name}: {str(e).splitlines()[0][:100]}", file=sys.stderr)
            torch.cuda.synchronize()
            continue
        contestants.append([name, "forward", torch_seconds, lambda i, p=peer: p(*data[i % sets][:3], causal), values])
        if with_backward:
            contestants.append([name, "backward", torch_seconds, lambda i, m=made: m[i % sets][1](), values])
    for path in paths:
        a = [numlab.start(path, *x[:3], causal) for x in data]
        if not numlab.can(a[0], False):
            continue
        for one in a:
            numlab.forward(one)
        backward = with_backward and numlab.can(a[0], True)
        for one, x in zip(a, data):
            if backward:
                numlab.gradients(one, x[3])
                numlab.backward(one)
        numlab.sync()
        got = [a[0].tensors[n] for n in (("out", "dq", "dk", "dv") if backward else ("out",))]
        values = distances(got, want) if want else []
        contestants.append([path, "forward", numlab.seconds, lambda i, a=a: numlab.forward(a[i % sets]), values])
        if backward:
            contestants.append([path, "backward", numlab.seconds, lambda i, a=a: numlab.backward(a[i % sets]), values])
    times = {i: [] for i in range(len(contestants))}
    counts = {}
    for r in range(rounds + 1):  # the first warms up and tells how many launches make a turn
        for i, (_, _, timer, run, _) in enumerate(contestants):
            torch.cuda.synchronize()
            if r == 0:
                counts[i] = max(1, min(50, int(0.01 / max(timer(run, 2) / 2, 1e-6))))
            else:
                times[i].append(timer(run, counts[i]) / counts[i])
    rows = []
    for i, (name, phase, _, _, values) in enumerate(contestants):
        seconds = statistics.median(times[i])
        rate = flops * (2.5 if phase == "backward" else 1) / seconds / 1e12
        shown = values[:1] if phase == "forward" else values[1:]
        rows.append({"name": name, "phase": phase, "dtype": str(dtype)[6:], "b": b, "h": h, "n": n, "d": d,
                     "causal": causal, "seconds": seconds, "tflops": rate, "error": max(shown, default=float("nan"))})
    return rows


def main():
    p = argparse.ArgumentParser()
    p.add_argument("plugin")
    p.add_argument("--shapes", default="tokens")
    p.add_argument("--dtype", default="bf16")
    p.add_argument("--dim", default="64,128,256")
    p.add_argument("--n", default="1024,4096,16384")
    p.add_argument("--paths", default="")
    p.add_argument("--peers", default=",".join(PEERS))
    p.add_argument("--causal", default="both")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--forward-only", action="store_true")
    p.add_argument("--csv")
    o = p.parse_args()
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = False
    numlab = Numlab(o.plugin)
    paths = [x for x in o.paths.split(",") if x] or list(numlab.paths)
    peers = [x for x in o.peers.split(",") if x]
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}; paths: {', '.join(numlab.paths)}")
    problems = []
    for dtype in o.dtype.split(","):
        if o.shapes == "handout":  # the handout's own: B = 2, H = 8, D = 8
            problems += [(NAMES[dtype], 2, 8, int(n), 8, False) for n in o.n.split(",")]
        else:  # FlashAttention's: 16384 tokens, hidden size 2048
            problems += [(NAMES[dtype], max(1, 16384 // int(n)), 2048 // int(d), int(n), int(d), c)
                         for d in o.dim.split(",") for n in o.n.split(",")
                         for c in {"both": (False, True), "no": (False,), "yes": (True,)}[o.causal]]
    rows = []
    for dtype, b, h, n, d, causal in problems:
        found = problem(numlab, paths, peers, dtype, b, h, n, d, causal, o.rounds, not o.forward_only)
        rows += found
        for phase in ("forward", "backward"):
            line = [f"{r['name']} {r['tflops']:.1f} ({r['seconds'] * 1e3:.3f} ms, {r['error']:.1e})"
                    for r in found if r["phase"] == phase]
            if line:
                print(f"{str(dtype)[6:]} b{b} h{h} n{n} d{d} {'causal' if causal else 'full'} {phase}: " + ", ".join(line),
                      flush=True)
        torch.cuda.empty_cache()
    if o.csv:
        with open(o.csv, "w", newline="") as f:
            w = csv.DictWriter(f, rows[0].keys())
            w.writeheader()
            w.writerows(rows)


if __name__ == "__main__":
    main()
