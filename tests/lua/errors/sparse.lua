-- Sparse matrices.
return {
  Sparse = {
    { "S + 1", "sparse sum: expected two sparse matrices (S:dense() makes a tensor), got number" },
    { "S + t",
      "sparse sum: expected two sparse matrices (S:dense() makes a tensor), got tensor; "
        .. "nl.sparse.from(t) makes one of a tensor" },
    { "S * 'x'", "sparse product: expected a number, a tensor or a sparse matrix, got string" },
    { "S * nl.ones(3)",
      "sparse product: a 2x2 matrix times a tensor of shape 3, expected 2 rows and at most 2 dimensions" },
    { "S * {}", "sparse product: expected a number, a tensor or a sparse matrix, got table" },
    { "S / t",
      "sparse quotient: expected a sparse matrix over a number, got tensor; nl.sparse.from(t) makes one "
        .. "of a tensor" },
    { "1 / S", "sparse quotient: expected a sparse matrix over a number, got number" },
    { "S^2",
      "attempt to perform arithmetic on a sparse matrix value (global 'S'); sparse matrices have +, -, * "
        .. "and / by a number; S:dense() makes a tensor" },
    { "S(1)", "an element of a sparse matrix is S(i, j): the column must be a whole number, got nothing" },
    { "S(0, 1)", "row 0 is outside 1 to 2" },
    { "S(1, 3)", "column 3 is outside 1 to 2" },
    { "S(1, 'x')", "an element of a sparse matrix is S(i, j): the column must be a whole number, got x" },
    { "S:sum()",
      "attempt to call a nil value (method 'sum'); a sparse matrix has no method 'sum': S:dense() makes "
        .. "a tensor, which has it" },
    { "closed_S(1, 1)", "bad argument #1 to 'closed_S' (this sparse matrix was closed)" },
    { "S[1]", "a sparse matrix has no rows to take, got S[1]; S(1, 2) is an element, S:dense() makes a tensor" },
    { "S * solved",
      "sparse product: expected a number, a tensor or a sparse matrix, got nil; the last call that gave "
        .. "nil said: lu: A is singular, column 1 has no nonzero pivot" },
  },
  ["nl.sparse.coo"] = {
    { "nl.sparse.coo()", "sparse.coo: m must be a whole number not below 0, got nothing" },
    { "nl.sparse.coo(2, 2, {1}, {1})", "sparse.coo: values must be a tensor or a table, got no value" },
    { "nl.sparse.coo(2, 2, {1, 2}, {1}, {1})", "sparse.coo: 2 rows, 1 cols and 1 values, expected as many of each" },
    { "nl.sparse.coo(2, 2, {0}, {1}, {1})",
      "sparse: triplet 1 lies at row 0, column 1, outside a 2x2 matrix (rows and columns count from 1)" },
    { "nl.sparse.coo(2, 2, {3}, {1}, {1})",
      "sparse: triplet 1 lies at row 3, column 1, outside a 2x2 matrix (rows and columns count from 1)" },
    { "nl.sparse.coo(2, 2, {'1'}, {1}, {1})", "sparse.coo: rows[1] must be a whole number, got the string '1'" },
    { "nl.sparse.coo(2, 2, {1}, {1}, {true})", "sparse.coo: values[1] must be a number, got boolean" },
    { "nl.sparse.coo('2', 2, {1}, {1}, {1})",
      "sparse.coo: m must be a whole number not below 0, got the string '2'" },
    { "nl.sparse.coo(2, 2, t, {1}, {1})", "sparse.coo: rows must have one dimension, got a tensor of 2" },
    { "nl.sparse.cooo(2, 2)",
      "attempt to call a nil value (field 'cooo'); nl.sparse has no 'cooo' (did you mean 'coo'?)" },
  },
  ["nl.sparse.from"] = {
    { "nl.sparse.from()", "sparse.from: expected a tensor, got no value" },
    { "nl.sparse.from(S)",
      "sparse.from: expected a tensor, got sparse matrix; S:dense() makes one of a sparse matrix" },
    { "nl.sparse.from{1, 2}", "sparse.from: expected a tensor, got table; nl.tensor(..) makes one of a table" },
    { "nl.sparse.from(b)", "sparse: a matrix has 2 dimensions, got a tensor of shape 2" },
    { "nl.sparse.from(solved)",
      "sparse.from: expected a tensor, got nil; the last call that gave nil said: lu: A is singular, "
        .. "column 1 has no nonzero pivot" },
  },
  ["Sparse:dense"] = {
    { "S.dense()",
      "bad argument #1 to 'dense' (sparse matrix expected, got no value; a method takes a colon: S:dense(..))" },
    { "closed_S:dense()", "calling 'dense' on bad self (this sparse matrix was closed)" },
  },
  ["Sparse:to"] = {
    { "S:to()", 'to: give a device, such as S:to("cuda"), got nothing' },
    { "S:to('gpu')", "to: unknown device 'gpu' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
    { "S:to('f32')", "to: unknown device 'f32' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
    { "S.to('cpu')",
      "bad argument #1 to 'to' (sparse matrix expected, got string; a method takes a colon: S:to(..))" },
  },
  ["Sparse:clone"] = {
    { "S.clone(1)",
      "bad argument #1 to 'clone' (sparse matrix expected, got number; a method takes a colon: S:clone(..))" },
  },
  ["Sparse:diag"] = {
    { "S.diag()",
      "bad argument #1 to 'diag' (sparse matrix expected, got no value; a method takes a colon: S:diag(..))" },
  },
  ["Sparse:transpose"] = {
    { "S.transpose()",
      "bad argument #1 to 'transpose' (sparse matrix expected, got no value; a method takes a colon: "
        .. "S:transpose(..))" },
  },
  ["Sparse:coo"] = {
    { "S.coo()",
      "bad argument #1 to 'coo' (sparse matrix expected, got no value; a method takes a colon: S:coo(..))" },
  },
  ["Sparse:csr"] = {
    { "S.csr()",
      "bad argument #1 to 'csr' (sparse matrix expected, got no value; a method takes a colon: S:csr(..))" },
  },
  ["Sparse:csc"] = {
    { "S.csc()",
      "bad argument #1 to 'csc' (sparse matrix expected, got no value; a method takes a colon: S:csc(..))" },
  },
  ["Sparse:norm"] = {
    { "S:norm('two')", "norm: unknown kind 'two' (known: fro, inf, 1)" },
    { "S:norm(2)", "norm: unknown kind '2' (known: fro, inf, 1)" },
    { "S:norm(true)", "bad argument #1 to 'norm' (string expected, got boolean)" },
    { "S.norm()",
      "bad argument #1 to 'norm' (sparse matrix expected, got no value; a method takes a colon: S:norm(..))" },
  },
  ["Sparse:close"] = {
    { "S.close()",
      "bad argument #1 to 'close' (sparse matrix expected, got no value; a method takes a colon: S:close(..))" },
  },
}
