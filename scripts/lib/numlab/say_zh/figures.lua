--- The words in figures, in Chinese.
return {
  ["seconds"] = "时间（秒）", ["bytes"] = "内存（字节）", ["density"] = "稀疏度", ["sweep"] = "迭代次数",
  ["step"] = "步数",
  ["relative residual"] = "相对残差", ["backward error"] = "后向误差",
  -- task 1
  ["{sign}, density {density}"] = "{sign}，稀疏度 {density}", ["density {density}"] = "稀疏度 {density}",
  ["off-diagonal signs {sign}"] = "非对角元素{sign}",
  ["{axis} {value}, off-diagonal signs {sign}"] = "{axis} {value}，非对角元素{sign}",
  ["8 n^2: one dense matrix"] = "8 n^2：一个稠密矩阵", ["seconds against n: {case}"] = "时间随 n 的变化：{case}",
  ["Time against n"] = "时间随 n 的变化", ["Time against density"] = "时间随稀疏度的变化",
  ["Peak memory against n; dashed: theory"] = "峰值内存随 n 的变化；虚线：理论值",
  ["Gauss-Seidel sweeps, measured over predicted"] = "高斯-赛德尔迭代次数：实测值与预测值之比",
  ["measured / predicted"] = "实测 / 预测", ["as predicted"] = "与预测相同",
  ["Gauss-Seidel at n = {n}; dashed: the spectral radius' slope"] =
    "n = {n} 时的高斯-赛德尔迭代；虚线：谱半径给出的斜率",
  ["{kind} (radius {radius:%.4f})"] = "{kind}（谱半径 {radius}）",
  ["Gauss-Seidel without strict dominance; dashed: slope of the spectral radius"] =
    "非严格对角占优时的高斯-赛德尔迭代；虚线：谱半径给出的斜率",
  -- task 2
  ["slope of n^2"] = "n^2 的斜率",
  ["{impl}: grows as n^{p:%.2f}, theory {theory}"] = "{impl}：按 n^{p} 增长，理论值 {theory}",
  ["{impl}, {pass} (seconds)"] = "{impl}，{pass}（秒）", ["keys in a tile"] = "键分块的行数",
  ["queries in a tile"] = "查询分块的行数",
  ["Time against n, best tiles: {dtype}, threads: {threads}"] =
    "最优分块下时间随 n 的变化：{dtype}，线程数 {threads}",
  ["Memory beside operands and results; dashed: theory"] = "除输入和结果以外的内存；虚线：理论值",
  ["Time by tiles at n = {n}"] = "n = {n} 时不同分块的时间",
  ["forward seconds against n, best tiles"] = "最优分块下前向传播时间随 n 的变化",
  ["Gradient descent with each core, {dtype}"] = "使用各实现的梯度下降，{dtype}",
  ["Largest error over what its type allows (1: at the bound)"] =
    "最大误差与该类型允许误差之比（1 表示恰在界上）",
  ["error / bound"] = "误差 / 界",
  -- sensitivity
  ["mu*: decades, over the factor's range"] = "μ*：遍历取值范围时的数量级变化", ["S1: alone"] = "S1：单独",
  ["ST: with the others"] = "ST：含交互作用", ["share of the variance"] = "方差占比",
  ["place in the factor's range"] = "在取值范围中的位置",
  ["Elementary effects on log10 of the outputs: {case}"] = "对输出 log10 的基本效应：{case}",
  ["Shares of the variance of log10 of the outputs: {case}"] = "输出 log10 的方差占比：{case}",
  ["One factor at a time: {case}"] = "逐个改变因素：{case}",
  ["{output}, {case}: shares of the variance, alone (S1) | with the others (ST)"] =
    "{output}，{case}：方差占比，单独（S1）| 含交互作用（ST）",
}
