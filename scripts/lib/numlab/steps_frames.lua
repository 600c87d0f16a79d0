--- The frames of numlab.steps: each step's figure, drawn on the scale of all, and a page that plays them.
---@internal of numlab.steps
local file = require "numlab.file"
local html = require "numlab.html"
local plot = require "numlab.plot"

local STYLE = [[
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 48rem; padding: 0 1rem; }
img { width: 100%; background: #fff; } form { display: flex; gap: 1rem; } input { flex: 1; }]]

-- The arrow keys move the slider, and with it the frames.
local BODY = [[
<img src="0001.svg" alt="the step as a figure">
<form><button type="button">play</button><input type="range" min="1" max="%d" value="1" aria-label="step" autofocus>
<output>1 of %d</output></form>
<script>
const [image, play, step, told] = ["img", "button", "input", "output"].map(name => document.querySelector(name));
let timer = null;
function show() {
  image.src = step.value.padStart(4, "0") + ".svg";
  told.value = step.value + " of " + step.max;
}
function stop() { clearInterval(timer); timer = null; play.textContent = "play"; }
function next() { if (step.value === step.max) stop(); else { step.stepUp(); show(); } }
step.oninput = () => { stop(); show(); };
play.onclick = () => {
  if (timer) return stop();
  if (step.value === step.max) { step.value = 1; show(); }
  play.textContent = "pause";
  timer = setInterval(next, 1000);
};
</script>
]]

-- The numbers that a figure draws.
local function values_of(figure)
  if figure.series then return figure.series[1].y end
  local values = {}
  for _, row in ipairs(figure.heatmap.z) do table.move(row, 1, #row, #values + 1, values) end
  return values
end

-- One scale for all: a colour, or a height, means the same in every frame.
local function share_scale(figures)
  local low, high = math.huge, -math.huge
  for _, figure in ipairs(figures) do
    for _, value in ipairs(values_of(figure)) do
      if math.abs(value) < math.huge then low, high = math.min(low, value), math.max(high, value) end
    end
  end
  if low > high then return end
  for _, figure in ipairs(figures) do
    if figure.heatmap then figure.heatmap.range = { low, high }
    else figure.yrange = { math.min(low, 0), math.max(high, 0) } end
  end
end

--- Draw them.
---@param iterator fun(): numlab.steps.Step?
---@param folder string
---@return string[]? files  without extension
---@return string? message
return function(iterator, folder)
  local figures, files, drawn = {}, {}, 0
  for step in iterator do figures[#figures + 1] = step:figure() end
  share_scale(figures)
  local ok, message = file.make_folder(folder)
  if not ok then return nil, message end
  for i, figure in ipairs(figures) do
    files[i] = ("%s/%04d"):format(folder, i)
    figure.file = files[i]
    ok, message = plot.figure(figure)
    if not ok then return nil, message end
    drawn = drawn + #ok.files
  end
  if drawn == #figures and drawn > 0 then
    ok, message = file.write(folder .. "/index.html", html.page{ lang = "en", title = "step by step", style = STYLE,
      body = BODY:format(drawn, drawn) })
    if not ok then return nil, message end
  end
  return files
end
