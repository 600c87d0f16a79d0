--- What NumPy, SciPy, Torch and MATLAB call things, and how they are done here: for numlab.explain.
---@internal of numlab.explain
local JOIN, PLACE = "nl.cat({a, b}, dim) joins tensors", 't:to("cuda") and t:to("cpu") move, t:to("f32") converts'
local PRODUCT, VIEW = "A * B is the product of matrices, a * b the inner one of vectors", "t:reshape(m, n) makes it"
local RANDOM = "nl.rand is uniform, nl.randn normal, nl.seed begins them again"
local SPARSE = "nl.sparse.coo(m, n, rows, cols, values) makes one, nl.sparse.from(t) takes a tensor"

return {
  -- making
  array = "nl.tensor(table) makes one", asarray = "nl.tensor(table) makes one", matrix = "nl.tensor(table) makes one",
  Tensor = "nl.tensor(table) makes one", from_numpy = 'nl.load("x.npy") reads one', empty = "nl.zeros(m, n) makes one",
  zeros_like = "nl.zeros(t.shape, {dtype = t.dtype}) makes one", ones_like = "nl.ones(t.shape, {dtype = t.dtype}) makes one",
  random = RANDOM, normal = RANDOM, uniform = RANDOM, manual_seed = RANDOM, range = "nl.arange(a, b, step) makes it, b included",
  csr_matrix = SPARSE, coo_matrix = SPARSE, csc_matrix = SPARSE, sparse_coo_tensor = SPARSE,
  -- form and place
  view = VIEW, flatten = VIEW, ravel = VIEW, squeeze = VIEW, unsqueeze = VIEW, expand_dims = VIEW,
  t = "t.T is the transpose", permute = "t:transpose(i, j) swaps two dimensions", swapaxes = "t:transpose(i, j) does it",
  copy = "t:clone() copies", numpy = "t:totable() makes a table, nl.save(path, t) a file", tolist = "t:totable() makes a table",
  numel = "t.size counts the elements", length = "#t counts the rows, t.size the elements", todense = "S:dense() does it",
  toarray = "S:dense() does it", cuda = PLACE, cpu = PLACE, gpu = PLACE, float = PLACE, double = PLACE, half = PLACE,
  astype = PLACE, type = PLACE, print = "print(t) prints one",
  -- joining, choosing
  concatenate = JOIN, concat = JOIN, vstack = JOIN, hstack = JOIN, stack = JOIN, horzcat = JOIN, vertcat = JOIN,
  maximum = "nl.where(a:gt(b), a, b) takes the larger", minimum = "nl.where(a:lt(b), a, b) takes the smaller",
  relu = "nl.where(t:gt(0), t, 0) does it", clip = "nl.where chooses: nl.where(t:gt(c), c, t)",
  -- algebra
  dot = PRODUCT, mm = PRODUCT, bmm = PRODUCT, mv = PRODUCT, inner = PRODUCT, mtimes = PRODUCT,
  inv = "nl.solve(A, b) solves without an inverse", inverse = "nl.solve(A, b) solves without an inverse",
  pinv = "nl.lstsq(A, b) solves least squares", mldivide = "nl.solve(A, b) solves", spsolve = "nl.solve(A, b) solves",
  linsolve = "nl.solve(A, b) solves", gesv = 'nl.solve(A, b, {method = "lapack"}) calls it', chol = "nl.cholesky(A) does it",
  eig = "nl.eigh(A) does it for symmetric A", det = "the pivots tell: nl.lu(A).U holds them on its diagonal",
  isclose = "nl.allclose(a, b) compares", array_equal = "a == b compares", std = "nl.stats.sd(list) does it for a list",
  median = "nl.stats.median(list) does it for a list", scaled_dot_product_attention = "nl.attention(q, k, v) does it",
  linalg = "nl.solve, nl.lu, nl.qr, nl.svd and the like stand in nl itself", tic = "nl.clock() gives seconds",
  toc = "nl.clock() gives seconds", time = "nl.clock() gives seconds", figure = "nl.plot.figure{...} draws one",
}
