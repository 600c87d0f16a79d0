-- Statistics, tables, rows, words, axes, samples, timing.
return {
  ["stats.mean"] = {
    { "nl.stats.mean()", "stats.mean: expected a list of numbers, got nil" },
    { "nl.stats.mean{}", "stats.mean: the list is empty" },
    { "nl.stats.mean{1, '2'}", "stats.mean: value 2 is a string, expected a number" },
    { "nl.stats.mean{1, 0/0}", "stats.mean: value 2 is ..." },
    { "nl.stats.mean(t)", "stats.mean: expected a list of numbers, got tensor; t:totable() makes one" },
    { "nl.stats.mean(solved)",
      "stats.mean: expected a list of numbers, got nil; the last call that gave nil said: lu: A is "
        .. "singular, column 1 has no nonzero pivot" },
    { "nl.stats.avg{1}", "attempt to call a nil value (field 'avg'); nl.stats has no 'avg'" },
  },
  ["stats.sd"] = {
    { "nl.stats.sd(3)", "stats.sd: expected a list of numbers, got number" },
  },
  ["stats.quantile"] = {
    { "nl.stats.quantile({1}, 2)", "stats.quantile: p must lie in [0, 1], got 2" },
    { "nl.stats.quantile({1})", "stats.quantile: p must lie in [0, 1], got nil" },
  },
  ["stats.median"] = {
    { "nl.stats.median('x')", "stats.median: expected a list of numbers, got string" },
  },
  ["stats.iqr"] = {
    { "nl.stats.iqr{}", "stats.iqr: the list is empty" },
  },
  ["stats.mad"] = {
    { "nl.stats.mad{}", "stats.mad: the list is empty" },
  },
  ["stats.geometric_mean"] = {
    { "nl.stats.geometric_mean{1, -1}", "stats.geometric_mean: value 2 is -1, not positive" },
  },
  ["stats.median_interval"] = {
    { "nl.stats.median_interval({1}, 2)", "stats.median_interval: level must lie between 0 and 1" },
    { "nl.stats.median_interval({1}, 'x')", "stats.median_interval: level must be a number, got 'x'" },
  },
  ["stats.fit"] = {
    { "nl.stats.fit({1, 2}, {1})", "stats.fit: 2 values of x and 1 of y" },
    { "nl.stats.fit({1, 1}, {1, 2})", "stats.fit: a line needs two different x" },
  },
  ["stats.power_fit"] = {
    { "nl.stats.power_fit({0, 1}, {1, 2})", "stats.power_fit: pair 1 (0, 1) is not positive" },
  },
  ["stats.growth_exponent"] = {
    { "nl.stats.growth_exponent({1, 2}, {1, 2})",
      "stats.growth_exponent: 2 values of x and 2 of y, at least 3 each" },
  },
  ["table.columns"] = {
    { "nl.table.columns()", "table.columns: rows must be a list of records, got nil" },
    { "nl.table.columns{1}", "table.columns: rows must be a list of records, got a table" },
  },
  ["table.cell"] = {
    { "nl.table.cel()", "attempt to call a nil value (field 'cel'); nl.table has no 'cel' (did you mean 'cell'?)" },
  },
  ["table.render"] = {
    { "nl.table.render()", "table.render: rows must be a list of records, got nil" },
    { "nl.table.render(t)", "table.render: rows must be a list of records, got tensor" },
    { "nl.table.render({}, {colums = {}})",
      "table.render: unknown option 'colums' (did you mean 'columns'? known: columns, ...)" },
    { "nl.table.render({}, {columns = {1}})",
      "table.render: column 1 must be a name or {name, title=, format=, align=}" },
    { "nl.table.render({}, {title = 1})", "table.render: option 'title' must be a string, got number" },
  },
  ["table.markdown"] = {
    { "nl.table.markdown(3)", "table.markdown: rows must be a list of records, got number" },
  },
  ["table.csv_line"] = {
    { "nl.table.csv_line()", "table.csv_line: row must be a table, got nil" },
    { "nl.table.csv_line({}, 'a')", "table.csv_line: names must be a list, got 'a'" },
  },
  ["table.csv_header"] = {
    { "nl.table.csv_header('a')", "table.csv_header: names must be a list, got 'a'" },
  },
  ["table.csv"] = {
    { "nl.table.csv('x')", "table.csv: rows must be a list of records, got string" },
  },
  ["table.parse_csv"] = {
    { "nl.table.parse_csv(nil)", "table.parse_csv: s must be a string, got nil" },
  },
  ["rows.where"] = {
    { "nl.rows.where()", "rows.where: where must be a table or a function, got nil" },
    { "nl.rows.where(1, type)", "rows.where: rows must be a list, got 1" },
    { "nl.rows.where({}, 'x')", "rows.where: where must be a table or a function, got 'x'" },
    { "nl.rows.where({1}, {})", "rows.where: rows must be a list of records, got a table" },
  },
  ["rows.column"] = {
    { "nl.rows.column({})", "rows.column: name must be a string, got nil" },
    { "nl.rows.column(solved, 'n')",
      "rows.column: rows must be a list of records, got nil; the last call that gave nil said: lu: A is "
        .. "singular, column 1 has no nonzero pivot" },
  },
  ["rows.range"] = {
    { "nl.rows.range(1)", "rows.range: list must be a list, got 1" },
    { "nl.rows.range(b)", "rows.range: list must be a list, got a tensor; t:totable() makes one" },
  },
  ["rows.distinct"] = {
    { "nl.rows.distinct({}, 1)", "rows.distinct: name must be a string, got 1" },
  },
  ["rows.group"] = {
    { "nl.rows.group({}, 'n')", "rows.group: names must be a list, got 'n'" },
  },
  ["rows.winners"] = {
    { "nl.rows.winners({}, 'n')", "rows.winners: by must be a list, got 'n'" },
    { "nl.rows.winners({}, {}, {metrics = 'x'})",
      "rows.winners: unknown option 'metrics' (did you mean 'metric'? known: contestant, ...)" },
  },
  ["text.distance"] = {
    { "nl.text.distance('a')", "text.distance: b must be a string, got nil" },
  },
  ["text.nearest"] = {
    { "nl.text.nearest('a', 'b')", "text.nearest: known must be a list, got 'b'" },
  },
  ["text.unknown"] = {
    { "nl.text.unknown('f', 'option', 'x')", "text.unknown: known must be a list, got nil" },
  },
  ["text.check_options"] = {
    { "nl.text.check_options('f', {})", "text.check_options: known must be a table, got nil" },
    { "nl.text.check_options('f', {3}, {n = 'number'})",
      "f: unknown option '1' (they are named, {n = ..}; known: n)" },
    { "nl.text.check_options('f', {m = 3}, {n = 'number'})", "f: unknown option 'm' (known: n)" },
    { "nl.text.check_options('f', {n = t}, {n = 'number|string'})",
      "f: option 'n' must be a number or a string, got tensor" },
  },
  ["text.width"] = {
    { "nl.text.width()", "text.width: s must be a string, got nil" },
  },
  ["text.pad"] = {
    { "nl.text.pad('x')", "text.pad: width must be a number, got nil" },
  },
  ["text.cut"] = {
    { "nl.text.cut('x', '3')", "text.cut: width must be a number, got '3'" },
  },
  ["text.fill"] = {
    { "nl.text.fill('a', 3)", "text.fill: lines must be a table, got 'a'" },
    { "nl.text.fill({}, '3')", "text.fill: width must be a number, got '3'" },
  },
  ["text.wrap"] = {
    { "nl.text.wrap(1, 2)", "text.wrap: s must be a string, got 1" },
  },
  ["text.duration"] = {
    { "nl.text.duration('1')", "text.duration: seconds must be a number, got '1'" },
  },
  ["text.bytes"] = {
    { "nl.text.bytes()", "text.bytes: bytes must be a number, got nil" },
  },
  ["text.number"] = {
    { "nl.text.number('1')", "text.number: x must be a number, got '1'" },
  },
  args = {
    { "nl.args()", "args: expected a table of defaults, got nil" },
    { "nl.args{n = print}", "args: default of 'n' must be a number, boolean, string or list, got function" },
    { "nl.args({n = 1}, {m = 'x'}, {})", "args: unknown key in the help texts 'm' (known: n)" },
    { "nl.args({n = 1}, {}, {'m=2'})", "args: unknown key 'm' (known: n...)" },
    { "nl.args({size = 1}, {}, {'sizes=2'})", "args: unknown key 'sizes' (did you mean 'size'? known: size...)" },
    { "nl.args({n = 1}, {}, {'n=x'})", "args: n must be a whole number, got 'x'" },
    { "nl.args({n = 1}, {}, {'n=1', 'n=2'})", "args: 'n' is given twice" },
    { "nl.args({n = 1}, {}, {'n'})", "args: 'n' needs a value, as in n=1" },
    { "nl.args({n = 1}, 'help')", "args: docs must be a table, got 'help'" },
    { "nl.args({quick = false}, {}, {'quick=maybe'})", "args: quick must be a true or false, got 'maybe'" },
  },
  ["axes.list"] = {
    { "nl.axes.list()", "axes.list: expected a list, got a nil" },
    { "nl.axes.list{}", "axes.list: factor 'list' has no values" },
    { "nl.axes.list{1, 1}", "axes.list: factor 'list' has the value 1 twice" },
  },
  ["axes.range"] = {
    { "nl.axes.range(1)", "axes.range: b must be a finite number, got nil" },
    { "nl.axes.range(1, 2, -1)", "axes.range: steps of -1 do not lead from 1 to 2" },
  },
  ["axes.linspace"] = {
    { "nl.axes.linspace(1, 2)", "axes.linspace: n must be a whole number of at least 1, got nil" },
    { "nl.axes.linspace(1, 1, 3)", "axes.linspace: 3 values from 1 to 1 would be equal" },
    { "nl.axes.linspace(0, 1/0, 3)", "axes.linspace: b must be a finite number, got inf" },
  },
  ["axes.logspace"] = {
    { "nl.axes.logspace(0, 1, 3)", "axes.logspace: the ends must be positive, got 0 and 1" },
    { "nl.axes.logspace(1, 2, 3, {int = true})",
      "axes.logspace: unknown option 'int' (did you mean 'integer'? known: integer)" },
  },
  ["axes.pow2"] = {
    { "nl.axes.pow2(3, 3)", "axes.pow2: there is no power of two from 3 to 3" },
    { "nl.axes.pow2()", "axes.pow2: a must be a finite number, got nil" },
  },
  ["axes.zip"] = {
    { "nl.axes.zip()", "axes.zip: expected a list of axes, got a nil" },
    { "nl.axes.zip{{'n', {1}}, {'m', {1, 2}}}", "axes.zip: the axes must be of one length, but n has 1 and m has 2" },
  },
  ["axes.product"] = {
    { "nl.axes.product{}", "axes.product: expected a list of axes, got an empty one" },
    { "nl.axes.product{1}",
      "axes.product: axis 1 must be {name, {values, ...}} or a design (zip, product, random, lhs)" },
  },
  ["axes.expand"] = {
    { "nl.axes.expand{{'n', {}}}", "axes.expand: axis 'n' is empty" },
    { "nl.axes.expand{{'n', {1}}, {'n', {2}}}", "axes.expand: axis 'n' stands twice" },
  },
  ["axes.random"] = {
    { "nl.axes.random()", "axes.random: n must be a whole number of at least 1, got nil" },
    { "nl.axes.random(3, 1, {})",
      "axes.random: expected a list of factors {{name, low, high}, {name, {values}}, ...}, got an empty one" },
  },
  ["axes.lhs"] = {
    { "nl.axes.lhs(3, 1.5)", "axes.lhs: seed must be a whole number, got 1.5" },
    { "nl.axes.lhs(3, 1, {{'n', 2, 1}})", "axes.lhs: factor 'n' runs from 2 to 1; low must be below high" },
  },
  ["axes.seed"] = {
    { "nl.axes.seed()", "axes.seed: seed must be a whole number, got nil" },
    { "nl.axes.seed(1, 2)", "axes.seed: expected a point {name = value}, got a number" },
  },
  ["sample.derive"] = {
    { "nl.sample.derive()", "sample.derive: seed must be a whole number, got nil" },
    { "nl.sample.derive(1, 2)", "sample.derive: words must be a string, got 2" },
  },
  ["sample.stream"] = {
    { "nl.sample.stream(0, 1, 'a')", "sample.stream: n must be a whole number of at least 1, got 0" },
  },
  ["sample.permutation"] = {
    { "nl.sample.permutation(3, 1)", "sample.permutation: name must be a string, got nil" },
  },
  ["sample.sobol_bits"] = {
    { "nl.sample.sobol_bits(3)", "sample.sobol_bits: dimension must be a whole number of at least 1, got nil" },
  },
  ["sample.points"] = {
    { "nl.sample.points('random')", "sample.points: n must be a whole number of at least 1, got nil" },
    { "nl.sample.points('radnom', 3, {'a'}, 1)",
      "sample.points: unknown kind 'radnom' (did you mean 'random'? known: lhs, ...)" },
  },
  ["bench.pause"] = {
    { "nl.bench.pause('1')", "bench.pause: seconds must be a number, got '1'" },
  },
  ["bench.summary"] = {
    { "nl.bench.summary()", "bench.summary: samples must be a list, got nil" },
    { "nl.bench.summary{}", "bench.summary: the list of samples is empty" },
  },
  ["bench.is_interrupt"] = {
    { "nl.bench.interrupted()",
      "attempt to call a nil value (field 'interrupted'); nl.bench has no 'interrupted' (did you mean "
        .. "'is_interrupt'?)" },
  },
  ["bench.turn"] = {
    { "nl.bench.turn()", "bench.turn: contestant must be a table, got nil" },
  },
  ["bench.compare"] = {
    { "nl.bench.compare()", "bench.compare: contestants is empty" },
    { "nl.bench.compare{contestants = {}}", "bench.compare: contestants is empty" },
    { "nl.bench.compare{contestants = {{name = 'a'}}}", "bench.compare: contestant 1 has no run function" },
    { "nl.bench.compare{contestant = {}}",
      "bench.compare: unknown option 'contestant' (did you mean 'contestants'? known: clock, ...)" },
    { "nl.bench.compare{contestants = {{run = print}}, repeats = 0}", "bench.compare: repeats must be at least 1" },
  },
  ["compare.times"] = {
    { "nl.compare.times({1})", "compare.times: b must be a list, got nil" },
    { "nl.compare.times({1}, {-1})", "compare.times: times must be positive" },
    { "nl.compare.times({1}, {1}, {level = 2})", "compare.times: level must lie between 0 and 1" },
  },
  ["compare.metrics"] = {
    { "nl.compare.metrics{}", "compare.metrics: run.samples must be a list, got nil" },
  },
  ["compare.differences"] = {
    { "nl.compare.differences({}, {})", "compare.differences: a.facts must be a table, got nil" },
  },
  ["compare.runs"] = {
    { "nl.compare.runs({}, {})", "compare.runs: a.rows must be a list, got nil" },
    { "nl.compare.runs(1)", "compare.runs: a must be a table, got 1" },
  },
}
