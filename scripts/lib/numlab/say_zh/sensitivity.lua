--- Sensitivity analysis in Chinese: what numlab.sensitivity_findings and both experiments say.
return {
  -- words and headings
  ["solve time"] = "求解时间", ["relative error"] = "相对误差", ["memory"] = "内存", ["sweeps"] = "迭代次数",
  ["all methods"] = "所有方法",
  ["forward time"] = "前向传播时间", ["backward time"] = "反向传播时间", ["extra memory"] = "中间内存",
  ["error"] = "误差",
  ["all implementations"] = "所有实现", ["{factor} times"] = "{factor} 倍",
  ["In short: {case}"] = "小结：{case}", ["Shares of the variance (Sobol): {case}"] = "方差占比（Sobol）：{case}",
  ["Effects over the ranges (Morris): {case}"] = "全范围效应（Morris）：{case}",
  ["Around a base point: {case}"] = "基准点附近：{case}",
  ["Points without a result: {case}"] = "没有结果的测点：{case}",
  -- in short
  ["{output}: moved by {moving}{little}{unsure}{chance}"] = "{output}的主要影响因素：{moving}{little}{unsure}{chance}",
  ["{factor} (ST = {ST:%.2f}{range}{power})"] = "{factor}（ST = {ST}{range}{power}）",
  ["; {times} over its range"] = "；在其取值范围内相差 {times}",
  ["; {times} between two of its values"] = "；任取两个值相差 {times}",
  [", as {power} at the base"] = "，在基准点处 ∝ {power}",
  ["; hardly by {factors}"] = "；几乎不受 {factors} 影响",
  ["; not shown to be more than chance: {factors}"] = "；未能与偶然因素区分：{factors}",
  ["; chance itself: ST = {ST:%.2f}"] = "；偶然因素本身：ST = {ST}",
  -- Sobol
  ["{output}: no shares ({why})"] = "{output}：没有方差占比（{why}）",
  ["it is the same at all points"] = "在所有测点都相同",
  ["too few results"] = "结果太少",
  ["{output} (standard deviation {deviation:%.2f} decades): {shares}"] =
    "{output}（标准差 {deviation} 个数量级）：{shares}",
  ["{factor} ST = {ST:%.2f} ({low:%.2f} to {high:%.2f}), S1 = {alone:%.2f}"] =
    "{factor} ST = {ST}（{low}～{high}），S1 = {alone}",
  ["{output}: the shares of the factors alone (S1) add up to {alone:%.2f}; interplay {interplay}"] =
    "{output}：各因素单独的占比（S1）之和为 {alone}；交互作用{interplay}",
  ["is not shown by {rows} rows"] = "未能由 {rows} 行数据显示", ["shows for {factors}"] = "见于 {factors}",
  ["{factor} (ST - S1 = {more:%.2f}, {low:%.2f} to {high:%.2f})"] = "{factor}（ST − S1 = {more}，{low}～{high}）",
  ["{output}: which of {first} and {second} moves it more is not settled by {rows} rows"] =
    "{output}：{first} 和 {second} 哪个影响更大，{rows} 行数据不足以判断",
  ["{output}: not above the replicate (ST = {ST:%.2f}: other random entries, the clock): {factors}"] =
    "{output}：未超过重复试验（replicate，ST = {ST}，即换一组随机数及计时误差）的有 {factors}",
  -- Morris
  [" up"] = "，随之增大", [" down"] = "，随之减小", [" up and down"] = "，时增时减",
  ["{output}: over its range, or between two of its names, a factor moves it by (mean): {effects}{still}"] =
    "{output}：因素遍历其取值范围（或在两个名称之间切换）时的平均变化：{effects}{still}",
  ["{factor} {times} ({low:%.2g} to {high:%.2g}){way}"] = "{factor} {times}（{low}～{high}）{way}",
  ["; not at all by {factors}"] = "；完全不受 {factors} 影响",
  ["{output}: how much depends on where one stands (sigma above mu*) for {factors}"] =
    "{output}：{factors} 的影响大小取决于其他因素的取值（σ 大于 μ*）",
  -- one at a time
  ["the base: {base}"] = "基准点：{base}",
  ["{output}: highest over lowest along {ratios}{powers}"] =
    "{output}：沿各因素的最大值与最小值之比：{ratios}{powers}",
  ["{factor} {ratio:%.3g} ({low} to {high})"] = "{factor} {ratio}（{low}～{high}）",
  ["; it goes as {powers} there"] = "；在该处 ∝ {powers}",
  -- failures
  ["{method}: {count} of {points} points without a result: {message}; what needs them is left out, the indices speak of the "
    .. "others"] = "{method}：{points} 个测点中有 {count} 个没有结果（程序信息：{message}）；"
      .. "依赖它们的量已略去，指标只反映其余测点",
  ["{method}: {output} is absent or not positive at {count} of {points} points with a result; they are left out"] =
    "{method}：{points} 个有结果的测点中，有 {count} 个的{output}缺失或不为正，已略去",
  -- notes
  ["solve time is the fastest sample of a point: other programs only ever add to it"] =
    "求解时间取每个测点的最快样本：其他程序的干扰只会使时间变长",
  ["memory is what the engine allocates: what a borrowed library takes by itself (lapack) is not counted"] =
    "内存指引擎分配的内存：外部库（lapack）自行分配的未计入",
  ["{count} different points were measured; the indices are in {file}"] =
    "共测量 {count} 个不同的测点；各项指标见 {file}",
  ["times are the fastest sample of a point: other programs only ever add to them"] =
    "时间取每个测点的最快样本：其他程序的干扰只会使时间变长",
  ["extra memory: of the forward pass, beside operands and results; error: the largest of the forward pass"] =
    "中间内存：前向传播中除输入和结果以外的内存；误差：前向传播的最大误差",
}
