-- An error of Lua itself, in a global function.
function outer() return nothing.at.all end
outer()
