--- The ladder in Chinese: what numlab.ladder_findings and its experiment say.
return {
  ["The ladder: what each technique of attention brings on a GPU"] = "阶梯：GPU 上注意力计算的每项技术各带来什么",
  ["What does each technique bring that stands between attention as the formula says it and {top}, in time, in memory, in "
    .. "traffic? And what does making P again cost the backward pass?"] =
    "从按公式直接计算的注意力到 {top}，其间每项技术在时间、内存和访存量上各带来什么？反向传播中重新计算 P 的代价又是多少？",
  ["What each rung gains"] = "每一级的收益", ["Memory and traffic"] = "内存与访存量",
  ["Making P again, or storing it"] = "重新计算 P 与保存 P",
  -- gains
  ["{rung} at n = {n}: {time}, {rate:%.3g} TFLOP/s{gain}{all}"] = "{rung}，n = {n}：用时 {time}，{rate} TFLOP/s{gain}{all}",
  [", {gain:%.2f} times as fast as {below}{why}"] = "，速度为 {below} 的 {gain} 倍{why}",
  [", because it computes S twice and has a block a head: what it saves is memory"] =
    "，因为它把 S 计算两次，且每个头只有一个线程块：它节省的是内存",
  ["; {times:%.1f} times as fast as {first}"] = "；为 {first} 的 {times} 倍",
  ["flash at n = {n}: {time}, {rate:%.3g} TFLOP/s, {times:%.2f} times as fast as {top}"] =
    "flash，n = {n}：用时 {time}，{rate} TFLOP/s，速度为 {top} 的 {times} 倍",
  -- memory and traffic
  ["{rung} at n = {n}: beside operands and results {extra}, predicted {predicted}{off}; by count it moves at least {least} and "
    .. "asks for {requested}, so {low:%.3g} to {high:%.3g} FLOPs a byte"] =
    "{rung}，n = {n}：除输入和结果以外占用 {extra}，理论值 {predicted}{off}；按计数至少移动 {least}，请求 {requested}，"
      .. "即每字节 {low} 至 {high} 次浮点运算",
  ["by more than 4 MiB"] = "超过 4 MiB",
  -- backward
  ["n = {n}: making P again takes {times:%.2f} times as long backward as reading what was stored ({again} for {stored}); a step "
    .. "keeps {less} in place of {more} beside operands and results{off}"] =
    "n = {n}：反向传播中重新计算 P 的用时为读取已保存 P 的 {times} 倍（{again} 对 {stored}）；除输入和结果以外，一步占用 {less}，"
      .. "而保存 P 占用 {more}{off}",
  -- accuracy
  ["{rung} in {dtype}: relative error {error}{off}"] = "{rung}，{dtype}：相对误差 {error}{off}",
  -- figures
  ["The ladder: speed by FlashAttention's count of FLOPs, {dtype}, heads of {head_dim}"] =
    "阶梯：按 FlashAttention 的运算量计数的速度，{dtype}，头维数 {head_dim}",
  ["Bytes moved, by count"] = "按计数的访存字节数",
  ["at least: each kernel reads and writes everything once"] = "下限：每个核函数各读写一次",
  ["asked for beyond registers and shared memory"] = "对寄存器和共享内存以外的请求",
  ["Memory beside operands and results, where there is any"] = "除输入和结果以外占用的内存（若有）",
  ["forward and backward together"] = "前向传播与反向传播合计",
  ["forward TFLOP/s against n"] = "前向传播 TFLOP/s 随 n 的变化",
}
