--- The words of the report in Chinese; report_text_en has the same keys. Formulas are HTML.
---@internal of numlab report

-- Where a line ends between two Chinese characters, no space is meant.
local function join(s) return (s:gsub("([\xe3-\xef][\x80-\xbf][\x80-\xbf])\n([\xe3-\xef])", "%1%2")) end

return {
  lang = "zh-CN",
  title = { task1 = "线性方程组：直接法与迭代法", task2 = "注意力机制：标准注意力、分块计算与 FlashAttention",
    both = "线性方程组求解与注意力机制" },
  subtitle = "实验报告。测量时间：%s；由 numlab %s 根据存储的数据生成。",
  contents = "目录", figure = "图", table = "表",
  computed = "由数据计算得出", own = "作者的话",
  stressed = { "偏离理论", "未通过" },
  quick = "快速运行：%s 只测量了小规模问题。这些数字只说明程序能够运行，不代表完整规模下的表现。",
  no_figure = "此图未能绘制：%s",
  source = "数据来源：%s，运行 %s。",
  no_code = "未能显示：%s。",
  sections = {
    intro = "引言", task1_method = "任务一：方法", task1_sweep = "任务一：规模、稀疏度与对角占优的敏感性分析",
    task1_nondominant = "任务一：非严格对角占优矩阵", task1_sensitivity = "任务一：参数的敏感性指标",
    task2_method = "任务二：方法",
    task2_verify = "任务二：数值一致性", task2_sweep = "任务二：时间与峰值内存", task2_module = "任务二：模块中的注意力",
    task2_sensitivity = "任务二：参数的敏感性指标", task1_poisson = "任务一：泊松方程上的收敛性",
    task2_tiles_cache = "任务二：分块大小与缓存", accuracy_condition = "精度与条件数", machine_roofline = "本机的屋顶线模型",
    environment = "实验环境", limits = "局限", reflections = "心得体会", more = "其他说明",
  },
  code = "关键代码",
  code_note = "生成本页时直接取自源代码；%s 代表 double 或 float。",
  method = {
    task1 = join[[
<p>给定 <i>A</i>（<i>n</i>×<i>n</i>）和 <i>b</i>，求满足 <i>A x</i> = <i>b</i> 的
<i>x</i>。方程组由随机种子生成，真解 <i>x</i>* 已知，因此可以用
2-范数计算两种精度指标：</p>
<p class="formula">相对误差 ‖<i>x</i> − <i>x</i>*‖ / ‖<i>x</i>*‖， &nbsp; 相对残差 ‖<i>b</i> −
<i>A x</i>‖ / ‖<i>b</i>‖</p>
<h3>高斯消去法</h3>
<p>通过行变换把 <i>A</i>
化为上三角形，再自下而上回代。部分选主元把当前列中绝对值最大的元素换到对角线上，使乘子的绝对值不超过
1。</p>
<p class="formula"><i>m</i><sub>ip</sub> = <i>a</i><sub>ip</sub> / <i>a</i><sub>pp</sub>， &nbsp;
行<sub>i</sub> ← 行<sub>i</sub> − <i>m</i><sub>ip</sub> 行<sub>p</sub>（<i>i</i> &gt; <i>p</i>）； &nbsp;
<i>x</i><sub>i</sub> = (<i>b</i><sub>i</sub> − Σ<sub>j&gt;i</sub> <i>u</i><sub>ij</sub> <i>x</i><sub>j</sub>) /
<i>u</i><sub>ii</sub></p>
<p>无论矩阵中有多少零元素，都需要约 2<i>n</i>³/3 次运算和 <i>n</i>² 个数的存储。</p>
<h3>高斯-赛德尔迭代法</h3>
<p>令 <i>A</i> = <i>D</i> − <i>L</i> −
<i>U</i>（对角部分与取负号的严格下、上三角部分），每次扫描立即使用最新的分量：</p>
<p class="formula"><i>x</i><sup>(k+1)</sup> = (<i>D</i> − <i>L</i>)<sup>−1</sup> (<i>U x</i><sup>(k)</sup> +
<i>b</i>)； &nbsp;
<i>x</i><sub>i</sub> ← (<i>b</i><sub>i</sub> − Σ<sub>j≠i</sub> <i>a</i><sub>ij</sub> <i>x</i><sub>j</sub>) /
<i>a</i><sub>ii</sub></p>
<p>误差满足 <i>e</i><sup>(k+1)</sup> = <i>G e</i><sup>(k)</sup>，<i>G</i> = (<i>D</i> −
<i>L</i>)<sup>−1</sup><i>U</i>。当且仅当谱半径 ρ(<i>G</i>) &lt; 1
时，对任意初值收敛，否则可能发散；严格对角占优（每一行 |<i>a</i><sub>ii</sub>| &gt;
Σ<sub>j≠i</sub> |<i>a</i><sub>ij</sub>|）是收敛的充分条件。
一次扫描只遍历非零元素一遍；把残差降到容差 τ 所需的迭代次数约为</p>
<p class="formula"><i>k</i> ≈ ln τ / ln ρ(<i>G</i>)</p>
<h3>基准方法</h3>
<p>稠密矩阵用 LAPACK 的 <code>gesv</code>（即 <code>scipy.linalg.solve</code>
所调用的例程），稀疏矩阵用 CSparse 的 LU 分解；<code>lu</code> 是
numlab 自己的分块分解。</p>
]],
    task2 = join[[
<p>张量的形状为 (<i>B</i>, <i>H</i>, <i>N</i>,
<i>D</i>)：批大小、头数、序列长度、每个头的维度。对每个头</p>
<p class="formula"><i>S</i> = <i>Q K</i><sup>T</sup> / √<i>D</i>， &nbsp; <i>P</i> =
softmax(<i>S</i>)（按行）， &nbsp; <i>O</i> = <i>P V</i></p>
<h3>标准注意力</h3>
<p>完整保存 <i>S</i> 和 <i>P</i>：除输入和结果以外的内存随 <i>N</i>² 增长。</p>
<h3>分块计算（Tiling），不使用在线 Softmax</h3>
<p>查询按 <i>B</i><sub>r</sub> 行、键按 <i>B</i><sub>c</sub>
行分块，但保留一块查询的完整得分行（<i>B</i><sub>r</sub> ×
<i>N</i>），只归一化一次：内存随
<i>N</i> 线性增长，舍入误差与标准注意力最接近。</p>
<h3>FlashAttention：在线 Softmax</h3>
<p>每个得分块在下一块产生之前就用完。对每一行，随着行最大值 <i>m</i> 和分母 <i>l</i>
的变化重新缩放输出：</p>
<p class="formula"><i>m</i>′ = max(<i>m</i>, max<sub>j</sub> <i>S</i><sub>j</sub>)， &nbsp; <i>P</i> = e<sup>S −
m′</sup>， &nbsp;
<i>l</i> ← e<sup>m − m′</sup> <i>l</i> + Σ<sub>j</sub> <i>P</i><sub>j</sub>， &nbsp;
<i>O</i> ← e<sup>m − m′</sup> <i>O</i> + <i>P V</i>， &nbsp; <i>m</i> ← <i>m</i>′</p>
<p class="formula">最后 &nbsp; <i>O</i> ← <i>O</i> / <i>l</i>， &nbsp; lse = <i>m</i> + ln <i>l</i></p>
<p>得分块的大小（<i>B</i><sub>r</sub> × <i>B</i><sub>c</sub>）与 <i>N</i> 无关。</p>
<h3>反向传播</h3>
<p>分块计算和 FlashAttention 不保存 <i>P</i>，而是由 <i>S</i> 和 lse 逐块重新计算：</p>
<p class="formula"><i>P</i> = e<sup>S − lse</sup>， &nbsp; d<i>V</i> = <i>P</i><sup>T</sup> d<i>O</i>， &nbsp;
d<i>P</i> = d<i>O V</i><sup>T</sup>， &nbsp;
d<i>S</i> = <i>P</i> ∘ (d<i>P</i> − rowsum(d<i>O</i> ∘ <i>O</i>))， &nbsp; d<i>Q</i> = d<i>S K</i> /
√<i>D</i>， &nbsp;
d<i>K</i> = d<i>S</i><sup>T</sup> <i>Q</i> / √<i>D</i></p>
<h3>模块中的注意力</h3>
<p><i>x</i> (<i>B</i>, <i>N</i>, <i>C</i>) → <i>Q</i>、<i>K</i>、<i>V</i> 投影（<i>C</i> → 3<i>C</i>）→
分头 → 注意力 → 输出投影（<i>C</i> → <i>C</i>）；
损失为与随机目标的均方误差，梯度由链式法则求得。</p>
]],
  },
  captions = {
    ["task1_sweep.time"] = "时间随 n 的变化；每个子图对应一种稀疏度和符号，误差线从最快样本到中位数加四分位距。",
    ["task1_sweep.density"] = "各个 n 下时间随稀疏度的变化。",
    ["task1_sweep.memory"] = "峰值内存随 n 的变化；虚线：一个稠密矩阵的大小。",
    ["task1_sweep.iterations"] = "高斯-赛德尔迭代次数：实测值与谱半径预测值之比。",
    ["task1_sweep.residual"] = "相对误差、相对残差和后向误差随 n 的变化。",
    ["task1_sweep.history"] = "高斯-赛德尔迭代的残差历史；虚线：谱半径给出的斜率。",
    ["task1_nondominant.history"] = "严格对角占优与非严格对角占优时的高斯-赛德尔迭代；虚线：谱半径给出的斜率。",
    ["task2_verify.agreement"] = "每种情形的最大误差与该数据类型允许误差之比；1 表示恰在界上。",
    ["task2_sweep.time"] = "前向传播与反向传播时间随 N 的变化，每种实现取其最优分块。",
    ["task2_sweep.memory"] = "除输入和结果以外的内存随 N 的变化；点为实测，虚线为理论。",
    ["task2_sweep.tiles"] = "最大 N 下不同分块大小的时间。",
    ["task2_module.loss"] = "使用各种实现时梯度下降的损失。",
    task1_sweep = "各方法的时间、迭代次数、精度与内存。",
    task1_nondominant = "各方法在一个严格对角占优矩阵和三个非严格对角占优矩阵上的结果。",
    task2_verify = "与 f64 标准注意力的数值一致性：每种数据类型所有情形中的最大值。",
    task2_sweep = "各种实现和分块（查询 x 键）的时间、内存与精度。",
    task2_module = "使用各种注意力实现的模块。",
    task1_sensitivity = "各量取 log10 后的敏感性指标：Morris 平均效应及其离散程度（遍历取值范围时的数量级变化）、Sobol 方差占比，"
      .. "以及基准点附近的指数和最大值与最小值之比。",
    task2_sensitivity = "各量取 log10 后的敏感性指标，含义同任务一。",
    morris = "越靠右，该因素的影响越大；越靠上，其影响越取决于其他因素，或越不成比例。",
    sobol = "S1 为只知道该因素时消失的方差占比，ST 为已知其他所有因素后仍剩余的方差占比；误差线为自助法的 95% 区间。",
    oat = "从基准点出发，其他因素保持不变。", of_kind = "%s。%s",
    task1_poisson = "一维、二维和三维泊松方程：迭代次数与收敛率的实测值和理论值。",
    task2_tiles_cache = "各分块（查询 x 键）的用时与最优分块之比，以及能容纳其工作集的缓存。",
    accuracy_condition = "条件数每隔三个数量级取一个方程组：误差与条件数乘以舍入单位相比较。",
    machine_roofline = "屋顶线下的各计算核：按计数的运算量和字节数得到的运算强度、速度以及本机允许的上限。",
    environment = "所有结果共同的环境。", runs = "各次运行。",
  },
  columns = {
    n = "n", density = "稀疏度", sign = "符号", method = "方法", kind = "矩阵", seconds = "时间",
    iterations = "迭代次数", predicted_iterations = "预测次数", rate = "收敛率", radius = "谱半径",
    rel_error = "相对误差", relative_residual = "相对残差", peak_bytes = "峰值内存", code = "结果",
    contestant = "实现", forward_s = "前向传播", backward_s = "反向传播", peak_forward_bytes = "前向峰值内存",
    peak_backward_bytes = "反向峰值内存", forward_extra_bytes = "前向中间内存",
    predicted_forward_extra_bytes = "理论值", max_abs_err = "输出误差", grad_max_abs_err = "梯度误差",
    dtype = "类型", impl = "实现", cases = "情形数", out_max = "输出最大差", out_mean = "输出平均差",
    grad_max = "梯度最大差", grad_mean = "梯度平均差", allclose = "allclose", loss = "损失", what = "项目",
    value = "值", experiment = "实验", number = "运行", started = "开始", finished = "结束",
    arguments = "参数", case = "对象", quantity = "量", factor = "因素", mu_star = "μ*", sigma = "σ", S1 = "S1", ST = "ST",
    dim = "维数", predicted_rate = "理论值", predicted = "理论值", relative = "与最优之比", set_bytes = "工作集", level = "容纳于",
    head_dim = "头维度", cond = "条件数", backward_error = "后向误差", kernel = "计算核", threads = "线程数",
    intensity = "FLOP/字节", gflops = "GFLOP/s", attainable = "上限", bound = "受限于", share = "占比",
    ST_low = "ST 下限", ST_high = "ST 上限", elasticity = "指数", ratio = "最大 / 最小",
  },
  limits = {
    one_machine = "所有数字来自同一台机器（见“实验环境”）；在其他机器上快慢可能不同。",
    task1 = "矩阵是随机生成的，非零元素没有规律，因此稀疏分解的填充比多数实际问题更多。",
    cpu = "注意力在 CPU 上测量：这些结果中没有峰值显存，也没有 GPU 内核。",
    peers = "没有与 PyTorch 同时运行（peers=true 可以做到），因此这里没有与框架的比较。",
    failed = "%s：%d / %d 行没有结果，原因见表中的“结果”一列。",
    notes = "%s，实验的备注：%s", quick = "部分运行是小规模的快速运行。",
  },
}
