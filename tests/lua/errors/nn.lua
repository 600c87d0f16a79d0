-- Layers and gradients.
return {
  ["nn.Linear"] = {
    { "nl.nn.Linear()", "nn.Linear: expected {in, out, ..}, got nil" },
    { "nl.nn.Linear{2}", "nn.Linear: out, the second entry, must be a whole number of at least 1, got nil" },
    { "nl.nn.Linear{2, 3, bais = true}", "nn.Linear: unknown option 'bais' (did you mean 'bias'? known: bias, ...)" },
    { "nl.nn.Linear{2, 3, dtype = 'f16'}", "nn.Linear: dtype is 'f16', expected 'f64' or 'f32'" },
    { "nl.nn.Linear(2, 3)", "nn.Linear: expected {in, out, ..}, got number" },
  },
  ["nn.Linear:forward"] = {
    { "layer:forward()", "Linear:forward: x must be a tensor, got nil" },
    { "layer:forward(nl.ones(4, 3))", "Linear:forward: x is 4x3, expected 2 numbers in its last dimension" },
    { "layer:forward(nl.ones(2, {dtype = 'f32'}))",
      'Linear:forward: x is f32, the layer is f64; convert it with :to("f64")' },
    { "layer:forward(solved)",
      "Linear:forward: x must be a tensor, got nil; the last call that gave nil said: lu: A is singular, "
        .. "column 1 has no nonzero pivot" },
  },
  ["nn.Linear:backward"] = {
    { "layer:backward(t)", "Linear:backward: call forward first: the gradients need its x" },
  },
  ["nn.Layer:parameters"] = {
    { "layer.parameters()", "parameters: a method takes a colon: object:parameters(..)" },
  },
  ["nn.Layer:set"] = {
    { "layer:set{wieght = t}", "set: unknown parameter 'wieght' (did you mean 'weight'? known: weight, bias)" },
    { "layer:set{weight = nl.ones(3)}", "set: weight is 3, expected 3x2 (out, in)" },
    { "layer:set()", "set: values must be a table, got nil" },
  },
  ["nn.MultiHeadAttention"] = {
    { "nl.nn.MultiHeadAttention()", "nn.MultiHeadAttention: dim must be a whole number of at least 1, got nil" },
    { "nl.nn.MultiHeadAttention{dim = 8}",
      "nn.MultiHeadAttention: heads must be a whole number of at least 1, got nil" },
    { "nl.nn.MultiHeadAttention{dim = 8, heads = 3}",
      "nn.MultiHeadAttention: dim 8 cannot be divided among 3 heads" },
    { "nl.nn.MultiHeadAttention{dim = 8, haeds = 2}",
      "nn.MultiHeadAttention: unknown option 'haeds' (did you mean 'heads'? known: bias, ...)" },
  },
  ["nn.MultiHead:forward"] = {
    { "heads:forward(t)", "MultiHeadAttention:forward: x is 2x2, expected 4 numbers in its last dimension" },
    { "heads:forward(1)", "MultiHeadAttention:forward: x must be a tensor, got number" },
    { "heads:forward(nl.ones(1, 2, 3))",
      "MultiHeadAttention:forward: x is 1x2x3, expected 4 numbers in its last dimension" },
  },
  ["nn.MultiHead:backward"] = {
    { "heads:backward(t)", "MultiHeadAttention:backward: call forward first: the gradients need what it computed" },
  },
  ["nn.MSE"] = {
    { "nl.nn.mse()", "attempt to call a nil value (field 'mse'); nl.nn has no 'mse' (did you mean 'MSE'?)" },
  },
  ["nn.MSE:forward"] = {
    { "loss:forward(t)", "MSE:forward: target must be a tensor, got nil" },
    { "loss:forward(t, b)", "MSE:forward: y is 2x2 and the target 2, expected one shape" },
  },
  ["nn.MSE:backward"] = {
    { "loss:backward()", "MSE:backward: call forward first: the gradient needs y and the target" },
  },
  ["nn.gradients"] = {
    { "nl.nn.gradients()", "nn.gradients: layer must be a table, got nil" },
    { "nl.nn.gradients(layer, t)", "nn.gradients: target must be a tensor, got nil" },
  },
  ["grad.variable"] = {
    { "nl.grad.variable()", "grad.variable: expected a tensor, nested tables or a number, got nil" },
    { "nl.grad.variable('x')", "grad.variable: expected a tensor, nested tables or a number, got string" },
    { "nl.grad.variable(nl.ones(2, {dtype = 'i64'}))",
      'grad.variable: the tensor is i64, expected f64 or f32; convert it with t:to("f64")' },
    { "nl.grad.variable(x)", "grad.variable: expected a tensor, nested tables or a number, got a variable" },
  },
  ["grad.constant"] = {
    { "nl.grad.constant(print)", "grad.constant: expected a tensor, nested tables or a number, got function" },
  },
  ["grad.Variable:pow"] = {
    { "x:pow(x)", "pow: the exponent must be a number, got variable; u^v is (v:mul(u:log())):exp()" },
    { "x^2", "variables have no operator ^; use x:pow(p) for elementwise powers" },
  },
  ["grad.Variable:matmul"] = {
    { "x:matmul()", "matmul: expected a variable, a tensor or a number, got nil" },
    { "x:matmul(nl.ones(3))", "matmul: 2x2 times 3x1: columns on the left, rows on the right differ" },
  },
  ["grad.Variable:softmax"] = {
    { "x:softmax()", "softmax: give the dimension, such as t:softmax(-1) for rows" },
    { "x:softmax(5)", "softmax: dimension 5 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
  },
  ["grad.Variable:sum"] = {
    { "x:sum(5)", "sum: dimension 5 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
    { "x:summ()",
      "attempt to call a nil value (method 'summ'); a variable has no method 'summ' (did you mean 'sum'?)" },
  },
  ["grad.Variable:mean"] = {
    { "x:mean(0)", "sum: dimension 0 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
  },
  ["grad.Variable:reshape"] = {
    { "x:reshape(3)", "reshape: 2x2 has 4 elements and cannot become 3" },
  },
  ["grad.Variable:transpose"] = {
    { "x:transpose(1, 5)", "transpose: dimension 5 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
  },
  ["grad.where"] = {
    { "nl.grad.where(t:gt(0))", "grad.where: expected a variable, a tensor or a number, got nil" },
    { "nl.grad.where(t, x, x)", "where: the condition is f64, expected bool (as t:lt(u) makes)" },
  },
  ["grad.cat"] = {
    { "nl.grad.cat()", "grad.cat: list must be a list, got nil" },
    { "nl.grad.cat{}", "cat: a table of 0 tensors, expected at least one" },
    { "nl.grad.cat{x, 1}", "grad.cat: expected a variable, a tensor or a number, got number" },
    { "nl.grad.cat({x, x}, 3)", "cat: dimension 3 is outside a tensor of 2 dimensions (1 to 2, or -1 to -2)" },
  },
  ["grad.Variable:backward"] = {
    { "x:backward()", "backward: the result is f64 2x2, expected one element; sum it or give a seed of its shape" },
    { "x:backward(1)", "backward: the seed must be a tensor like the result, f64 2x2, got number" },
    { "nl.grad.constant(1):backward()",
      "backward: the result depends on no variable; make one with grad.variable(t)" },
  },
  ["grad.check"] = {
    { "nl.grad.check()", "grad.check: fn must be a function, got nil" },
    { "nl.grad.check(type, {t})", "grad.check: fn must return a variable, got string" },
    { "nl.grad.check(function() return x:sum() end, {t}, {tol = 1})",
      "grad.check: unknown option 'tol' (did you mean 'atol'? known: atol, ...)" },
  },
}
