--- Task 1 (linear systems) in Chinese: what numlab.findings and the experiments say.
return {
  -- words and headings
  ["mixed"] = "正负混合", ["positive"] = "全为正", ["negative"] = "全为负", ["none"] = "无",
  ["{low} to {high}"] = "{low}～{high}",
  ["no message"] = "无说明", [" - DEVIATES"] = "——偏离理论", [" - DEVIATES: {why}"] = "——偏离理论：{why}",
  ["Who is fastest"] = "最快的方法", ["How time grows"] = "时间的增长",
  ["Iterations and dominance"] = "迭代次数与对角占优",
  ["Sparse against dense"] = "稀疏解法与稠密解法", ["Accuracy"] = "精度", ["Memory"] = "内存",
  ["Failures"] = "未得到结果的情形",
  ["What it shows"] = "结果说明了什么", ["Why"] = "原因",
  -- who is fastest
  ["{winner} at density {densities}{factor}"] = "稀疏度 {densities} 时 {winner} 最快{factor}",
  [" ({factors} times faster than the next)"] = "（速度是次快方法的 {factors} 倍）",
  ["n = {n}, signs {sign}: {parts}"] = "n = {n}，非对角元素{sign}：{parts}",
  -- how time grows
  ["{method}: time ~ n^p with p = {span} over the densities and signs{theory}{off}"] =
    "{method}：时间 ∝ n^p，在各种稀疏度和符号下 p = {span}{theory}{off}",
  [", theory for large n: {p}"] = "，n 很大时的理论值为 {p}",
  ["at small n set-up, caches and threads count, not arithmetic alone"] =
    "n 较小时，准备工作、缓存和线程的开销也占相当比重，并非只有运算量",
  ["a Gauss-Seidel sweep costs {ns} ns an entry of A (theory: one price for large cases, where a sweep reads A once)"] =
    "高斯-赛德尔迭代每扫描一遍，A 的每个非零元素耗时 {ns} ns（理论："
      .. "规模较大时每遍只读取 A 一次，单价应为常数）",
  -- iterations
  ["signs {sign}: {sweeps} sweeps, spectral radius {radius}; measured over predicted {ratios}"] =
    "非对角元素{sign}：迭代 {sweeps} 次，谱半径 {radius}；实测次数与预测次数之比为 {ratios}",
  ["DEVIATES: {off} of these {all} cases by more than 25 % and 3 sweeps ({ratios} of the prediction). The prediction lets the "
    .. "slowest mode start at the size of b; traced back along the radius it starts at {shares} of it"] =
    "偏离理论：其中 {off} 种情形（共 {all} 种）与预测相差超过 25% 且多于 3 次（为预测的 {ratios}）。预测假定最慢分量的初值与 b 同样大小；"
    .. "按谱半径反推，它的初值只有 b 的 {shares}",
  ["rate: in all {count} cases of 50 sweeps and more, the last 20 sweeps shrink the residual by the spectral radius to within "
    .. "{worst:%.2g} %{off}"] =
    "收敛速度：在迭代 50 次以上的全部 {count} 种情形中，"
      .. "最后 20 次迭代的残差缩减率与谱半径相差不超过 {worst}%{off}",
  ["beyond 2 %"] = "超过 2%",
  ["the same dominance, other signs: negative entries need {times:%.0f} times the sweeps of mixed ones (medians). With one sign "
    .. "the errors of all unknowns add up, with mixed signs they cancel: dominance bounds the rate, the signs set it"] =
    "占优程度相同而符号不同：非对角元素全为负时所需迭代次数是正负混合时的 {times} 倍（中位数）。符号一致时各未知量的误差相互累加，"
    .. "正负混合时则相互抵消：对角占优给出收敛速度的界，实际速度由符号决定",
  -- sparse and dense
  ["as fast as {other}"] = "与 {other} 相当", ["{times:%.1f} times faster than {other}"] = "是 {other} 的 {times} 倍",
  ["{times:%.1f} times slower than {other}"] = "只有 {other} 的 1/{times}",
  ["n = {n}, density {density}: csparse is {beside}; its factor holds {fill} entries, {times:%.1f} times those of A and "
    .. "{share:%.0f} % of a full matrix"] =
    "n = {n}，稀疏度 {density}：csparse 的速度{beside}；其分解因子有 {fill} 个非零元素，"
      .. "是 A 的 {times} 倍，占满矩阵的 {share}%",
  -- accuracy
  ["{method}: relative error {error}, relative residual {residual}{kind}{bound}"] =
    "{method}：相对误差 {error}，相对残差 {residual}{kind}{bound}",
  [" (it stops at its tolerance, not at rounding)"] = "（停止于给定容差，而非舍入误差）",
  [", backward error at most {hpl:%.2g} n eps (a sound direct solver stays below 16){off}"] =
    "，后向误差不超过 {hpl} n eps（可靠的直接法应低于 16）{off}",
  ["; rigorous bound of the error at most {bound:%.1e}"] = "；误差的严格上界不超过 {bound}",
  -- memory
  ["{method}: at most {bytes} (n = {n}, density {density}), {times:%.2f} times theory's {theory}{not_all}"] =
    "{method}：最多 {bytes}（n = {n}，稀疏度 {density}），是理论值 {theory} 的 {times} 倍{not_all}",
  [" (what the borrowed library takes by itself is not counted)"] = "（未计入外部库自行分配的内存）",
  -- failures
  ["{who}: 1 point ends with {code}, {message}"] = "{who}：有 1 个测点以 {code} 结束（程序信息：{message}）",
  ["{who}: {count} points end with {code}, the first so: {message}"] =
    "{who}：有 {count} 个测点以 {code} 结束（第一个的程序信息：{message}）",
  -- without strict dominance
  ["{kind}: {strict} of {n} rows are strictly dominant (least ratio {ratio:%.3g})"] =
    "{kind}：{n} 行中有 {strict} 行严格对角占优（占优比最小为 {ratio}）",
  ["{count} zeros on the diagonal, the first in row {row}: D - L has no inverse, a sweep is not even defined"] =
    "对角线上有 {count} 个零，第一个在第 {row} 行：D − L 不可逆，迭代无从定义",
  ["spectral radius {radius:%.6f}, so Gauss-Seidel converges, predicted in {sweeps} sweeps"] =
    "谱半径为 {radius}，因此高斯-赛德尔迭代收敛，预测需 {sweeps} 次",
  ["spectral radius {radius:%.6f}, so Gauss-Seidel must diverge: errors grow {growth:%.3g} times a sweep"] =
    "谱半径为 {radius}，因此高斯-赛德尔迭代必然发散：误差每次放大 {growth} 倍",
  ["measured: {code} after {sweeps} sweeps{rate}{off}"] = "实测：{sweeps} 次迭代后结果为 {code}{rate}{off}",
  [", rate of the last 20 sweeps {rate:%.6f}"] = "，最后 20 次迭代的残差缩减率为 {rate}",
  ["not as predicted"] = "与预测不符",
  ["gauss with pivoting solves it to a relative error of {error:%.1e}: the system is fine, the iteration decides"] =
    "部分选主元的高斯消去法（gauss）求解的相对误差为 {error}：方程组本身没有问题，"
      .. "能否求解取决于迭代法",
  ["strict dominance suffices for convergence, it is not necessary: the errors follow e(k+1) = (D - L)^-1 U e(k), which goes to "
    .. "zero for every start exactly when the spectral radius of (D - L)^-1 U is below 1"] =
    "严格对角占优是收敛的充分条件而非必要条件：误差满足 e(k+1) = (D − L)^-1 U e(k)，"
      .. "当且仅当 (D − L)^-1 U 的谱半径小于 1 时，对任意初值都趋于零",
}
