--- Figures of a report, drawn from the data that runs keep, with the words of its language.
---@internal of numlab report
local file = require "numlab.file"
local plot = require "numlab.plot"
local say = require "numlab.say"

local M = {}

--- The svg of a drawing (options of plot.figure, what is said in it not yet read).
---@param drawing table
---@param lang string
---@return string? svg
---@return string? why
function M.svg(drawing, lang)
  local folder = os.tmpname()
  os.remove(folder)
  local made, message = file.make_folder(folder)
  if not made then return nil, message end
  local options = say.read(drawing, lang)
  options.file, options.formats = folder .. "/figure", { "svg" }
  local done, why = plot.figure(options)
  local svg = done and done.files[1] and file.read(done.files[1])
  file.capture("rm -r -- " .. file.quote(folder))
  return svg, why or done.notes[#done.notes]
end

return M
