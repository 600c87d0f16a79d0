"""Solve A x = b with SciPy and say how long it took: python3 scipy_solve.py A.mtx b.mtx x.mtx METHOD REPEATS

METHOD is solve (scipy.linalg.solve: LAPACK gesv on the dense matrix) or spsolve (SuperLU on CSC). The method alone
is timed, after one warm-up; conversion and files are not. Prints key=value lines. Exit status 3: no SciPy.
"""
import sys
import time

try:
    import numpy
    import scipy
    import scipy.io
    import scipy.linalg
    import scipy.sparse
    import scipy.sparse.linalg
except ImportError as missing:
    print(missing)
    sys.exit(3)


def main(a_path, b_path, x_path, method, repeats):
    A = scipy.io.mmread(a_path)
    b = numpy.asarray(scipy.io.mmread(b_path), dtype=float).reshape(-1)
    if method == "solve":
        A = A.toarray() if scipy.sparse.issparse(A) else numpy.asarray(A)
        call = lambda: scipy.linalg.solve(A, b)  # noqa: E731
    else:
        A = scipy.sparse.csc_matrix(A)
        call = lambda: scipy.sparse.linalg.spsolve(A, b)  # noqa: E731
    x = call()
    samples = []
    for _ in range(int(repeats)):
        time.sleep(0.005)
        start = time.perf_counter()
        x = call()
        samples.append(time.perf_counter() - start)
    scipy.io.mmwrite(x_path, x.reshape(-1, 1), precision=17)
    low, middle, high = numpy.quantile(samples, [0.25, 0.5, 0.75])
    print(f"seconds={float(middle)!r}\nseconds_min={min(samples)!r}\nseconds_iqr={float(high - low)!r}\nrepeats={len(samples)}")
    print(f"version=SciPy {scipy.__version__}, NumPy {numpy.__version__}")


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
