-- Experiments, reports, figures, sweeps, sensitivity, runs, rooflines, peers, references, steps.
return {
  ["experiment.check"] = {
    { "nl.experiment.check()", "experiment.check: o must be a table, got nil" },
    { "nl.experiment.check({impl = {'flsh'}}, {impl = {'flash', 'tiled'}}, {})",
      "impl: unknown impl 'flsh' (did you mean 'flash'? known: flash, ...)", placeless = true },
    { "nl.experiment.check({n = 0}, {}, {n = 1})", "n is 0, expected at least 1", placeless = true },
  },
  ["experiment.print"] = {
    { "nl.experiment.print()", "experiment.print: rows must be a list of records, got nil" },
    { "nl.experiment.print({}, 'n')", "experiment.print: columns must be a list, got 'n'" },
  },
  ["experiment.show"] = {
    { "nl.experiment.show()", "experiment.show: drawing must be a table, got nil" },
  },
  ["experiment.finish"] = {
    { "nl.experiment.finish()", "experiment.finish: o must be a table, got nil" },
    { "nl.experiment.finish{}", "experiment.finish: name must be a string or a table, got nil" },
  },
  ["report.commit"] = {
    { "nl.report.comit()",
      "attempt to call a nil value (field 'comit'); nl.report has no 'comit' (did you mean 'commit'?)" },
  },
  ["report.machine"] = {
    { "nl.report.machin()",
      "attempt to call a nil value (field 'machin'); nl.report has no 'machin' (did you mean 'machine'?)" },
  },
  ["report.page"] = {
    { "nl.report.page()", "report.page: option 'title' must be a string, got nil" },
    { "nl.report.page{title = 'x'}", "report.page: option 'question' must be a string, got nil" },
    { "nl.report.page{tilte = 'x'}",
      "report.page: unknown option 'tilte' (did you mean 'title'? known: arguments, ...)" },
  },
  ["report.write"] = {
    { "nl.report.write()", "report.write: option 'path' is needed" },
    { "nl.report.write{}", "report.write: option 'path' is needed" },
  },
  plot = {
    { "nl.plot()", "plot: expected a table of options" },
    { "nl.plot(1)", "plot: options must be a table, got number" },
    { "nl.plot{tilte = 'x'}", "plot: unknown option 'tilte' (did you mean 'title'? known: categories, ...)" },
  },
  ["plot.script"] = {
    { "nl.plot.script()", "plot: expected a table of options" },
    { "nl.plot.script{series = 1}", "plot: option 'series' must be a table, got number" },
  },
  ["plot.figure"] = {
    { "nl.plot.figure()", "plot: expected a table of options" },
    { "nl.plot.figure{}", "plot.figure: option 'file' is needed: a path without ending" },
    { "nl.plot.figure{tilte = 'x'}", "plot: unknown option 'tilte' (did you mean 'title'? known: categories, ...)" },
    { "nl.plot.figure{file = 'x', formats = {'sgv'}}",
      "plot.figure: unknown format 'sgv' (did you mean 'svg'? known: svg, ...)" },
    { "nl.plot.figure{file = 'x', series = {{x = {1}}}}", "plot: series 1 needs x and y, two lists" },
    { "nl.plot.figure{file = 'x', series = {{x = {1}, y = {1, 2}}}}", "plot: series 1 has 1 values of x and 2 of y" },
    { "nl.plot.figure{file = 'x', series = {{x = {1}, y = {1}, style = 'line'}}}",
      "plot: series 1: unknown style 'line' (did you mean 'lines'? known: lines, ...)" },
    { "nl.plot.figure{file = 'x', series = {{x = {1}, y = {1}, lable = 'a'}}}",
      "plot: series 1: unknown option 'lable' (did you mean 'label'? known: band, ...)" },
    { "nl.plot.figure{file = 'x', series = {{x = b, y = b}}}",
      "plot: series 1: option 'x' must be a table, got tensor; t:totable() makes one" },
    { "nl.plot.figure{file = 'x', heatmap = {x = {1}, y = {1}, z = {{1}}, range = {2, 1}}}",
      "plot: heatmap: range must be two numbers, {low, high}" },
  },
  ["plot.text"] = {
    { "nl.plot.text()", "plot: expected a table of options" },
    { "nl.plot.text({}, {colour = true})",
      "plot.text: terminal: unknown option 'colour' (did you mean 'color'? known: color)" },
  },
  ["sweep.points"] = {
    { "nl.sweep.points()", "sweep.points: list must be a list, got nil" },
    { "nl.sweep.points{}", "axes.expand: expected a list of axes, got an empty one" },
  },
  ["sweep.run"] = {
    { "nl.sweep.run()", "sweep.run: option 'name' is needed" },
    { "nl.sweep.run{}", "sweep.run: option 'name' is needed" },
    { "nl.sweep.run{nmae = 'x'}", "sweep.run: unknown option 'nmae' (did you mean 'name'? known: arguments, ...)" },
    { "nl.sweep.run{name = 'a b', axes = {{'n', {1}}}, contestants = {'a'}, run = print}",
      "sweep.run: option 'columns' is needed" },
    { "nl.sweep.run{name = 'a', axes = {{'n', {1}}}, contestants = {}, run = print}",
      "sweep.run: option 'columns' is needed" },
  },
  ["sensitivity.oat"] = {
    { "nl.sensitivity.oat()", "sensitivity.oat: option 'factors' is needed" },
    { "nl.sensitivity.oat{}", "sensitivity.oat: option 'factors' is needed" },
    { "nl.sensitivity.oat{factor = {}}",
      "sensitivity.oat: unknown option 'factor' (did you mean 'factors'? known: base, ...)" },
    { "nl.sensitivity.oat{factors = {}}",
      "sensitivity.oat: expected a list of factors {{name, low, high}, {name, {values}}, ...}, got an empty one" },
  },
  ["sensitivity.morris"] = {
    { "nl.sensitivity.morris{factors = {{'n', 1, 2}}, n = 1}",
      "sensitivity.morris: n must be a whole number of at least 2, got 1" },
  },
  ["sensitivity.sobol"] = {
    { "nl.sensitivity.sobol{factors = {{'n', 1, 2}}, n = 8, sampling = 'lhc'}",
      "sensitivity.sobol: unknown sampling 'lhc' (did you mean 'lhs'? known: lhs, ...)" },
  },
  ["sensitivity.distinct"] = {
    { "nl.sensitivity.distinct()", "sensitivity.distinct: list must be a list of records, got nil" },
  },
  ["sensitivity.analyse"] = {
    { "nl.sensitivity.analyse()", "sensitivity.analyse: design must be a table, got nil" },
  },
  ["sensitivity.run"] = {
    { "nl.sensitivity.run({})", "sensitivity.run: fn must be a function, got nil" },
  },
  ["runs.stores"] = {
    { "nl.runs.stores(1)", "runs.stores: where must be a string, got 1" },
  },
  ["runs.parse"] = {
    { "nl.runs.parse()", "runs.parse: word must be a string, got nil" },
  },
  ["runs.find"] = {
    { "nl.runs.find()", "runs.find: word must be a string, got nil" },
  },
  ["runs.all"] = {
    { "nl.runs.all('x')", "runs.all: paths must be a list, got 'x'" },
  },
  ["runs.took"] = {
    { "nl.runs.took()", "runs.took: run must be a table, got nil" },
  },
  ["runs.columns"] = {
    { "nl.runs.columns{}", "runs.columns: run.contestant must be a string, got nil" },
  },
  ["roofline.caches"] = {
    { "nl.roofline.caches(1)", "roofline.caches: said must be a string, got 1" },
  },
  ["roofline.timed"] = {
    { "nl.roofline.timed()", "roofline.timed: fn must be a function, got nil" },
  },
  ["roofline.array"] = {
    { "nl.roofline.array()", "roofline.array: ceiling must be a string, got nil" },
  },
  ["roofline.measure"] = {
    { "nl.roofline.mesure()",
      "attempt to call a nil value (field 'mesure'); nl.roofline has no 'mesure' (did you mean 'measure'?)" },
  },
  ["roofline.roof"] = {
    { "nl.roofline.roof()", "roofline.roof: rows must be a list of records, got nil" },
    { "nl.roofline.roof({}, 1)",
      "roofline: no ceilings for 1 thread among the 0 rows: f64, f32 and memory are needed" },
  },
  ["roofline.attainable"] = {
    { "nl.roofline.attainable()", "roofline.attainable: roof must be a table, got nil" },
  },
  ["roofline.place"] = {
    { "nl.roofline.place()", "roofline.place: row must be a table, got nil" },
  },
  ["roofline.ridge"] = {
    { "nl.roofline.ridge()", "roofline.ridge: roof must be a table, got nil" },
  },
  ["peers.scipy"] = {
    { "nl.peers.scipy('A', 'b', 'x', {methd = 'lu'})",
      "peers.scipy: unknown option 'methd' (did you mean 'method'? known: method, ...)" },
    { "nl.peers.scipy(A, b, b)", "peers.scipy: A must be a string, got a tensor" },
  },
  ["peers.torch_version"] = {
    { "nl.peers.torch_versoin()",
      "attempt to call a nil value (field 'torch_versoin'); nl.peers has no 'torch_versoin' (did you "
        .. "mean 'torch_version'?)" },
  },
  ["peers.torch_begin"] = {
    { "nl.peers.torch_begin()", "peers.torch_begin: folder must be a string, got nil" },
  },
  ["peers.torch_results"] = {
    { "nl.peers.torch_results()", "peers.torch_results: folder must be a string, got nil" },
  },
  ["peers.torch_end"] = {
    { "nl.peers.torch_end()", "peers.torch_end: folder must be a string, got nil" },
  },
  ["peers.torch"] = {
    { "nl.peers.torch('x', {dtyp = 'f32'})",
      "peers.torch: unknown option 'dtyp' (did you mean 'dtype'? known: backend, ...)" },
    { "nl.peers.torch(1)", "peers.torch: folder must be a string, got 1" },
  },
  ["reference.check"] = {
    { "nl.reference.check()", "grad.check: fn must be a function, got nil" },
  },
  ["reference.visible"] = {
    { "nl.reference.visible()", "reference.visible: nq must be a whole number of at least 1, got nil" },
  },
  ["reference.attention"] = {
    { "nl.reference.attention(q, q, q)", "reference.attention: q must be a table, got a tensor" },
  },
  ["reference.multi_head"] = {
    { "nl.reference.multi_head()", "reference.multi_head: x must be a table, got nil" },
  },
  ["reference.gradients"] = {
    { "nl.reference.gradients(layer)", "reference.gradients: x must be a tensor, got nil" },
  },
  say = {
    { "nl.say()", "nl.say: template must be a string, got nil" },
    { "nl.say('{n} rows')", "say: nothing for {n} in '{n} rows'" },
    { "nl.say('rows', {n = 1})", "say: no place {n} in 'rows'" },
  },
  ["say.list"] = {
    { "nl.say.list()", "say.list: parts must be a list, got nil" },
  },
  ["say.kind"] = {
    { "nl.say.kin()", "attempt to call a nil value (field 'kin'); nl.say has no 'kin' (did you mean 'kind'?)" },
  },
  ["say.again"] = {
    { "nl.say.again()", "say.again: value must be a table, got nil" },
  },
  ["say.read"] = {
    { "nl.say.read('x', 'de')", "say.read: unknown language 'de' (known: en, zh)" },
  },
  steps = {
    { "nl.steps()", "steps: the algorithm must be a string (gauss, gauss_seidel, flash), got nil" },
    { "nl.steps('gaus')", "steps: unknown algorithm 'gaus' (did you mean 'gauss'? known: gauss, ...)" },
    { "nl.steps('gauss')", "bad argument #2 to 'steps' (tensor or sparse matrix expected, got nil)" },
    { "nl.steps('gauss', A, b, {pivto = 'none'})",
      "steps: gauss: unknown option 'pivto' (did you mean 'pivot'? known: pivot)" },
    { "nl.steps('gauss', A, b, {pivot = 'rook'})", "steps: gauss: unknown pivot 'rook' (known: partial, none)" },
    { "nl.steps('gauss', A, nl.ones(3))", "solve: A is 2x2, b has 3 rows, expected 2" },
    { "nl.steps('gauss_seidel', A, b, {x0 = 5})", "solve: option 'x0' must be a tensor, got number" },
    { "nl.steps('flash')", "steps: flash walks one head: q must be a tensor, got nil" },
    { "nl.steps('flash', t)", "steps: flash walks one head: k must be a tensor, got nil" },
  },
  ["steps.Step:figure"] = {
    { "nl.steps('gauss', A, b)().figure()", "figure: a method takes a colon: object:figure(..)" },
  },
  ["steps.frames"] = {
    { "nl.steps.frames()", "steps.frames: expected what nl.steps returns, got nil" },
    { "nl.steps.frames(nl.steps('gauss', A, b))", "steps.frames: the folder must be a string, got nil" },
  },
  explain = {
    { "nl.explane()", "attempt to call a nil value (field 'explane'); nl has no 'explane' (did you mean 'explain'?)" },
  },
}
