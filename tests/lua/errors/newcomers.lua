-- What people who come from NumPy, Torch and MATLAB type first, and what becomes of a nil that is passed on.
return {
  Tensor = {
    { "t.size()", "attempt to call a number value (field 'size'); size is a field: write it without parentheses" },
    { "t:size()", "attempt to call a number value (method 'size'); size is a field: write it without parentheses" },
    { "t:shape()", "attempt to call a table value (method 'shape'); shape is a field: write it without parentheses" },
    { "t:ndim()", "attempt to call a number value (method 'ndim'); ndim is a field: write it without parentheses" },
    { "t:summ()",
      "attempt to call a nil value (method 'summ'); a tensor has no method 'summ' (did you mean 'sum'?)" },
    { "t.foo()", "attempt to call a nil value (field 'foo'); a tensor has no method 'foo'" },
    { "t:inv()",
      "attempt to call a nil value (method 'inv'); a tensor has no method 'inv': nl.solve(A, b) solves "
        .. "without an inverse" },
    { "t:dot(b)",
      "attempt to call a nil value (method 'dot'); a tensor has no method 'dot': A * B is the product of "
        .. "matrices, a * b the inner one of vectors" },
    { "t:view(4)",
      "attempt to call a nil value (method 'view'); a tensor has no method 'view': t:reshape(m, n) makes it" },
    { "t:t()", "attempt to call a nil value (method 't'); a tensor has no method 't': t.T is the transpose" },
    { "t:numpy()",
      "attempt to call a nil value (method 'numpy'); a tensor has no method 'numpy': t:totable() makes a "
        .. "table, nl.save(path, t) a file" },
    { "t:cuda()",
      "attempt to call a nil value (method 'cuda'); a tensor has no method 'cuda': t:to(\"cuda\") and "
        .. 't:to("cpu") move, t:to("f32") converts' },
    { "t:float()",
      "attempt to call a nil value (method 'float'); a tensor has no method 'float': t:to(\"cuda\") and "
        .. 't:to("cpu") move, t:to("f32") converts' },
    { "t:lu()",
      "attempt to call a nil value (method 'lu'); a tensor has no method 'lu': it is a function, nl.lu(..)" },
    { "t:solve(b)",
      "attempt to call a nil value (method 'solve'); a tensor has no method 'solve': it is a function, "
        .. "nl.solve(..)" },
    { "t:stats()", "attempt to call a nil value (method 'stats'); a tensor has no method 'stats'" },
  },
  nl = {
    { "nl.array{1}", "attempt to call a nil value (field 'array'); nl has no 'array': nl.tensor(table) makes one" },
    { "nl.inv(A)",
      "attempt to call a nil value (field 'inv'); nl has no 'inv': nl.solve(A, b) solves without an inverse" },
    { "nl.dot(A, b)",
      "attempt to call a nil value (field 'dot'); nl has no 'dot': A * B is the product of matrices, a * "
        .. "b the inner one of vectors" },
    { "nl.concatenate{A, A}",
      "attempt to call a nil value (field 'concatenate'); nl has no 'concatenate': nl.cat({a, b}, dim) "
        .. "joins tensors" },
    { "nl.sum(A)", "attempt to call a nil value (field 'sum'); nl has no 'sum': it is a method, t:sum(..)" },
    { "nl.exp(A)", "attempt to call a nil value (field 'exp'); nl has no 'exp': it is a method, t:exp(..)" },
    { "nl.reshape(A, 4)",
      "attempt to call a nil value (field 'reshape'); nl has no 'reshape': it is a method, t:reshape(..)" },
    { "nl.solv(A, b)", "attempt to call a nil value (field 'solv'); nl has no 'solv' (did you mean 'solve'?)" },
    { "nl.linalg.solve(A, b)",
      "attempt to index a nil value (field 'linalg'); nl has no 'linalg': nl.solve, nl.lu, nl.qr, nl.svd "
        .. "and the like stand in nl itself" },
    { "nl.zeros_like(A)",
      "attempt to call a nil value (field 'zeros_like'); nl has no 'zeros_like': nl.zeros(t.shape, "
        .. "{dtype = t.dtype}) makes one" },
    { "nl.random.rand(2)",
      "attempt to index a nil value (field 'random'); nl has no 'random': nl.rand is uniform, nl.randn "
        .. "normal, nl.seed begins them again" },
    { "nl.stats.meen{1}",
      "attempt to call a nil value (field 'meen'); nl.stats has no 'meen' (did you mean 'mean'?)" },
    { "nl.gallery.hilber(3)",
      "attempt to call a nil value (field 'hilber'); nl.gallery has no 'hilber' (did you mean 'hilbert'?)" },
    { "nl.linspac(0, 1, 3)",
      "attempt to call a nil value (field 'linspac'); nl has no 'linspac' (did you mean 'linspace'?)" },
    { "zeros(2)", "attempt to call a nil value (global 'zeros'); it is nl.zeros" },
    { "solve(A, b)", "attempt to call a nil value (global 'solve'); it is nl.solve" },
    { "sum(A)", "attempt to call a nil value (global 'sum'); it is a method of tensors: t:sum(..)" },
    { "linspace(0, 1, 3)", "attempt to call a nil value (global 'linspace'); it is nl.linspace" },
    { "inv(A)", "attempt to call a nil value (global 'inv'); nl.solve(A, b) solves without an inverse" },
  },
  ["nl.solve"] = {
    { "nl.solve(Z, b) + 1",
      "attempt to perform arithmetic on a nil value; the last call that gave nil said: lu: A is "
        .. "singular, column 1 has no nonzero pivot" },
    { "nl.solve(Z, b):norm()",
      "attempt to index a nil value; the last call that gave nil said: lu: A is singular, column 1 has "
        .. "no nonzero pivot" },
    { "nl.solve(Z, b).shape",
      "attempt to index a nil value; the last call that gave nil said: lu: A is singular, column 1 has "
        .. "no nonzero pivot" },
    { "nl.solve(Z, b)[1]",
      "attempt to index a nil value; the last call that gave nil said: lu: A is singular, column 1 has "
        .. "no nonzero pivot" },
    { "A * nl.solve(Z, b)",
      "mul: operands are tensors or numbers, got nil; the last call that gave nil said: lu: A is "
        .. "singular, column 1 has no nonzero pivot" },
    { "nl.allclose(nl.solve(Z, b), b)",
      "bad argument #1 to 'allclose' (tensor or number expected, got nil; the last call that gave nil "
        .. "said: lu: A is singular, column 1 has no nonzero pivot)" },
    { "nl.stats.mean(nl.solve(Z, b))",
      "stats.mean: expected a list of numbers, got nil; the last call that gave nil said: lu: A is "
        .. "singular, column 1 has no nonzero pivot" },
  },
  ["nl.lu"] = {
    { "nl.lu(A):det()",
      "attempt to call a nil value (method 'det'); a lu factor has no method 'det': the pivots tell: "
        .. "nl.lu(A).U holds them on its diagonal" },
    { "nl.lu(A):solv(b)",
      "attempt to call a nil value (method 'solv'); a lu factor has no method 'solv' (did you mean 'solve'?)" },
    { "nl.lu(Z):solve(b):sum()",
      "attempt to index a nil value; the last call that gave nil said: lu: A is singular, column 1 has "
        .. "no nonzero pivot" },
  },
}
