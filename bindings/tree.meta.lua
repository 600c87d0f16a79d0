---@meta numlab

---@class numlab
local nl = {}

-- The Lua libraries made for scripts, each loaded when first asked for: nl.sweep is require "numlab.sweep".
nl.args = require "numlab.args"
nl.axes = require "numlab.axes"
nl.bench = require "numlab.bench"
nl.compare = require "numlab.compare"
nl.experiment = require "numlab.experiment"
nl.explain = require "numlab.explain"
nl.file = require "numlab.file"
nl.grad = require "numlab.grad"
nl.lab = require "numlab.lab"
nl.nn = require "numlab.nn"
nl.peers = require "numlab.peers"
nl.plot = require "numlab.plot"
nl.reference = require "numlab.reference"
nl.report = require "numlab.report"
nl.roofline = require "numlab.roofline"
nl.rows = require "numlab.rows"
nl.runs = require "numlab.runs"
nl.sample = require "numlab.sample"
nl.say = require "numlab.say"
nl.sensitivity = require "numlab.sensitivity"
nl.stats = require "numlab.stats"
nl.steps = require "numlab.steps"
nl.store = require "numlab.store"
nl.sweep = require "numlab.sweep"
nl.table = require "numlab.table"
nl.text = require "numlab.text"

return nl
