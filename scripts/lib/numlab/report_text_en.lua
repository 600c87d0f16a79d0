--- The words of the report in English; report_text_zh has the same keys. Formulas are HTML.
---@internal of numlab report
return {
  lang = "en",
  title = { task1 = "Linear systems: direct and iterative methods", task2 = "Attention: standard, tiled and flash",
    both = "Linear systems and attention" },
  subtitle = "Experiment report. Measured %s, made by numlab %s from stored rows.",
  contents = "Contents", figure = "Figure", table = "Table",
  computed = "Computed from the rows", own = "The author's words",
  stressed = { "DEVIATES", "FAILED" },
  quick = "Quick run: %s measured small sizes only. The numbers show that everything works, not how it behaves at full "
    .. "size.",
  no_figure = "This figure could not be drawn: %s",
  source = "Source: %s, run %s.",
  no_code = "Not shown: %s.",
  sections = {
    intro = "Introduction", task1_method = "Task 1: method", task1_sweep = "Task 1: size, density and dominance",
    task1_nondominant = "Task 1: without strict dominance",
    task1_sensitivity = "Task 1: which parameter moves what", task2_method = "Task 2: method",
    task2_verify = "Task 2: agreement", task2_sweep = "Task 2: time and memory", task2_module = "Task 2: inside a module",
    task2_sensitivity = "Task 2: which parameter moves what", task1_poisson = "Task 1: convergence on Poisson's equation",
    task2_tiles_cache = "Task 2: tiles and caches", accuracy_condition = "Accuracy against condition number",
    machine_roofline = "The roofline of this machine",
    environment = "Environment", limits = "Limits", reflections = "Reflections", more = "More notes",
  },
  code = "Key code",
  code_note = "Taken from the sources when this page was made; %s stands for double or float.",
  method = {
    task1 = [[
<p>Given <i>A</i> (<i>n</i>×<i>n</i>) and <i>b</i>, find <i>x</i> with <i>A x</i> = <i>b</i>. The systems are
generated from a
seed with a known solution <i>x</i>*, so that both measures of accuracy (2-norms) can be computed:</p>
<p class="formula">relative error ‖<i>x</i> − <i>x</i>*‖ / ‖<i>x</i>*‖, &nbsp; relative residual ‖<i>b</i>
− <i>A x</i>‖ / ‖<i>b</i>‖</p>
<h3>Gaussian elimination</h3>
<p>Row operations bring <i>A</i> to upper triangular form; back substitution then solves from the last row upwards. Partial
pivoting brings the entry of largest modulus in the column to the diagonal, so that no multiplier exceeds 1.</p>
<p class="formula"><i>m</i><sub>ip</sub> = <i>a</i><sub>ip</sub> / <i>a</i><sub>pp</sub>, &nbsp;
row<sub>i</sub> ← row<sub>i</sub> − <i>m</i><sub>ip</sub> row<sub>p</sub> &nbsp; (<i>i</i> &gt; <i>p</i>); &nbsp;&nbsp;
<i>x</i><sub>i</sub> = (<i>b</i><sub>i</sub> − Σ<sub>j&gt;i</sub> <i>u</i><sub>ij</sub> <i>x</i><sub>j</sub>) /
<i>u</i><sub>ii</sub></p>
<p>It takes 2<i>n</i>³/3 operations and <i>n</i>² numbers, however many entries are zero.</p>
<h3>Gauss-Seidel iteration</h3>
<p>With <i>A</i> = <i>D</i> − <i>L</i> − <i>U</i> (diagonal and the negated strict triangles), each sweep uses the
newest values at
once:</p>
<p class="formula"><i>x</i><sup>(k+1)</sup> = (<i>D</i> − <i>L</i>)<sup>−1</sup> (<i>U x</i><sup>(k)</sup> +
<i>b</i>); &nbsp;&nbsp;
<i>x</i><sub>i</sub> ← (<i>b</i><sub>i</sub> − Σ<sub>j≠i</sub> <i>a</i><sub>ij</sub> <i>x</i><sub>j</sub>) /
<i>a</i><sub>ii</sub></p>
<p>The error obeys <i>e</i><sup>(k+1)</sup> = <i>G e</i><sup>(k)</sup>, <i>G</i> = (<i>D</i> −
<i>L</i>)<sup>−1</sup><i>U</i>. It goes to
zero from every start exactly when the spectral radius ρ(<i>G</i>) is below 1; strict diagonal dominance,
|<i>a</i><sub>ii</sub>| &gt; Σ<sub>j≠i</sub> |<i>a</i><sub>ij</sub>| in every row, suffices for that. A sweep costs
one pass over the
nonzero entries, and the sweeps needed to reduce the residual to a tolerance τ are about</p>
<p class="formula"><i>k</i> ≈ ln τ / ln ρ(<i>G</i>)</p>
<h3>Baselines</h3>
<p>LAPACK's <code>gesv</code> (which <code>scipy.linalg.solve</code> calls) for dense matrices, CSparse's LU
factorisation for sparse
ones; <code>lu</code> is numlab's own blocked factorisation.</p>
]],
    task2 = [[
<p>Tensors have the shape (<i>B</i>, <i>H</i>, <i>N</i>, <i>D</i>): batch, heads, positions, width of a head. For each
head</p>
<p class="formula"><i>S</i> = <i>Q K</i><sup>T</sup> / √<i>D</i>, &nbsp; <i>P</i> = softmax(<i>S</i>) by rows,
&nbsp; <i>O</i> = <i>P V</i></p>
<h3>Standard attention</h3>
<p>Keeps <i>S</i> and <i>P</i> whole: memory beside operands and results grows with <i>N</i>².</p>
<h3>Tiled, without online softmax</h3>
<p>Goes through queries in tiles of <i>B</i><sub>r</sub> and keys in tiles of <i>B</i><sub>c</sub>, but keeps the
whole score row of a tile
of queries (<i>B</i><sub>r</sub> × <i>N</i>) and normalises it once: memory grows with <i>N</i>, rounding is that of
standard attention.</p>
<h3>Flash: online softmax</h3>
<p>A tile of scores is used up before the next one is made. For each row the running maximum <i>m</i>, the running
denominator
<i>l</i> and the output are rescaled as they change:</p>
<p class="formula"><i>m</i>′ = max(<i>m</i>, max<sub>j</sub> <i>S</i><sub>j</sub>), &nbsp; <i>P</i> = e<sup>S −
m′</sup>, &nbsp;
<i>l</i> ← e<sup>m − m′</sup> <i>l</i> + Σ<sub>j</sub> <i>P</i><sub>j</sub>, &nbsp;
<i>O</i> ← e<sup>m − m′</sup> <i>O</i> + <i>P V</i>, &nbsp; <i>m</i> ← <i>m</i>′</p>
<p class="formula">at the end &nbsp; <i>O</i> ← <i>O</i> / <i>l</i>, &nbsp; lse = <i>m</i> + ln <i>l</i></p>
<p>The tiles (<i>B</i><sub>r</sub> × <i>B</i><sub>c</sub>) do not grow with <i>N</i>.</p>
<h3>Backward</h3>
<p>Flash and tiled attention do not store <i>P</i>: they make it again from <i>S</i> and lse, tile by tile.</p>
<p class="formula"><i>P</i> = e<sup>S − lse</sup>, &nbsp; d<i>V</i> = <i>P</i><sup>T</sup> d<i>O</i>, &nbsp;
d<i>P</i> = d<i>O V</i><sup>T</sup>, &nbsp;
d<i>S</i> = <i>P</i> ∘ (d<i>P</i> − rowsum(d<i>O</i> ∘ <i>O</i>)), &nbsp; d<i>Q</i> = d<i>S K</i> / √<i>D</i>, &nbsp;
d<i>K</i> = d<i>S</i><sup>T</sup> <i>Q</i> / √<i>D</i></p>
<h3>Inside a module</h3>
<p><i>x</i> (<i>B</i>, <i>N</i>, <i>C</i>) → projection to <i>Q</i>, <i>K</i>, <i>V</i> (<i>C</i> → 3<i>C</i>) →
heads → attention → output projection
(<i>C</i> → <i>C</i>); mean squared error against a random target; gradients by the chain rule.</p>
]],
  },
  captions = {
    ["task1_sweep.time"] = "Time against n; a panel a density and sign, whiskers from the fastest sample to median plus "
      .. "interquartile range.",
    ["task1_sweep.density"] = "Time against density at each n.",
    ["task1_sweep.memory"] = "Peak memory against n; dashed: one dense matrix.",
    ["task1_sweep.iterations"] = "Gauss-Seidel sweeps, measured over those that the spectral radius predicts.",
    ["task1_sweep.residual"] = "Relative error, relative residual and backward error against n.",
    ["task1_sweep.history"] = "Residual of Gauss-Seidel, sweep by sweep; dashed: the slope of the spectral radius.",
    ["task1_nondominant.history"] = "Gauss-Seidel with and without strict dominance; dashed: the slope of the spectral radius.",
    ["task2_verify.agreement"] = "Largest error of each case over what its type allows; 1 is at the bound.",
    ["task2_sweep.time"] = "Forward and backward time against N, each implementation with its best tiles.",
    ["task2_sweep.memory"] = "Memory beside operands and results against N; points measured, dashed lines theory.",
    ["task2_sweep.tiles"] = "Time by tile sizes at the largest N.",
    ["task2_module.loss"] = "Loss of gradient descent with each core.",
    task1_sweep = "Time, iterations, accuracy and memory of every method.",
    task1_nondominant = "Each method on a dominant matrix and on three that are not.",
    task2_verify = "Agreement with the f64 standard implementation: largest values over all cases of a type.",
    task2_sweep = "Time, memory and accuracy of every implementation and pair of tiles (queries x keys).",
    task2_module = "The module with each core.",
    task1_sensitivity = "Sensitivity of log10 of each quantity: Morris' mean effect and its spread (decades over a factor's "
      .. "range), Sobol' shares of the variance, and around a base point the exponent and the largest over the smallest.",
    task2_sensitivity = "Sensitivity of log10 of each quantity, as for task 1.",
    morris = "Right: a factor moves the quantity much; above: how much depends on the other factors, or not in proportion.",
    sobol = "Share of the variance that goes when a factor alone is known (S1), or that stays when all others are (ST); "
      .. "whiskers: 95 % intervals of a bootstrap.",
    oat = "From the base point, every other factor stays where it is.", of_kind = "%s. %s",
    task1_poisson = "Poisson's equation in one, two and three dimensions: iterations and rates beside theory.",
    task2_tiles_cache = "Time over that of the best tile (queries x keys), and the cache that holds the tile's working set.",
    accuracy_condition = "A system at every third power of ten of the condition: errors beside condition times roundoff.",
    machine_roofline = "Kernels under the roof: counted operations over counted bytes, speed, and what the machine allows.",
    environment = "What all results share.", runs = "The runs.",
  },
  columns = {
    n = "n", density = "density", sign = "signs", method = "method", kind = "matrix", seconds = "time",
    iterations = "iterations", predicted_iterations = "predicted", rate = "rate", radius = "spectral radius",
    rel_error = "relative error", relative_residual = "relative residual", peak_bytes = "peak memory", code = "outcome",
    contestant = "implementation", forward_s = "forward", backward_s = "backward", peak_forward_bytes = "peak, forward",
    peak_backward_bytes = "peak, backward", forward_extra_bytes = "beside results",
    predicted_forward_extra_bytes = "theory", max_abs_err = "output error", grad_max_abs_err = "gradient error",
    dtype = "type", impl = "implementation", cases = "cases", out_max = "output, max", out_mean = "output, mean",
    grad_max = "gradients, max", grad_mean = "gradients, mean", allclose = "allclose", loss = "loss", what = "what",
    value = "value", experiment = "experiment", number = "run", started = "started", finished = "finished",
    arguments = "settings", case = "of", quantity = "quantity", factor = "factor", mu_star = "μ*", sigma = "σ", S1 = "S1",
    dim = "dimension", predicted_rate = "predicted", predicted = "predicted", relative = "over best", set_bytes = "working set",
    level = "held by", head_dim = "head width", cond = "condition", backward_error = "backward error", kernel = "kernel",
    threads = "threads", intensity = "FLOP/byte", gflops = "GFLOP/s", attainable = "at most", bound = "bound by", share = "share",
    ST = "ST", ST_low = "ST from", ST_high = "to", elasticity = "exponent", ratio = "max / min",
  },
  limits = {
    one_machine = "All numbers come from one machine (see Environment); what is fast there need not be fast elsewhere.",
    task1 = "The matrices are random: their entries have no pattern, so sparse factors fill in more than those of most "
      .. "applications.",
    cpu = "Attention was measured on the CPU: there is no peak GPU memory and no GPU kernel in these results.",
    peers = "PyTorch was not run beside numlab (peers=true does so), so no framework is compared here.",
    failed = "%s: %d of %d rows have no result; their outcome stands in the table.",
    notes = "%s, note of the experiment: %s", quick = "Some runs are quick ones, of small sizes.",
  },
}
