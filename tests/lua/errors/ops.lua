-- Elementwise methods, products, reductions, and functions of several tensors.
return {
  ["Tensor:add"] = {
    { "t:add()", "add: operands are tensors or numbers, got no value" },
    { "t.add(2)", "bad argument #1 to 'add' (tensor expected, got number; a method takes a colon: t:add(..))" },
    { "t:add(nl.ones(3))", "add: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:sub"] = {
    { "t:sub()", "sub: operands are tensors or numbers, got no value" },
    { "t.sub(2)", "bad argument #1 to 'sub' (tensor expected, got number; a method takes a colon: t:sub(..))" },
    { "t:sub(nl.ones(3))", "sub: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:div"] = {
    { "t:div()", "div: operands are tensors or numbers, got no value" },
    { "t.div(2)", "bad argument #1 to 'div' (tensor expected, got number; a method takes a colon: t:div(..))" },
    { "t:div(nl.ones(3))", "div: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:pow"] = {
    { "t:pow()", "pow: operands are tensors or numbers, got no value" },
    { "t.pow(2)", "bad argument #1 to 'pow' (tensor expected, got number; a method takes a colon: t:pow(..))" },
    { "t:pow(nl.ones(3))", "pow: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:lt"] = {
    { "t:lt()", "lt: operands are tensors or numbers, got no value" },
    { "t.lt(2)", "bad argument #1 to 'lt' (tensor expected, got number; a method takes a colon: t:lt(..))" },
    { "t:lt(nl.ones(3))", "lt: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:le"] = {
    { "t:le()", "le: operands are tensors or numbers, got no value" },
    { "t.le(2)", "bad argument #1 to 'le' (tensor expected, got number; a method takes a colon: t:le(..))" },
    { "t:le(nl.ones(3))", "le: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:gt"] = {
    { "t:gt()", "gt: operands are tensors or numbers, got no value" },
    { "t.gt(2)", "bad argument #1 to 'gt' (tensor expected, got number; a method takes a colon: t:gt(..))" },
    { "t:gt(nl.ones(3))", "gt: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:ge"] = {
    { "t:ge()", "ge: operands are tensors or numbers, got no value" },
    { "t.ge(2)", "bad argument #1 to 'ge' (tensor expected, got number; a method takes a colon: t:ge(..))" },
    { "t:ge(nl.ones(3))", "ge: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:eq"] = {
    { "t:eq()", "eq: operands are tensors or numbers, got no value" },
    { "t.eq(2)", "bad argument #1 to 'eq' (tensor expected, got number; a method takes a colon: t:eq(..))" },
    { "t:eq(nl.ones(3))", "eq: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:ne"] = {
    { "t:ne()", "ne: operands are tensors or numbers, got no value" },
    { "t.ne(2)", "bad argument #1 to 'ne' (tensor expected, got number; a method takes a colon: t:ne(..))" },
    { "t:ne(nl.ones(3))", "ne: shapes 2x2 and 3 do not broadcast (dimension 2: 2 and 3)" },
  },
  ["Tensor:mul"] = {
    { "t:mul('x')", "mul: operands are tensors or numbers, got string" },
    { "t:mul(nl.ones(2, {dtype = 'f32'}))", "mul: the tensors are f64 and f32; convert one with :to" },
    { "t:mul(nl.ones(3, 3))", "mul: shapes 2x2 and 3x3 do not broadcast (dimension 1: 2 and 3)" },
    { "t:mul(S)", "mul: a tensor and a sparse matrix; S:dense() makes a tensor of the matrix" },
    { "t:mul(solved)",
      "mul: operands are tensors or numbers, got nil; the last call that gave nil said: lu: A is "
        .. "singular, column 1 has no nonzero pivot" },
    { "t.mul(t)", "mul: operands are tensors or numbers, got no value" },
  },
  ["Tensor:matmul"] = {
    { "t:matmul()", "bad argument #1 to 'matmul' (tensor or sparse matrix expected, got no value)" },
    { "t:matmul(nl.ones(3, 2))", "matmul: 2x2 times 3x2: columns on the left, rows on the right differ" },
    { "t:matmul(nl.tensor(2))", "matmul: 2x2 times scalar: a scalar has no rows; use :mul" },
    { "t:matmul({1, 2})",
      "bad argument #1 to 'matmul' (tensor or sparse matrix expected, got table; nl.tensor(..) makes one "
        .. "of a table)" },
    { "t:matmul(solved)",
      "bad argument #1 to 'matmul' (tensor or sparse matrix expected, got nil; the last call that gave "
        .. "nil said: lu: A is singular, column 1 has no nonzero pivot)" },
  },
  ["Tensor:abs"] = {
    { "t.abs()", "bad argument #1 to 'abs' (tensor expected, got no value; a method takes a colon: t:abs(..))" },
    { "t.abs(2)", "bad argument #1 to 'abs' (tensor expected, got number; a method takes a colon: t:abs(..))" },
  },
  ["Tensor:exp"] = {
    { "t.exp()", "bad argument #1 to 'exp' (tensor expected, got no value; a method takes a colon: t:exp(..))" },
    { "t.exp(2)", "bad argument #1 to 'exp' (tensor expected, got number; a method takes a colon: t:exp(..))" },
  },
  ["Tensor:log"] = {
    { "t.log()", "bad argument #1 to 'log' (tensor expected, got no value; a method takes a colon: t:log(..))" },
    { "t.log(2)", "bad argument #1 to 'log' (tensor expected, got number; a method takes a colon: t:log(..))" },
  },
  ["Tensor:sqrt"] = {
    { "t.sqrt()", "bad argument #1 to 'sqrt' (tensor expected, got no value; a method takes a colon: t:sqrt(..))" },
    { "t.sqrt(2)", "bad argument #1 to 'sqrt' (tensor expected, got number; a method takes a colon: t:sqrt(..))" },
  },
  ["Tensor:tanh"] = {
    { "t.tanh()", "bad argument #1 to 'tanh' (tensor expected, got no value; a method takes a colon: t:tanh(..))" },
    { "t.tanh(2)", "bad argument #1 to 'tanh' (tensor expected, got number; a method takes a colon: t:tanh(..))" },
  },
  ["Tensor:sin"] = {
    { "t.sin()", "bad argument #1 to 'sin' (tensor expected, got no value; a method takes a colon: t:sin(..))" },
    { "t.sin(2)", "bad argument #1 to 'sin' (tensor expected, got number; a method takes a colon: t:sin(..))" },
  },
  ["Tensor:cos"] = {
    { "t.cos()", "bad argument #1 to 'cos' (tensor expected, got no value; a method takes a colon: t:cos(..))" },
    { "t.cos(2)", "bad argument #1 to 'cos' (tensor expected, got number; a method takes a colon: t:cos(..))" },
  },
  ["Tensor:floor"] = {
    { "t.floor()",
      "bad argument #1 to 'floor' (tensor expected, got no value; a method takes a colon: t:floor(..))" },
    { "t.floor(2)", "bad argument #1 to 'floor' (tensor expected, got number; a method takes a colon: t:floor(..))" },
  },
  ["Tensor:isnan"] = {
    { "t.isnan()",
      "bad argument #1 to 'is...' (tensor expected, got no value; a method takes a colon: t:is...(..))" },
    { "t.isnan(2)", "bad argument #1 to 'is...' (tensor expected, got number; a method takes a colon: t:is...(..))" },
  },
  ["Tensor:sum"] = {
    { "t:sum(3)", "sum: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.sum()", "bad argument #1 to 'sum' (tensor expected, got no value; a method takes a colon: t:sum(..))" },
    { "t:sum(0)", "sum: dimension 0 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t:sum('x')", "sum: a dimension is a whole number, got x" },
    { "t:sum(1, true)", "sum: options must be a table, got boolean; they are named: {keepdim = ..}" },
    { "t:sum{axis = 1}", "sum: the dimension stands first: t:sum(dim, {keepdim = true})" },
    { "t:sum(1, {keepdims = true})", "sum: unknown option 'keepdims' (did you mean 'keepdim'? known: keepdim)" },
    { "t:sum(1, {keepdim = 1})", "sum: option 'keepdim' must be true or false, got 1" },
    { "t:sum(1.5)", "sum: a dimension is a whole number, got 1.5" },
    { "t.sum(t, 3)", "sum: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
  },
  ["Tensor:mean"] = {
    { "t:mean(3)", "mean: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.mean()", "bad argument #1 to 'mean' (tensor expected, got no value; a method takes a colon: t:mean(..))" },
  },
  ["Tensor:max"] = {
    { "t:max(3)", "max: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.max()", "bad argument #1 to 'max' (tensor expected, got no value; a method takes a colon: t:max(..))" },
    { "nl.zeros(0):max()", "max: there are no elements to reduce" },
  },
  ["Tensor:min"] = {
    { "t:min(3)", "min: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.min()", "bad argument #1 to 'min' (tensor expected, got no value; a method takes a colon: t:min(..))" },
  },
  ["Tensor:argmax"] = {
    { "t:argmax(3)", "argmax: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.argmax()",
      "bad argument #1 to 'argmax' (tensor expected, got no value; a method takes a colon: t:argmax(..))" },
  },
  ["Tensor:argmin"] = {
    { "t:argmin(3)", "argmin: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.argmin()",
      "bad argument #1 to 'argmin' (tensor expected, got no value; a method takes a colon: t:argmin(..))" },
  },
  ["Tensor:any"] = {
    { "t:any(3)", "any: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.any()", "bad argument #1 to 'any' (tensor expected, got no value; a method takes a colon: t:any(..))" },
  },
  ["Tensor:all"] = {
    { "t:all(3)", "all: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t.all()", "bad argument #1 to 'all' (tensor expected, got no value; a method takes a colon: t:all(..))" },
  },
  ["Tensor:norm"] = {
    { "t:norm('fro')", "norm: p must be a number, got fro" },
    { "t:norm(-1)", "norm: p must be positive, got -1" },
    { "t.norm()", "bad argument #1 to 'norm' (tensor expected, got no value; a method takes a colon: t:norm(..))" },
  },
  ["Tensor:where"] = {
    { "t:where(1, 2)", "where: the condition is f64, expected bool (as t:lt(u) makes)" },
    { "t:gt(0):where('a', 2)", "bad argument #1 to 'where' (tensor or number expected, got string)" },
    { "t:gt(0):where(1)", "bad argument #2 to 'where' (tensor or number expected, got no value)" },
    { "t.where(1, 2)", "bad argument #1 to 'where' (tensor expected, got number)" },
  },
  ["Tensor:softmax"] = {
    { "t:softmax()", "softmax: give the dimension, such as t:softmax(-1) for rows" },
    { "t:softmax(3)", "softmax: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "t:softmax('rows')", "softmax: a dimension is a whole number, got rows" },
    { "t.softmax(-1)",
      "bad argument #1 to 'softmax' (tensor expected, got number; a method takes a colon: t:softmax(..))" },
  },
  ["nl.where"] = {
    { "nl.where()", "bad argument #1 to 'where' (tensor expected, got no value)" },
    { "nl.where(t, 1, 2)", "where: the condition is f64, expected bool (as t:lt(u) makes)" },
    { "nl.where(t:gt(0), 1)", "bad argument #3 to 'where' (tensor or number expected, got no value)" },
    { "nl.where(t:gt(0), nl.ones(3), 1)", "where: shape 3 does not broadcast with 2x2" },
    { "nl.where(t:gt(0), 0.5, nl.ones(2, {dtype = 'i64'}))", "where: 0.5 does not fit the type i64" },
    { "nl.where(true, 1, 2)", "bad argument #1 to 'where' (tensor expected, got boolean)" },
  },
  ["nl.cat"] = {
    { "nl.cat()", "cat: the tensors stand in a table, nl.cat({a, b}, dim), got nothing" },
    { "nl.cat(t, t)", "cat: the tensors stand in a table, nl.cat({a, b}, dim), got a tensor" },
    { "nl.cat{}", "cat: a table of 0 tensors, expected at least one" },
    { "nl.cat{t, 1}", "cat: element 2 of the table is a number, expected a tensor" },
    { "nl.cat{t, nl.ones(2)}", "cat: tensor 1 is 2x2, tensor 2 is 2: they may differ in dimension 1 only" },
    { "nl.cat({t, t}, 3)", "cat: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "nl.cat({t, nl.ones(2, 2, {dtype = 'f32'})})", "cat: tensor 1 is f64, tensor 2 is f32; convert one with :to" },
  },
  ["nl.allclose"] = {
    { "nl.allclose(t)", "bad argument #2 to 'allclose' (tensor or number expected, got no value)" },
    { "nl.allclose(t, 'x')", "bad argument #2 to 'allclose' (tensor or number expected, got string)" },
    { "nl.allclose(t, S)",
      "bad argument #2 to 'allclose' (tensor or number expected, got sparse matrix; S:dense() makes one "
        .. "of a sparse matrix)" },
    { "nl.allclose(solved, t)",
      "bad argument #1 to 'allclose' (tensor or number expected, got nil; the last call that gave nil "
        .. "said: lu: A is singular, column 1 has no nonzero pivot)" },
    { "nl.allclose(t, nl.ones(3))", "allclose: shapes 2x2 and 3 do not fit" },
    { "nl.allclose(t, t, {tol = 1})", "allclose: unknown option 'tol' (did you mean 'rtol'? known: rtol, atol)" },
    { "nl.allclose(t, t, {rtol = 'x'})", "allclose: option 'rtol' must be a number, got x" },
    { "nl.allclose(t, t, 1e-3)", "allclose: options must be a table, got number; they are named: {rtol = ..}" },
  },
}
