--- The roofline in Chinese: what numlab.roofline_findings and its experiment say.
return {
  ["The roofline of this machine"] = "本机的屋顶线模型",
  ["What can this machine do at most, and how much of that do the kernels of both tasks reach?"] =
    "本机性能的上限是多少？两个任务的各核心达到了其中多少？",
  ["Ceilings of this machine"] = "本机的性能上限", ["Under the roof"] = "各核心在屋顶线下的位置", ["Above the roof"] = "屋顶线以上",
  ["compute"] = "计算", ["{level} {rate:%.3g} GB/s"] = "{level} 带宽 {rate} GB/s",
  ["threads: {threads}; at most {double:%.3g} GFLOP/s in f64, {single:%.3g} in f32; reading: {levels}; beside memory, compute "
    .. "limits from {double_ridge:%.3g} FLOPs a byte on in f64, {single_ridge:%.3g} in f32"] =
    "线程数 {threads}：f64 至多 {double} GFLOP/s，f32 至多 {single} GFLOP/s；读取：{levels}；数据在内存中时，每字节运算量超过 {double_ridge}"
    .. "（f64）或 {single_ridge}（f32）后受计算能力限制",
  ["{rate:%.3g} GFLOP/s with threads: {threads}, {share:%.0f} % of what {bound} allows"] =
    "线程数 {threads} 时 {rate} GFLOP/s，为{bound}上限的 {share}%",
  ["{kernel} at n = {n}, {intensity:%.3g} FLOPs a byte: {parts}"] = "{kernel}，n = {n}，每字节 {intensity} 次运算：{parts}",
  ["{kernel} at n = {n}, threads: {threads}: {share:%.2f} times the roof{off}"] =
    "{kernel}，n = {n}，线程数 {threads}：为屋顶线的 {share} 倍{off}",
  ["its FLOPs or bytes are counted wrongly, or the machine was busy when the ceilings were measured"] =
    "运算量或字节数计算有误，或测量上限时机器繁忙",
  ["none of {count} measurements lies above the roof by more than {limit} %"] = "{count} 次测量中没有一次高出屋顶线 {limit}% 以上",
  ["{dtype}, threads: {threads}"] = "{dtype}，线程数 {threads}", ["FLOPs a byte"] = "每字节浮点运算次数",
  ["Kernels under the roof; dashed: caches"] = "屋顶线下的各核心；虚线：缓存",
}
