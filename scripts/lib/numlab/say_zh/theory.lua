--- Experiments against theory in Chinese: what task1_poisson, accuracy_condition, task2_tiles_cache and their findings say.
return {
  -- limits
  ["more than {limit} %"] = "超过 {limit} %", ["more than {limit} %{why}"] = "超过 {limit} %{why}",
  ["by more than {limit}"] = "相差超过 {limit}", ["by more than {limit} times"] = "相差超过 {limit} 倍",
  ["by more than {limit} in {where}"] = "在{where}相差超过 {limit}",
  -- Poisson: headings, figures
  ["Poisson's equation: convergence against theory"] = "泊松方程：收敛速度与理论的对照",
  ["How fast do Jacobi, Gauss-Seidel, SOR, conjugate gradients and multigrid converge on the model problem, is it what the "
    .. "spectral radius, the condition number and the smoothing factor say, and what is Gauss-Seidel good for?"] =
    "雅可比、高斯-赛德尔、SOR、共轭梯度与多重网格在模型问题上收敛多快，是否符合谱半径、条件数与光滑因子的预言，高斯-赛德尔又适合做什么？",
  ["Rates and the spectral radius"] = "收敛率与谱半径", ["Bounds"] = "上界", ["How iterations grow"] = "迭代次数的增长",
  ["What each idea saves"] = "每种改进省下多少", ["What smoothers damp"] = "光滑子衰减什么", ["Multigrid"] = "多重网格",
  ["Iterations against 1/h; dashed: theory, a bound for cg and symmetric sweeps"] =
    "迭代次数与 1/h；虚线：理论值（cg 与对称扫描为上界）",
  ["What one sweep leaves of the worst wave of a frequency; lines: theory"] = "一次扫描后各频率最差的波剩下多少；线：理论值",
  ["{dim}-d, {points} points a side; dashed: the slopes of theory"] = "{dim} 维，每边 {points} 个点；虚线：理论斜率",
  ["iterations against 1/h, {dim}-d"] = "迭代次数与 1/h，{dim} 维", ["{dim}-d"] = "{dim} 维", ["iterations"] = "迭代次数",
  ["iteration"] = "迭代", ["highest angle of the wave"] = "波的最大相角", ["left after a sweep"] = "一次扫描后的剩余",
  ["from here on the coarse grid is blind"] = "此后粗网格无法分辨",
  -- Poisson: sentences
  ["{method}: spectral radii {radii} in {count} cases; what the last sweeps leave of the residual is theory's rate to within "
    .. "{worst:%.2g} %{off}; the sweeps needed are {ratios} of those predicted{far}"] =
    "{method}：{count} 种情形，谱半径 {radii}；最后几次扫描的残差收缩率与理论相差不超过 {worst} %{off}；所需扫描次数为预测的 {ratios} 倍{far}",
  [": with the best omega all modes have that rate, so none soon rules"] = "：取最优 omega 时所有模态收敛率相同，没有哪个很快占主导",
  [" (condition at most {kappa})"] = "（条件数至多 {kappa}）", ["{over} counts are above it"] = "{over} 个超过上界",
  ["{method}{kappa}: {shares} of the iterations that the bound allows{off}"] = "{method}{kappa}：用去上界所许迭代次数的 {shares}{off}",
  ["{p:%.2f} in {dim}-d"] = "{dim} 维 {p}",
  ["{method}: iterations grow as (1/h)^p between the two finest grids with p = {parts}; theory for small h: {theory}{off}"] =
    "{method}：最细两层网格间迭代次数按 (1/h)^p 增长，p = {parts}；h 小时的理论值 {theory}{off}",
  ["the newest values at once (gauss_seidel for jacobi)"] = "立即使用最新值（gauss_seidel 代替 jacobi）",
  ["over-relaxation (sor for gauss_seidel)"] = "超松弛（sor 代替 gauss_seidel）",
  ["a symmetric Gauss-Seidel sweep as preconditioner of cg"] = "以一次对称高斯-赛德尔扫描作 cg 的预条件子",
  ["SSOR with its best omega as preconditioner of cg"] = "以取最优 omega 的 SSOR 作 cg 的预条件子",
  ["{idea} {times:%.3g} times (the radii say {theory:%.3g})"] = "{idea} {times} 倍（按谱半径应为 {theory}）",
  ["{dim}-d, {points} points a side, fewer iterations by {parts}"] = "{dim} 维、每边 {points} 个点，迭代次数减少的倍数：{parts}",
  ["{smoother} in {dim}-d: one sweep leaves at most {high:%.3f} of a wave that the coarse grid cannot see (theory's smoothing "
    .. "factor: {mu:%.3f}) and up to {low:%.3f} of the others; measured and symbol differ by at most {worst:%.1e}{off}"] =
    "{dim} 维 {smoother}：一次扫描后，粗网格看不见的波至多剩 {high}（理论光滑因子 {mu}），其余的波至多剩 {low}；实测与符号至多相差 {worst}{off}",
  ["{method} in {dim}-d: {cycles} cycles from {first} to {last} points a side, each leaves {rates} of the residual; smoothing "
    .. "alone, with an ideal coarse grid, would leave mu^2 = {theory:%.3f}{off}"] =
    "{dim} 维 {method}：每边 {first} 到 {last} 个点需 {cycles} 次循环，每次剩下残差的 {rates}；若粗网格理想，仅光滑会剩 mu^2 = {theory}{off}",
  ["the cycle is slower than its smoother"] = "循环比其光滑子还慢",
  ["{dim}-d, {n} unknowns: {winner} in {seconds}{next}{alone}"] = "{dim} 维、{n} 个未知数：{winner} 用时 {seconds}{next}{alone}",
  [", {factor:%.1f} times faster than {second}"] = "，速度是 {second} 的 {factor} 倍",
  ["; gauss_seidel alone takes {times:%.0f} times as long"] = "；单用 gauss_seidel 需 {times} 倍的时间",
  -- accuracy: headings, figures
  ["Accuracy against condition: f64, f32, bf16, f16"] = "精度与条件数：f64、f32、bf16、f16",
  ["What does each arithmetic lose as a linear system, or the scores of attention, become worse conditioned; how far does "
    .. "refinement carry; and is it what rounding theory says?"] =
    "线性方程组或注意力得分的条件变差时，各种精度的算术损失多少，迭代改进能走多远，是否符合舍入误差理论？",
  ["Error against condition"] = "误差与条件数", ["Backward error"] = "后向误差", ["Refinement"] = "迭代改进",
  ["What a type costs"] = "低精度的代价", ["Attention"] = "注意力", ["condition"] = "条件数",
  ["Linear systems; dashed: kappa u, and u"] = "线性方程组；虚线：kappa u 与 u",
  ["Attention; dashed: what the condition predicts"] = "注意力；虚线：由条件数预测", ["theory, {dtype}"] = "理论，{dtype}",
  ["spread of the scores"] = "得分的标准差", ["error of the result"] = "结果的误差",
  ["the rows of attention are in {file}"] = "注意力的数据在 {file}",
  -- accuracy: sentences
  [", growing as kappa^{p:%.2f}"] = "，按 kappa^{p} 增长",
  ["{over} errors above the rigorous bound"] = "{over} 个误差超过严格上界",
  ["{method}: error {errors} up to condition {cond:%.0e}{power}; it is {worst} of kappa u and in the median {typical:%.2f} of "
    .. "the typical error{off}{broken}"] =
    "{method}：条件数至 {cond} 时误差 {errors}{power}；为 kappa u 的 {worst} 倍，中位数为典型误差的 {typical} 倍{off}{broken}",
  ["{method}: backward error {units} u at conditions {cond}{off}"] = "{method}：条件数 {cond} 时后向误差 {units} u{off}",
  ["above n u = {n} u: not backward stable"] = "超过 n u = {n} u：并非后向稳定",
  ["{method}: as good as f64 up to condition {reached:%.0e}; theory promises it below 1 / u_f = {limit:%.1e}, the largest of "
    .. "these conditions being {promised:%.0e}{off}; {beyond} systems beyond it get there all the same; {steps} steps, each "
    .. "leaving {shares} of kappa u_f{slow}"] =
    "{method}：条件数至 {reached} 时与 f64 一样好；理论保证到 1 / u_f = {limit} 以下，其中最大的条件数为 {promised}{off}；"
    .. "超出此限仍有 {beyond} 个方程组达到；需 {steps} 步，每步剩下 kappa u_f 的 {shares}{slow}",
  ["{broken} systems below it are not solved"] = "此限以下有 {broken} 个方程组未能解出",
  ["{slow} systems are slower than sqrt(n) kappa u_f"] = "{slow} 个方程组慢于 sqrt(n) kappa u_f",
  ["refinement in f32 itself leaves {backward:%.2f} of the backward error and {gains:%.2f} of the error (medians): residuals of "
    .. "the same precision cannot take kappa u away"] =
    "在 f32 自身中改进，后向误差剩 {backward}，误差剩 {gains}（中位数）：同精度的残差不能消去 kappa u",
  ["{method} is {factor:%.1e} times as far off as lu f64 (median of {count} systems); the roundoffs have the ratio "
    .. "{theory:%.1e}"] =
    "{method} 的误差是 lu f64 的 {factor} 倍（{count} 个方程组的中位数）；单位舍入之比为 {theory}",
  ["scores of spread {spreads}: a row sees about {seen:%.3g} keys at first and {last_seen:%.3g} at last; the condition of the "
    .. "result for errors of the operands grows from {first:%.2f} to {last:%.1f}"] =
    "得分标准差 {spreads}：每行起初约看到 {seen} 个键，最后 {last_seen} 个；结果对操作数误差的条件数由 {first} 增至 {last}",
  ["{dtype}: error {errors} of the result, {ratios} times what the condition predicts{off}"] =
    "{dtype}：结果的相对误差 {errors}，为条件数预测值的 {ratios} 倍{off}",
  ["{dtype}: the implementations differ in error by a factor of at most {factor:%.2f}"] = "{dtype}：各实现的误差至多相差 {factor} 倍",
  -- tiles: headings, figures
  ["Tile size against cache size"] = "分块大小与缓存大小",
  ["Which tiles of flash attention, and which panels of LU, are fastest on this machine, and do the sizes of its "
    .. "caches say so?"] =
    "在本机上 flash 注意力的哪些分块、LU 的哪种面板最快，缓存大小能否预言？",
  ["Caches"] = "缓存", ["Working sets and caches"] = "工作集与缓存", ["What is moved"] = "数据搬运",
  ["What each side of a tile costs"] = "分块各边长的代价", ["Panels of LU"] = "LU 的面板", ["Time over the best tile's"] = "相对最优分块的时间",
  ["Time over the best against the working set of a tile"] = "相对最优的时间与分块的工作集",
  ["LU: time over the best against the width of a panel"] = "LU：相对最优的时间与面板宽度", ["columns of a panel"] = "面板的列数",
  ["time / best"] = "时间 / 最优", ["working set, bytes"] = "工作集（字节）", ["head dimension {dim}"] = "头维度 {dim}",
  ["head dimension {dim}, {pass}"] = "头维度 {dim}，{pass}", ["n = {n}"] = "n = {n}",
  ["times over the best are those of the fastest samples: other programs only ever add"] =
    "相对最优的时间取各自最快的样本：其他程序只会使时间变长",
  ["the rows of LU are in {file}"] = "LU 的数据在 {file}",
  -- tiles: sentences
  ["data caches of a core: {parts}"] = "单核数据缓存：{parts}",
  ["the system does not tell the sizes of its caches: nothing can be predicted"] = "系统未给出缓存大小，无法预测",
  ["the cache alone does not decide"] = "并非只由缓存决定",
  ["head dimension {dim}, {pass}: best {q}x{k} (queries x keys), a working set of {set}, which {level} holds{theory}"] =
    "头维度 {dim}，{pass}：最优 {q}x{k}（查询 x 键），工作集 {set}，可放入 {level}{theory}",
  ["; the largest that L2 holds, {q}x{k}, takes {times:%.2f} times as long{off}"] =
    "；L2 能容纳的最大分块 {q}x{k} 用时为其 {times} 倍{off}",
  ["head dimension {dim}, {pass}, median time over the best by the cache that holds the working set: {parts}{off}"] =
    "头维度 {dim}，{pass}，按能容纳工作集的缓存，相对最优时间的中位数：{parts}{off}",
  ["{level}: {median:%.2f} ({times}; tiles: {count})"] = "{level}：{median}（{times}；分块 {count} 种）",
  ["larger working sets than L2 are not slower"] = "超出 L2 的工作集并不更慢",
  ["head dimension {dim}, {pass}: time / best = {a:%.2f} + {b:%.3f} times the numbers moved a score explains {share:%.0f} % of "
    .. "the variance over {count} tiles that L2 holds{off}"] =
    "头维度 {dim}，{pass}：时间 / 最优 = {a} + {b} × 每个得分搬运的数，可解释 L2 能容纳的 {count} 种分块中 {share} % 的方差{off}",
  ["not even half: something else decides"] = "不到一半：由别的因素决定",
  ["{pass}, median time over the best by {axis}: {parts}"] = "{pass}，按{axis}，相对最优时间的中位数：{parts}",
  ["LU, n = {n}: panels of {block} columns are best ({set}, held by {level}); the slowest width takes {worst:%.2f} times as "
    .. "long{theory}"] = "LU，n = {n}：{block} 列的面板最优（{set}，可放入 {level}）；最慢的宽度用时为其 {worst} 倍{theory}",
  ["; the widest that L2 holds, {block}, takes {times:%.2f} times as long{off}"] = "；L2 能容纳的最宽面板 {block} 列用时为其 {times} 倍{off}",
}
