-- What chunks.lua requires: its name.
return (...) or "done"
