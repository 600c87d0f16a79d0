--- Task 2 (attention) in Chinese: what numlab.task2_findings, numlab.task2_check and the experiments say.
return {
  -- words and headings
  ["forward"] = "前向传播", ["backward"] = "反向传播", ["whole"] = "不分块", ["nothing"] = "无",
  ["Best tiles"] = "最优分块", ["Backward and forward"] = "反向传播与前向传播之比",
  ["Beside PyTorch"] = "与 PyTorch 比较",
  -- who is fastest
  ["{impl} ({how})"] = "{impl}（{how}）", ["{who} takes {times:%.2f} times as long"] = "{who} 用时为其 {times} 倍",
  ["n = {n}, {pass}: {who} in {time}, {rate:%.3g} {unit}{others}"] =
    "n = {n}，{pass}：{who} 最快，用时 {time}，达 {rate} {unit}{others}",
  ["; {others}"] = "；{others}",
  -- memory
  ["{impl}, {pass}: beside operands and results, measured over predicted bytes {ratios}{off}{growth}"] =
    "{impl}，{pass}：除输入和结果以外，实测字节数与理论值之比为 {ratios}{off}{growth}",
  ["by more than 5 %"] = "超过 5%",
  ["; what grows of them grows as n^p, p = {fitted}, theory {theory}{off}"] =
    "；其中随 n 增长的部分 ∝ n^p，p = {fitted}，理论值 {theory}{off}",
  ["by more than 0.05: at small n what a matrix product packs counts too"] =
    "超过 0.05：n 较小时，矩阵乘法的打包缓冲区也占相当比重",
  ["tiling at n = {n} (tiles {tiles}): {bytes} in place of {before}, {times:%.0f} times less, because a tile of queries keeps "
    .. "its own score rows alone{off}"] =
    "分块计算在 n = {n} 时（分块 {tiles}）：用 {bytes} 代替 {before}，为其 1/{times}，"
      .. "因为一块查询只保留自己的得分行{off}",
  ["online softmax at n = {n} (tiles {tiles}): {bytes} in place of {before}, another {times:%.1f} times less, because a score "
    .. "tile is used up before the next one is made{off}"] =
    "在线 Softmax 在 n = {n} 时（分块 {tiles}）：用 {bytes} 代替 {before}，再降为 1/{times}，"
      .. "因为每个得分块在下一块产生之前就已用完{off}",
  ["{impl}, {pass}: nothing beside operands and results, as predicted"] = "{impl}，{pass}：除输入和结果以外不占内存，与理论一致",
  ["{impl}, {pass}: beside operands and results {bytes}, where nothing is predicted{off}"] =
    "{impl}，{pass}：除输入和结果以外占用 {bytes}，而理论上不占内存{off}",
  -- on a GPU
  ["by more than 0.05"] = "超过 0.05", ["{impl}: nothing"] = "{impl}：无",
  ["tiling at n = {n}: {bytes} in place of {before}, because tiles of scores stay in registers and shared memory; the price is "
    .. "making S twice{off}"] =
    "分块计算在 n = {n} 时：额外显存为{bytes}，原为 {before}，因为得分块只留在寄存器和共享内存中；代价是 S 要计算两次{off}",
  ["online softmax at n = {n}: {bytes} in place of {before}; on a GPU it is not memory that it saves beside tiling but making S "
    .. "the second time{off}"] =
    "在线 Softmax 在 n = {n} 时：额外显存为{bytes}，原为{before}；在 GPU 上，与分块计算相比它节省的不是显存，"
      .. "而是 S 的第二次计算{off}",
  ["the driver counts {bytes} in use on the whole device after a first turn at n = {n}: operands, what the allocator keeps to "
    .. "hand out again from all turns before, the context, and other programs"] =
    "n = {n} 时，首轮之后驱动程序报告整个设备已用 {bytes}：包括输入、分配器从此前各轮保留待用的显存、CUDA 上下文以及其他程序",
  ["Time against n: {dtype}, {device}"] = "时间随 n 的变化：{dtype}，{device}",
  ["forward seconds against n"] = "前向传播时间随 n 的变化",
  -- tiles
  ["{pass} best with {best}, worst with {worst} ({times:%.2f} times as long)"] =
    "{pass}以 {best} 最快，以 {worst} 最慢（用时为前者的 {times} 倍）",
  ["{impl}, n = {n}: {parts}"] = "{impl}，n = {n}：{parts}",
  -- how time grows
  ["{impl}: forward ~ n^p with p = {forward}, backward p = {backward}, theory {theory}{off}"] =
    "{impl}：时间 ∝ n^p，前向传播 p = {forward}，反向传播 p = {backward}，理论值 {theory}{off}",
  ["DEVIATES: by more than 0.25. Less than 2: what does not grow with n^2 (starting, packing, results) counts at small n; more: "
    .. "matrices leave the caches between the sizes"] =
    "偏离理论：超过 0.25。小于 2 时，是因为 n 较小，不随 n^2 增长的部分（启动、打包、"
      .. "写结果）占相当比重；大于 2 时，是因为矩阵在这些规模之间超出了缓存",
  ["DEVIATES: by more than 0.25. Less than 2: launches, and grids too small to fill the GPU, count at small n; more: matrices "
    .. "leave the L2 cache between the sizes"] =
    "偏离理论：超过 0.25。小于 2 时，是因为 n 较小，核函数启动和填不满 GPU 的网格占相当比重；大于 2 时，"
      .. "是因为矩阵在这些规模之间超出了 L2 缓存",
  -- backward and forward
  ["S is made twice forward, P again twice backward"] = "前向传播计算 S 两次，反向传播重新计算 P 两次",
  ["DEVIATES: by more than 40 %. Products count alone where they rule and run on the same units in both passes: standard waits "
    .. "for its matrices in the device's memory, and paths of flash differ in their units"] =
    "偏离理论：超过 40%。只有矩阵乘法占主导、且两次传播使用相同的运算单元时，才能只按乘法次数估计："
      .. "standard 受设备内存中矩阵读写的限制，flash 的各条路径使用的运算单元不同",
  ["P was kept"] = "P 已保存", ["P is made again from S and lse"] = "由 S 和 lse 重新计算 P",
  ["P is made again, twice"] = "重新计算 P 两次",
  ["{impl}: backward takes {ratio} times as long as forward{theory}{off}"] =
    "{impl}：反向传播用时是前向传播的 {ratio} 倍{theory}{off}",
  [", by the count of matrix products {ratio:%.3g} ({why})"] = "，按矩阵乘法次数应为 {ratio} 倍（{why}）",
  ["DEVIATES: by more than 40 %. The forward pass has an exponential and two sums a score beside its products, the backward pass "
    .. "more products for each of them: products count alone where they rule"] =
    "偏离理论：超过 40%。前向传播除矩阵乘法外，"
      .. "每个得分还需一次指数运算和两次求和；反向传播中每个得分对应的乘法更多。只有乘法占主导时，才能只按乘法次数估计",
  -- accuracy
  ["{impl} in {dtype}: largest error of an output {output}, of a gradient {gradient}"] =
    "{impl}，{dtype}：输出的最大误差为 {output}，梯度的最大误差为 {gradient}",
  -- peers
  [", flash at all tiles {times} times as fast"] = "，各种分块的 flash 为其速度的 {times} 倍",
  ["{pass} {peer}, {best} {times:%.2f} times faster ({time}){flash}"] =
    "{pass}用时 {peer}，{best} 的速度为其 {times} 倍（{time}）{flash}",
  ["{pass} {peer}, {best} {times:%.2f} times slower ({time}){flash}"] =
    "{pass}用时 {peer}，{best} 的速度为其 1/{times}（{time}）{flash}",
  ["it adds {forward} forward and {backward} backward to the resident set{flash}"] =
    "其常驻内存在前向传播中增加 {forward}，在反向传播中增加 {backward}{flash}",
  [", {flash} takes {forward} and {backward}, results included"] =
    "，{flash} 则分别为 {forward} 和 {backward}（含结果）",
  ["n = {n}, {peer}: {parts}"] = "n = {n}，{peer}：{parts}",
  -- agreement
  ["What failed"] = "未通过的比较", ["Against the f64 standard one"] = "与 f64 标准注意力比较",
  ["Against each other"] = "各实现之间的比较",
  ["Left out"] = "未比较的情形", ["What is allowed"] = "允许的误差",
  [" (beyond what ours are held to)"] = "（超出对本程序所要求的界）", [" - FAILED"] = "——未通过",
  ["all {all} cases hold"] = "全部 {all} 种情形均一致",
  ["{hold} of {all} cases hold"] = "{all} 种情形中有 {hold} 种一致",
  ["{impl} in {dtype}: {held}; output off by at most {output:%.1e}, gradients by {gradients:%.1e}; nearest to its bound: "
    .. "{result} in case '{case}', {share:%.2g} of it{verdict}"] =
    "{impl}，{dtype}：{held}；输出最多相差 {output}，梯度最多相差 {gradients}；最接近允许误差的是情形 {case} 中的 {result}，为允许误差的 "
    .. "{share} 倍{verdict}",
  ["{dtype}: {hold} of {all} comparisons hold; outputs differ by at most {output:%.1e}{verdict}"] =
    "{dtype}：{all} 次比较中有 {hold} 次一致；输出最多相差 {output}{verdict}",
  ["FAILED: case '{case}', {dtype}, {impl} against {other}: {message} ({code})"] =
    "未通过：情形 {case}，{dtype}，{impl} 与 {other} 比较，结果为 {code}（程序信息：{message}）",
  ["{impl}, case '{case}': {message}"] = "{impl}，情形 {case}（程序信息：{message}）",
  ["the reference: the standard implementation in f64 on the same, already rounded inputs; the tensor ops (attention written "
    .. "out, every step in the type at hand) share no code with it; in f64 they are held to its bounds, below they set them"] =
    "参考值：在相同的、已舍入的输入上用 f64 计算的标准注意力；tensor ops（用张量运算逐步写出的注意力，每一步都用所考察的数据类型）与它没有共用代码；"
    .. "f64 时它须满足同样的界，更低精度时由它确定界",
  ["f64: 1e-13 max|ref| (1 + max|s|/10) for outputs, 1e-11 max|ref| (1 + max|s|/10) for gradients; and |a - b| <= 1e-7 + 1e-5 "
    .. "|b|"] =
    "f64：输出为 1e-13 max|ref| (1 + max|s|/10)，梯度为 1e-11 max|ref| (1 + max|s|/10)；"
      .. "并且 |a − b| ≤ 1e-7 + 1e-5 |b|",
  ["bf16, f16: twice the error of the tensor ops in that type + twice max|(ref + 0.3 - 0.3) - ref| (FlashAttention's rule)"] =
    "bf16、f16：同类型 tensor ops 误差的两倍，"
      .. "加上 max|(ref + 0.3 − 0.3) − ref| 的两倍（FlashAttention 的准则）",
  ["f32: the same for outputs; for gradients three times the error + 2^-24 max|lse| max|ref|, for P made again from a rounded "
    .. "lse; and |a - b| <= 1e-4 + 1e-3 |b|"] =
    "f32：输出同上；梯度为误差的三倍，加上 2^-24 max|lse| max|ref|，"
      .. "因为 P 由舍入后的 lse 重新计算；并且 |a − b| ≤ 1e-4 + 1e-3 |b|",
  ["lse: (D + 8) roundings of 1 + max|s| in the type it is computed in; two implementations may be two bounds apart"] =
    "lse：按其计算类型，1 + max|s| 的 (D + 8) 次舍入；两种实现之间允许相差两个界",
  -- inside a module
  ["{dtype} {core} beside {against}: {parts}; allclose: {all}"] =
    "{dtype}，{core} 与 {against} 比较：{parts}；allclose：{all}",
  ["tape"] = "链式法则", ["yes, all"] = "全部通过", ["NO"] = "未通过", ["every"] = "每个",
  ["NOT every"] = "并非每个",
  ["{dtype}: {every} tensor of every core agrees within rtol {rtol:%g}, atol {atol:%g}; the largest difference is "
    .. "{standard:%.1e} of the tensor's largest element beside the standard core, {tape:%.1e} beside the tape"] =
    "{dtype}：各实现的{every}张量都在 rtol {rtol}、atol {atol} 之内一致；与标准注意力相比，最大差为该张量最大元素的 {standard}，"
    .. "与链式法则逐步求得的梯度相比为 {tape}",
  ["{dtype}: every element of {tensor} lies below atol, so the relative difference alone tests it"] =
    "{dtype}：{tensor} 的所有元素都小于 atol，因此只有相对差才有检验意义",
  ["{dtype} {core}: forward takes {forward:%.2f} of the standard core's time, backward {backward:%.2f}; peak bytes forward "
    .. "{peak:%.2f} of its ({less} less, where S and P of B x H x N x N take {scores}), backward {peak_back:%.2f}"] =
    "{dtype}，{core}：前向传播用时为标准注意力的 {forward} 倍，反向传播为 {backward} 倍；前向传播的峰值内存为其 {peak} 倍（少用 {less}，"
    .. "而 B×H×N×N 的 S 和 P 共占 {scores}），反向传播为 {peak_back} 倍",
  ["gradient descent: loss {first:%.6f} at the start, {last:%.6f} after step {steps}; the curves of the cores differ by at most "
    .. "{drift:%.1e}"] = "梯度下降：损失从 {first} 开始，{steps} 步后为 {last}；"
      .. "各实现的曲线最多相差 {drift}",
  ["Largest (mean) absolute difference of each tensor"] = "每个张量的最大（平均）绝对差",
}
